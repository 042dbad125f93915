// Matrix products: y (m, n) = epilogue(A (m, k) * B (k, n)), row-major.
#pragma once

#include "kernels/epilogue.h"
#include "kernels/isa.h"

namespace striate {

struct MatmulShape {
  int64_t m, n, k;   // k may be 0: y = epilogue(0)
  bool transpose_a;  // a is stored (k, m)
  bool transpose_b;  // b is stored (n, k)
  Epilogue epilogue;
};

// buffers (a, b, bias, residual, mask, y); y is aliased only as epilogue.h allows. Products accumulate in T, in an
// order that depends on the shape alone; long k is split into a number of chunks fixed by the shape and summed by a
// fixed tree where m * n leaves too few items to share. Error bound checked: |y - exact| <= 4 * eps * sqrt(k) *
// max|a| * max|b| * sqrt(k) + epilogue's own.

// The update of weights by momentum (optimizer.h, the same bits) with the gradient g = a' b, a (k, m) stored
// transposed, b (k, n), neither with an epilogue: w, v, w', v' (m, n).
struct MatmulUpdateShape {
  MatmulShape product;
  double momentum;
  bool nesterov;
};

// product   as above
// momentum  (a, b, w, v, rate, w', v'); w' may be w, v' may be v. Sums over k in order: meant for small batches.
enum class MatmulFunction : int { product, momentum };

}  // namespace striate

STRIATE_DECLARE_TABLE(matmul)
