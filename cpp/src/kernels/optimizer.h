// Optimizer updates of n weights, in place allowed for every (input, output) pair of the same name.
#pragma once

#include "kernels/isa.h"

namespace striate {

struct SgdShape {
  int64_t n;
};
// v' = momentum * v - rate * g; w' = w + v', or with nesterov w + momentum * v' - rate * g (Keras's form).
struct MomentumShape {
  int64_t n;
  double momentum;
  bool nesterov;
};
// m' = m + (g - m) * (1 - beta1); v' = v + (g*g - v) * (1 - beta2);
// w' = w - rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m' / (sqrt(v') + epsilon), t = step + 1 (Keras's form of
// Kingma & Ba 2015; the powers are computed in double).
struct AdamShape {
  int64_t n;
  double beta1, beta2, epsilon;
};

// sgd       (w, g, rate, w')                 w' = w - rate * g
// momentum  (w, v, g, rate, w', v')
// adam      (w, m, v, g, rate, step, w', m', v')
// rate is one T, step one int64: the number of updates done before this one.
enum class OptimizerFunction : int { sgd, momentum, adam };

}  // namespace striate

STRIATE_DECLARE_TABLE(optimizer)
