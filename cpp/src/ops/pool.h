// Pooling over 1 to 3 spatial axes: ops over kernels/pool.h. Max pooling's gradients are a scatter to the places of the
// maxima and its adjoint, a gather from them; average pooling's gradient and average pooling are each other's adjoint.
#pragma once

#include "graph/op.h"
#include "kernels/pool.h"
#include "ops/sample.h"

namespace striate {

// How windows lie on x. Empty strides mean the window.
struct PoolAttributes {
  std::vector<int64_t> window, strides;
  std::string padding = "valid";  // "valid", "same" or "explicit" with pad_lo and pad_hi
  std::vector<int64_t> pad_lo, pad_hi;
  bool ceil_mode = false;
  bool strict = false;

  void visit(AttributeVisitor& visit);
  // The type of the pooled value, with all checks.
  ValueType infer_output(std::string_view op, const ValueType& x) const;
  PoolShape shape(std::string_view op, const Shape& x) const;
};

// An op with these attributes: the ops are each other's gradients.
template <class OpType>
OpType with_attributes(const PoolAttributes& attributes) {
  OpType op;
  static_cast<PoolAttributes&>(op) = attributes;
  return op;
}

template <class Derived>
struct PoolBase : OpBase<Derived>, PoolAttributes {
  void attributes(AttributeVisitor& visit) override { PoolAttributes::visit(visit); }
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
};

struct MaxPool : PoolBase<MaxPool> {
  static constexpr std::string_view kName = "max_pool";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, g); g[o] is added at the first maximum of x in window o.
struct MaxPoolScatter : PoolBase<MaxPoolScatter> {
  static constexpr std::string_view kName = "max_pool_scatter";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, v) of one shape; y[o] is v at the first maximum of x in window o.
struct MaxPoolGather : PoolBase<MaxPoolGather> {
  static constexpr std::string_view kName = "max_pool_gather";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

template <class Derived>
struct AvgPoolBase : PoolBase<Derived> {
  bool count_include_pad = false;
  void attributes(AttributeVisitor& visit) override {
    PoolBase<Derived>::attributes(visit);
    visit("count_include_pad", count_include_pad);
  }
};

struct AvgPool : AvgPoolBase<AvgPool> {
  static constexpr std::string_view kName = "avg_pool";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Inputs (g, x_like).
struct AvgPoolGradient : AvgPoolBase<AvgPoolGradient> {
  static constexpr std::string_view kName = "avg_pool_gradient";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
  bool reads_only_shape(int input) const override { return input == 1; }
};

}  // namespace striate
