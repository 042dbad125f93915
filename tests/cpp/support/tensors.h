// What tests of the engine do with tensors.
#pragma once

#include <cstring>

#include "striate/random.h"
#include "striate/tensor.h"

namespace striate::test {

// Uniform between -range and range.
inline Tensor random(const Shape& shape, uint64_t stream, double range = 1) {
  return random_uniform(shape, 1, stream, -range, range);
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.bytes() == 0 || std::memcmp(a.data(), b.data(), static_cast<size_t>(a.bytes())) == 0);
}

}  // namespace striate::test
