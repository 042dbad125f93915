// Lowering to fills and strided copies, for any element type.
#pragma once

#include "ops/lowering.h"
#include "ops/strides.h"

namespace striate {

// Output i becomes `value` throughout.
void lower_fill(Lowering& lowering, int output, double value);

// y[y_offset + i * y_strides] = x[x_offset + i * x_strides] over the indices of `size`; nothing where it is empty.
struct CopyPlan {
  Shape size;
  Strides x_strides, y_strides;
  int64_t x_offset = 0, y_offset = 0;
};
void lower_copy(Lowering& lowering, int input, int output, const CopyPlan& plan);

}  // namespace striate
