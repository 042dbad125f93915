// Reductions of x seen as (outer, reduce, inner), row-major, over the middle axis: y is (outer, inner).
// reduce = 0 is not passed down. Sums run in a fixed tree that depends on the shape alone (pairwise
// blocks, so the error grows with log(reduce)).
#pragma once

#include "kernels/isa.h"

namespace striate {

struct ReduceShape {
  int64_t outer, reduce, inner;
};

// buffers (x, y). sum, mean, max, min: y of T. NaN gives NaN. argmax: y is int64, the first maximum.
// One (outer = inner = 1) or few results of long reductions still make enough items: partial results
// go to the workspace in phase 0 and are merged in a fixed order in phase 1.
enum class ReduceFunction : int { sum, mean, max, min, argmax };

}  // namespace striate

STRIATE_DECLARE_TABLE(reduce)
