#include "samples.h"

#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace {

using striate::DType;
using striate::Shape;
using striate::Tensor;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The values as rows of `like`, an input of the model whose first axis counts samples.
Tensor rows_like(const std::vector<float>& values, const striate::Value& like, const std::string& path) {
  const int64_t row = like.shape().product(1, like.rank());
  if (row <= 0 || values.empty() || static_cast<int64_t>(values.size()) % row != 0)
    throw std::runtime_error(path + ": " + std::to_string(values.size()) + " values are no rows of " +
                             like.shape().text());
  return Tensor::of<float>(like.shape().with(0, static_cast<int64_t>(values.size()) / row), values);
}

Tensor class_labels(const std::vector<float>& classes, const striate::Value& like, const std::string& path) {
  const int64_t n = static_cast<int64_t>(classes.size());
  if (like.rank() < 2 || like.shape().back() <= 1) return Tensor::of<float>(Shape{n}, classes);
  const int64_t count = like.shape().back();
  Tensor one_hot = Tensor::zeros(DType::float32, Shape{n, count});
  for (int64_t i = 0; i < n; ++i) {
    const auto c = static_cast<int64_t>(classes[static_cast<size_t>(i)]);
    if (c < 0 || c >= count)
      throw std::runtime_error(path + ": class " + std::to_string(c) + ", the model has " + std::to_string(count));
    one_hot.as<float>()[i * count + c] = 1;
  }
  return one_hot;
}

std::vector<float> raw_floats(const std::string& path) {
  const std::string bytes = read_file(path);
  if (bytes.size() % sizeof(float) != 0) throw std::runtime_error(path + ": not a whole number of float32 values");
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// IDX: two zero bytes, the type (8: bytes), the number of axes, big-endian sizes, the elements.
std::vector<float> idx_bytes(const std::string& path, float divisor) {
  const std::string bytes = read_file(path);
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 4 || at(0) != 0 || at(1) != 0 || at(2) != 8)
    throw std::runtime_error(path + ": no IDX file of bytes (decompress it first)");
  const size_t start = 4 + 4 * size_t{at(3)};
  if (bytes.size() < start) throw std::runtime_error(path + ": the header is cut short");
  size_t elements = 1;
  for (size_t i = 4; i < start; i += 4) {
    const size_t size = size_t{at(i)} << 24 | size_t{at(i + 1)} << 16 | size_t{at(i + 2)} << 8 | at(i + 3);
    if (size > 0 && elements > bytes.size() / size) throw std::runtime_error(path + ": the file is cut short");
    elements *= size;
  }
  if (bytes.size() - start != elements) throw std::runtime_error(path + ": its size does not fit its header");
  std::vector<float> values(elements);
  for (size_t i = 0; i < elements; ++i) values[i] = static_cast<float>(at(start + i)) / divisor;
  return values;
}

struct Csv {
  std::vector<float> values, classes;
};

Csv read_csv(const std::string& path, int64_t row) {
  const std::string text = read_file(path);
  std::vector<float> numbers;
  const char *p = text.data(), *end = p + text.size();
  while (p < end) {
    float number = 0;
    const auto [next, error] = std::from_chars(p, end, number);
    if (error != std::errc()) throw std::runtime_error(path + ": no number at byte " + std::to_string(p - text.data()));
    numbers.push_back(number);
    p = next;
    while (p < end && (*p == ',' || *p == '\n' || *p == '\r' || *p == ' ')) ++p;
  }
  if (numbers.empty() || static_cast<int64_t>(numbers.size()) % (row + 1) != 0)
    throw std::runtime_error(path + ": " + std::to_string(numbers.size()) + " numbers are no lines of " +
                             std::to_string(row) + " values and a class");
  Csv csv;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if ((i + 1) % static_cast<size_t>(row + 1) == 0)
      csv.classes.push_back(numbers[i]);
    else
      csv.values.push_back(numbers[i] / 255.0f);
  }
  return csv;
}

}  // namespace

Samples read_samples(const std::string& x_path, const std::string& labels_path, const striate::Model& model) {
  const auto inputs = model.function("evaluate").inputs();
  if (inputs.size() != 2) throw std::runtime_error("the model has several inputs; this example serves one");
  if (labels_path.empty()) {
    const Csv csv = read_csv(x_path, inputs[0].shape().product(1, inputs[0].rank()));
    return {rows_like(csv.values, inputs[0], x_path), class_labels(csv.classes, inputs[1], x_path)};
  }
  if (x_path.ends_with(".raw"))
    return {rows_like(raw_floats(x_path), inputs[0], x_path),
            rows_like(raw_floats(labels_path), inputs[1], labels_path)};
  return {rows_like(idx_bytes(x_path, 255), inputs[0], x_path),
          class_labels(idx_bytes(labels_path, 1), inputs[1], labels_path)};
}
