// Optimizer updates as ops from old values to new ones, in place once compiled: ops over kernels/optimizer.h.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Inputs (weight, gradient, rate).
struct SgdUpdate : OpBase<SgdUpdate> {
  static constexpr std::string_view kName = "sgd_update";
  static constexpr bool kDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (weight, velocity, gradient, rate); outputs (weight, velocity).
struct MomentumUpdate : OpBase<MomentumUpdate> {
  static constexpr std::string_view kName = "momentum_update";
  static constexpr bool kDifferentiable = false;
  double momentum = 0.9;
  bool nesterov = false;
  void attributes(AttributeVisitor& visit) override {
    visit("momentum", momentum);
    visit("nesterov", nesterov);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (weight, m, v, gradient, rate, step); outputs (weight, m, v).
struct AdamUpdate : OpBase<AdamUpdate> {
  static constexpr std::string_view kName = "adam_update";
  static constexpr bool kDifferentiable = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
  void attributes(AttributeVisitor& visit) override {
    visit("beta1", beta1);
    visit("beta2", beta2);
    visit("epsilon", epsilon);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
