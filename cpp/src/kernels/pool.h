// Pooling over three spatial axes (d, h, w); 1-D and 2-D use size-1 axes. x (n, in..., c), y (n, out..., c),
// channels-last, contiguous, not aliased.
#pragma once

#include "kernels/isa.h"

namespace striate {

struct PoolShape {
  int64_t n, c;
  int64_t in[3], out[3], window[3], stride[3];
  int64_t pad_lo[3], pad_hi[3];
  // average: divide by the cells of the window inside the padded input (true) or inside the input (false).
  // Cells that ceil mode adds beyond the padding never count. Every window holds at least one real cell.
  bool count_include_pad;
};

// max_forward   (x, y)      max over the real cells; NaN wins
// max_scatter   (x, g, gx)  adds g[o] to the first maximum of window o (row-major order, as the peers do), 0 elsewhere
// max_gather    (x, v, y)   y[o] = v at the first maximum of x in window o: the adjoint of max_scatter
// avg_forward   (x, y)
// avg_backward  (g, gx)     spreads g[o] / divisor over the real cells of window o
enum class PoolFunction : int { max_forward, max_scatter, max_gather, avg_forward, avg_backward };

}  // namespace striate

STRIATE_DECLARE_TABLE(pool)
