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

// Inputs (x, gamma, beta), and (residual) if one is fused; outputs (y, mean, variance), the biased statistics of x, and
// (signs of y) if they are asked for.
struct BatchNormTrain : BatchNormBase<BatchNormTrain> {
  static constexpr std::string_view kName = "batch_norm_train";
  static constexpr bool kTwiceDifferentiable = false;
  // Set by the compiler alone: y = relu(normalized + residual). Files have neither, so they are told only where set.
  bool relu = false, residual = false, signs = false;
  bool line = false;  // y's place has the line (3, c) that makes it, see kernels/normalization.h
  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, gamma, mean, variance, gy), and (beta) with a ReLU; outputs the gradients of x, gamma and beta.
struct BatchNormGradient : BatchNormBase<BatchNormGradient> {
  static constexpr std::string_view kName = "batch_norm_gradient";
  static constexpr bool kDifferentiable = false;
  // Set by the compiler alone: gy is that of relu(y), y = batch_norm_train(x, gamma, beta); and the place of x's
  // gradient has the line (5, c) that makes it.
  bool relu = false, line = false;
  void attributes(AttributeVisitor& visit) override;
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
