// Softmax and cross-entropy over the last axis: ops over kernels/softmax.h. Separate ops, so that compiling can see
// cross_entropy(softmax(z)) and turn it into the stable form on logits.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

struct Softmax : OpBase<Softmax> {
  static constexpr std::string_view kName = "softmax";
  static constexpr bool kTwiceDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (y, gy), y the softmax's output: y * (gy - sum(gy * y)).
struct SoftmaxGradient : OpBase<SoftmaxGradient> {
  static constexpr std::string_view kName = "softmax_gradient";
  static constexpr bool kDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

struct LogSoftmax : OpBase<LogSoftmax> {
  static constexpr std::string_view kName = "log_softmax";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

template <class Derived>
struct CrossEntropyBase : OpBase<Derived> {
  bool from_logits = false;
  double clip = 1e-7;  // probabilities are kept in [clip, 1 - clip], as Keras does
  void attributes(AttributeVisitor& visit) override {
    visit("from_logits", from_logits);
    visit("clip", clip);
  }
};

// Inputs (x, labels); labels of x's type and shape, or int32 class numbers of shape x.shape[:-1]. One loss a row.
struct CrossEntropy : CrossEntropyBase<CrossEntropy> {
  static constexpr std::string_view kName = "cross_entropy";
  static constexpr bool kTwiceDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, labels, g), g one number a row; the gradient in x.
struct CrossEntropyGradient : CrossEntropyBase<CrossEntropyGradient> {
  static constexpr std::string_view kName = "cross_entropy_gradient";
  static constexpr bool kDifferentiable = false;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
