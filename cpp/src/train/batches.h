// User's tensors as functions want them, and batches of them.
#pragma once

#include <string>
#include <vector>

#include "striate/function.h"

namespace striate {

// As Python does: cast to the input's type; a last axis of size 1 is added or dropped where the input has one more or
// one less. Error(shape), naming the input, if it does not fit otherwise.
Tensor fit_to_input(const Tensor& tensor, const Value& input, const std::string& function);

// fit_to_input for all inputs: x first, then labels. Error(value) if their number or their first axes differ.
std::vector<Tensor> fit_to_inputs(const std::vector<Tensor>& x, const std::vector<Tensor>& labels,
                                  const Function& function);

// Rows `order[0 .. count)` of each.
std::vector<Tensor> gather(const std::vector<Tensor>& tensors, const int64_t* order, int64_t count);

// Rows [begin, end) of each, sharing the elements.
std::vector<Tensor> slices(const std::vector<Tensor>& tensors, int64_t begin, int64_t end);

}  // namespace striate
