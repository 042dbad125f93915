// Batch normalization over all axes but the last: ops over kernels/normalization.h. Training and inference are two ops;
// no op carries a mode.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

template <class Derived>
struct BatchNormBase : OpBase<Derived> {
  double epsilon = 1e-3;
  void attributes(AttributeVisitor& visit) override { visit("epsilon", epsilon); }
};

// Inputs (x, gamma, beta); outputs (y, mean, variance), the biased statistics of x.
struct BatchNormTrain : BatchNormBase<BatchNormTrain> {
  static constexpr std::string_view kName = "batch_norm_train";
  static constexpr bool kTwiceDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, gamma, mean, variance, gy); outputs the gradients of x, gamma and beta.
struct BatchNormGradient : BatchNormBase<BatchNormGradient> {
  static constexpr std::string_view kName = "batch_norm_gradient";
  static constexpr bool kDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, gamma, beta, mean, variance).
struct BatchNormInfer : BatchNormBase<BatchNormInfer> {
  static constexpr std::string_view kName = "batch_norm_infer";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
