#include <algorithm>
#include <vector>

#include "core/check.h"
#include "ops/sample.h"
#include "striate/random.h"

namespace striate {

Tensor uniform_sample(const Shape& shape, uint64_t seed, double low, double high) {
  return random_uniform(shape, seed, stream_id(shape.text()), low, high, DType::float64);
}

Tensor nonzero_sample(const Shape& shape, uint64_t seed) {
  Tensor x = uniform_sample(shape, seed, -0.9, 0.9);
  double* values = x.as<double>();
  for (int64_t i = 0; i < x.elements(); ++i) values[i] += values[i] < 0 ? -0.1 : 0.1;
  return x;
}

Tensor distinct_sample(const Shape& shape, uint64_t seed) {
  Tensor x(DType::float64, shape);
  const Tensor order = permutation(shape.elements(), seed, 0);
  for (int64_t i = 0; i < x.elements(); ++i)
    x.as<double>()[i] = 0.05 * static_cast<double>(order.as<int64_t>()[i] - shape.elements() / 2);
  return x;
}

Tensor integer_sample(const Shape& shape, DType dtype, const std::vector<int64_t>& values) {
  return Tensor::of<int64_t>(shape, values).cast(dtype);
}

}  // namespace striate
