// Samples from files, in the three forms the example reads.
#pragma once

#include <string>

#include <striate/striate.h>

struct Samples {
  striate::Tensor x, labels;
};

// digits.csv            a sample a line: the values of x, 0 to 255, then the class
// images.idx labels.idx MNIST's own format, not compressed
// x.raw labels.raw      little-endian float32, nothing else: shapes come from the model
// Bytes are divided by 255, to the bits of x / 255.0 in NumPy. Classes become one-hot rows where the model's labels
// have a last axis of that size.
// Throws std::runtime_error, naming the file and the reason.
Samples read_samples(const std::string& x_path, const std::string& labels_path, const striate::Model& model);
