// Batch normalization of x (rows, c): statistics over rows, one a channel.
// Source: Ioffe & Szegedy 2015, Algorithm 1; merging of (count, mean, M2): Chan et al. 1979.
#pragma once

#include "kernels/isa.h"

namespace striate {

struct BatchNormShape {
  int64_t rows, c;
  double epsilon;
};

// train     (x, gamma, beta, y, mean, variance): biased variance, never E[x^2] - E[x]^2; per-item
//           (count, mean, M2) merged in a fixed tree. y = (x - mean) * gamma / sqrt(variance + epsilon) + beta.
//           y may be x.
// backward  (x, gamma, mean, variance, gy, gx, ggamma, gbeta); mean and variance are train's. gx may be gy.
// infer     (x, gamma, beta, mean, variance, y); y may be x.
enum class NormalizationFunction : int { train, backward, infer };

}  // namespace striate

STRIATE_DECLARE_TABLE(normalization)
