// A copy of a value, which outputs and updates get where they cannot own what they name. Only the compiler makes it.
#pragma once

#include "graph/op.h"
#include "kernels/layout.h"
#include "ops/lowering.h"

namespace striate {

// Of so many elements in a row.
inline CopyShape copy_of_run(int64_t elements, int element_bytes) {
  CopyShape shape{};
  shape.element_bytes = element_bytes;
  shape.rank = 1;
  shape.size[0] = elements;
  shape.x_stride[0] = shape.y_stride[0] = 1;
  return shape;
}

struct Copy : OpBase<Copy> {
  static constexpr std::string_view kName = "copy";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override { return inputs; }
  void lower(Lowering& lowering) const override {
    const ValueType& type = lowering.input_type(0);
    const CopyShape shape = copy_of_run(type.shape.elements(), static_cast<int>(dtype_bytes(type.dtype)));
    lowering.call(Family::layout, LayoutFunction::copy, shape, {lowering.input(0)}, {lowering.output(0)});
  }
};

}  // namespace striate
