// Element types, the step counter, and the end of gradients.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Float to integer truncates toward zero and saturates; NaN gives 0. Gradients flow between floating types.
struct Cast : OpBase<Cast> {
  static constexpr std::string_view kName = "cast";
  DType dtype = DType::float32;
  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// x + amount, int64.
struct Increment : OpBase<Increment> {
  static constexpr std::string_view kName = "increment";
  static constexpr bool kDifferentiable = false;
  int64_t amount = 1;
  void attributes(AttributeVisitor& visit) override { visit("amount", amount); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value()}; }
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

struct StopGradient : OpBase<StopGradient> {
  static constexpr std::string_view kName = "stop_gradient";
  static constexpr bool kDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value()}; }
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
