// Batch normalization of x (rows, c): statistics over rows, one a channel.
// Source: Ioffe & Szegedy 2015, Algorithm 1; merging of (count, mean, M2): Chan et al. 1979.
#pragma once

#include "kernels/isa.h"

namespace striate {

// Tables of a line, see BatchNormShape::line.
constexpr int64_t kTrainTables = 3, kGradientTables = 5;

struct BatchNormShape {
  int64_t rows, c;
  double epsilon;
  bool relu = false;      // train: y = max(what stands below, 0); backward: gy counts only where that was above 0
  bool residual = false;  // train alone: added before the ReLU
  bool signs = false;     // train alone: those of y are left, too (see Epilogue::signs)
  // In place of y or gx, tables of a value a channel, with which another step makes it: train (mean, scale, shift),
  // backward (mean, scale, shift, slope, level), see kernels/cpu/normalization_line.h. Without residual and signs.
  bool line = false;
};

// train     (x, gamma, beta, residual or null, y, mean, variance, signs or null): biased variance, never
//           E[x^2] - E[x]^2; per-item (count, mean, M2) merged in a fixed tree.
//           y = (x - mean) * gamma / sqrt(variance + epsilon) + beta, plus the residual. y may be x or the residual.
// backward  (x, gamma, mean, variance, gy, beta or null, gx, ggamma, gbeta); mean and variance are train's; beta is
//           read with a ReLU, without residual, whose sign is that of the line through x. gx may be gy.
// infer     (x, gamma, beta, mean, variance, y); y may be x.
enum class NormalizationFunction : int { train, backward, infer };

}  // namespace striate

STRIATE_DECLARE_TABLE(normalization)
