// A copy of a value, which outputs and updates get where they cannot own what they name. Only the compiler makes it.
#pragma once

#include "graph/op.h"
#include "kernels/layout.h"
#include "ops/lowering.h"

namespace striate {

struct Copy : OpBase<Copy> {
  static constexpr std::string_view kName = "copy";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override { return inputs; }
  void lower(Lowering& lowering) const override {
    const ValueType& type = lowering.input_type(0);
    CopyShape shape{};
    shape.element_bytes = static_cast<int>(dtype_bytes(type.dtype));
    shape.rank = 1;
    shape.size[0] = type.shape.elements();
    shape.x_stride[0] = shape.y_stride[0] = 1;
    lowering.call(Family::layout, LayoutFunction::copy, shape, {lowering.input(0)}, {lowering.output(0)});
  }
};

}  // namespace striate
