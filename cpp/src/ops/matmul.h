// Matrix products: op over kernels/matmul.h.
#pragma once

#include "graph/op.h"
#include "ops/fused.h"
#include "ops/sample.h"

namespace striate {

// Inputs (a, b), then fused operands. Each operand is a matrix: all axes but the last merged. The result keeps
// a's leading axes unless a is transposed; it is a matrix then.
struct Matmul : OpBase<Matmul> {
  static constexpr std::string_view kName = "matmul";
  bool transpose_a = false, transpose_b = false;
  FusedEpilogue fused;  // set by the compiler alone

  void attributes(AttributeVisitor& visit) override {
    visit("transpose_a", transpose_a);
    visit("transpose_b", transpose_b);
    fused.visit(visit);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
