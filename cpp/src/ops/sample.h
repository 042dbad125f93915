// Small cases of an op, for gradient checks and other tests driven by ops.inc. The `samples` of each op struct are
// defined in ops/samples/, which only tests compile.
#pragma once

#include <memory>
#include <vector>

#include "graph/op.h"

namespace striate {

struct Sample {
  std::shared_ptr<Op> op;
  std::vector<Tensor> inputs;       // floating ones are float64
  std::vector<int> differentiable;  // inputs whose gradients are checked; values keep clear of kinks
};

// Uniform in [low, high), drawn from (shape, seed).
Tensor uniform_sample(const Shape& shape, uint64_t seed, double low = -1, double high = 1);
// The same, but no closer to 0 than 0.1: for kinks at 0.
Tensor nonzero_sample(const Shape& shape, uint64_t seed);
// All values at least 0.05 apart, in a shuffled order: for maxima.
Tensor distinct_sample(const Shape& shape, uint64_t seed);
Tensor integer_sample(const Shape& shape, DType dtype, const std::vector<int64_t>& values);

template <class OpType>
Sample make_sample(OpType op, std::vector<Tensor> inputs, std::vector<int> differentiable) {
  return {std::make_shared<OpType>(std::move(op)), std::move(inputs), std::move(differentiable)};
}

}  // namespace striate
