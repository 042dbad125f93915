#include "ops/fill.h"

#include <algorithm>

#include "core/check.h"
#include "kernels/layout.h"

namespace striate {

void lower_fill(Lowering& lowering, int output, double value) {
  const ValueType& type = lowering.output_type(output);
  const int64_t n = type.shape.elements();
  if (n == 0) return;
  const FillShape shape{static_cast<int>(dtype_bytes(type.dtype)), n, value};
  // The kernel takes elements of T's size for T, so the type picks a row where it does not confuse the two.
  const bool is_double_row = type.dtype == DType::float64 || type.dtype == DType::int32;
  lowering.call(Family::layout, LayoutFunction::fill, shape, {}, {lowering.output(output)}).dtype =
      is_double_row ? DType::float64 : DType::float32;
}

void lower_copy(Lowering& lowering, int input, int output, const CopyPlan& plan) {
  if (plan.size.elements() == 0) return;
  const Walk walk = merged_walk(plan.size, {plan.x_strides, plan.y_strides});
  CopyShape shape{};
  shape.element_bytes = static_cast<int>(dtype_bytes(lowering.output_type(output).dtype));
  shape.rank = walk.rank();
  std::copy(walk.size.begin(), walk.size.end(), shape.size);
  std::copy(walk.strides[0].begin(), walk.strides[0].end(), shape.x_stride);
  std::copy(walk.strides[1].begin(), walk.strides[1].end(), shape.y_stride);
  shape.x_offset = plan.x_offset;
  shape.y_offset = plan.y_offset;
  lowering.call(Family::layout, LayoutFunction::copy, shape, {lowering.input(input)}, {lowering.output(output)});
}

}  // namespace striate
