// Repeating along axes and its adjoint, to the shape of another value, so that no attribute holds a size.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Inputs (x, like); x repeated to like's shape.
struct BroadcastLike : OpBase<BroadcastLike> {
  static constexpr std::string_view kName = "broadcast_like";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  bool reads_only_shape(int input) const override { return input == 1; }
  static std::vector<Sample> samples();
};

// Inputs (x, like); like broadcasts to x, and x is summed over the axes along which it would be repeated.
struct SumToLike : OpBase<SumToLike> {
  static constexpr std::string_view kName = "sum_to_like";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  bool reads_only_shape(int input) const override { return input == 1; }
  static std::vector<Sample> samples();
};

}  // namespace striate
