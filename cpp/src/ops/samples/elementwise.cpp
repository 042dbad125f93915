#include "ops/elementwise.h"

namespace striate {

// Odd lengths, a vector's worth and one more, a single element.
std::vector<Sample> unary_samples(std::shared_ptr<Op> op, bool positive, bool differentiable) {
  std::vector<Sample> samples;
  uint64_t seed = 1;
  for (const Shape& shape : {Shape{3, 5}, Shape{17}, Shape{1, 1, 1}, Shape{}}) {
    const Tensor x = positive ? uniform_sample(shape, seed, 0.3, 2) : nonzero_sample(shape, seed);
    samples.push_back({op, {x}, differentiable ? std::vector<int>{0} : std::vector<int>{}});
    ++seed;
  }
  return samples;
}

// Equal shapes; a bias; both operands repeated; scalars. Neither operand comes near 0, nor one near the other.
std::vector<Sample> binary_samples(std::shared_ptr<Op> op, bool differentiable) {
  const std::vector<std::pair<Shape, Shape>> shapes{{{3, 5}, {3, 5}},    {{2, 3, 7}, {7}}, {{4, 1, 3}, {1, 5, 1}},
                                                    {{2, 1}, {3, 2, 5}}, {{}, {3}},        {{1, 1}, {1}}};
  std::vector<Sample> samples;
  uint64_t seed = 1;
  for (const auto& [a_shape, b_shape] : shapes) {
    Tensor a = nonzero_sample(a_shape, seed), b = nonzero_sample(b_shape, seed + 100);
    // a on multiples of 0.05, b half way between two: no ties, no kink closer than 0.025.
    for (int64_t i = 0; i < a.elements(); ++i) {
      double& value = a.as<double>()[i];
      value = 0.05 * static_cast<int>(value / 0.05);
    }
    for (int64_t i = 0; i < b.elements(); ++i) {
      double& value = b.as<double>()[i];
      value = 0.05 * static_cast<int>(value / 0.05) + 0.025;
    }
    samples.push_back({op, {a, b}, differentiable ? std::vector<int>{0, 1} : std::vector<int>{}});
    ++seed;
  }
  return samples;
}

std::vector<Sample> Where::samples() {
  const Tensor rows = integer_sample({3, 1}, DType::float64, {0, 1, -1});
  const Tensor cells = integer_sample({2, 3}, DType::float64, {1, 0, 0, 1, 0, 1});
  return {make_sample(Where(), {rows, uniform_sample({3, 5}, 1), uniform_sample({5}, 2)}, {1, 2}),
          make_sample(Where(), {cells, uniform_sample({2, 3}, 3), uniform_sample({2, 3}, 4)}, {1, 2})};
}

}  // namespace striate
