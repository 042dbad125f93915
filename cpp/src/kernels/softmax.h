// Softmax over the last axis of x (rows, n), and the cross-entropies that go with it.
#pragma once

#include "kernels/isa.h"

namespace striate {

struct SoftmaxShape {
  int64_t rows, n;
};

// labels: (rows, n) of T, or with `sparse` (rows) of int32 class numbers. A class outside [0, n) gives a NaN
// loss and NaN gradients for its row.
// from logits:         loss = sum_k label_k * (logsumexp(z) - z_k)
// from probabilities:  q = clip(p / sum(p), clip, 1 - clip); loss = -sum_k label_k * log(q_k), as Keras does
struct CrossEntropyShape {
  int64_t rows, n;
  bool sparse;
  bool from_logits;
  double clip;  // 1e-7
};

// forward            (x, y)
// backward           (y, gy, gx): gx = y * (gy - sum(gy * y)); gx may be gy
// log_forward        (x, y): x - logsumexp(x)
// cross_entropy      (x, labels, loss): loss (rows)
// cross_entropy_backward (x, labels, g, gx): g (rows) is d/dloss; gx may be x. Where clipped, the gradient of q is 0.
enum class SoftmaxFunction : int { forward, backward, log_forward, cross_entropy, cross_entropy_backward };

}  // namespace striate

STRIATE_DECLARE_TABLE(softmax)
