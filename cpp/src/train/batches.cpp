#include "train/batches.h"

#include <cstring>

#include "core/check.h"
#include "graph/node.h"

namespace striate {

Tensor fit_to_input(const Tensor& tensor, const Value& input, const std::string& function) {
  const Shape& wanted = input.shape();
  Tensor result = tensor;
  const Shape& shape = tensor.shape();
  if (shape.rank() + 1 == wanted.rank() && wanted.back() == 1) {
    result = result.reshaped(shape.appended(1));
  } else if (shape.rank() == wanted.rank() + 1 && shape.back() == 1) {
    result = result.reshaped(Shape(shape.sizes().first(static_cast<size_t>(wanted.rank()))));
  }
  STRIATE_CHECK(compatible(result.shape(), wanted), shape, function, "input '", input.node()->name, "' received shape ",
                shape.text(), ", expected ", wanted.text(), ". The first axis counts samples, the last one channels.");
  return result.cast(input.dtype());
}

std::vector<Tensor> fit_to_inputs(const std::vector<Tensor>& x, const std::vector<Tensor>& labels,
                                  const Function& function) {
  const auto& inputs = function.inputs();
  STRIATE_CHECK(x.size() + labels.size() == inputs.size(), value, function.name(), "received ", x.size(),
                " input(s) and ", labels.size(), " label(s), the function has ", inputs.size(), " inputs.");
  STRIATE_CHECK(!inputs.empty(), value, function.name(), "received no inputs, and the function has none.");
  std::vector<Tensor> result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    result.push_back(fit_to_input(i < x.size() ? x[i] : labels[i - x.size()], inputs[i], function.name()));
    STRIATE_CHECK(result[i].shape().rank() > 0 && result[i].shape()[0] == result[0].shape()[0], value, function.name(),
                  "the inputs have different numbers of samples: ", result[0].shape().text(), " and ",
                  result[i].shape().text(), ".");
  }
  return result;
}

std::vector<Tensor> gather(const std::vector<Tensor>& tensors, const int64_t* order, int64_t count) {
  std::vector<Tensor> batch;
  for (const Tensor& tensor : tensors) {
    Tensor rows(tensor.dtype(), tensor.shape().with(0, count));
    const int64_t row = count > 0 ? rows.bytes() / count : 0;
    for (int64_t i = 0; i < count && row > 0; ++i)
      std::memcpy(static_cast<char*>(rows.data()) + i * row, static_cast<const char*>(tensor.data()) + order[i] * row,
                  static_cast<size_t>(row));
    batch.push_back(std::move(rows));
  }
  return batch;
}

std::vector<Tensor> slices(const std::vector<Tensor>& tensors, int64_t begin, int64_t end) {
  std::vector<Tensor> batch;
  for (const Tensor& tensor : tensors) batch.push_back(tensor.slice(begin, end));
  return batch;
}

}  // namespace striate
