// Elementwise arithmetic, with NumPy's broadcasting. T is float, or double in the f64 row.
// Outputs may be the same buffer as an input that is contiguous (stride equal to the output's).
#pragma once

#include "kernels/isa.h"

namespace striate {

enum class UnaryOp : int { negate, exp, log, sqrt, square, abs, reciprocal, sign, relu, sigmoid, tanh };
enum class BinaryOp : int {
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  // Comparisons give 0 or 1 in T.
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  // Gradients in terms of the activation's output y: a = y, b = g.
  relu_gradient,     // g where y > 0, else 0
  sigmoid_gradient,  // g * y * (1 - y)
  tanh_gradient,     // g * (1 - y * y)
};

// y[i] = op(x[i]), i in [0, n).
struct UnaryShape {
  UnaryOp op;
  int64_t n;
};

// y = op(a, b) over `rank` axes of sizes `size` (row-major y); strides in elements, 0 where an
// operand broadcasts. Axes are already merged where all operands allow, so that one operand pair of
// equal shapes is rank 1. rank >= 1.
struct BinaryShape {
  BinaryOp op;
  int rank;
  int64_t size[8];
  int64_t stride_a[8];
  int64_t stride_b[8];
};

// y = c != 0 ? a : b; the same addressing with three operands.
struct WhereShape {
  int rank;
  int64_t size[8];
  int64_t stride_c[8];
  int64_t stride_a[8];
  int64_t stride_b[8];
};

// buffers: unary (x, y); binary (a, b, y); where (c, a, b, y).
// NaN: arithmetic passes it on; maximum and minimum give NaN if either is; relu(NaN) is NaN.
// exp, log, sigmoid and tanh are our own, within 2 ulp of the exact value in float (4 in double).
enum class ElementwiseFunction : int { unary, binary, where };

}  // namespace striate

STRIATE_DECLARE_TABLE(elementwise)
