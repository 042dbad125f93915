// Arithmetic on each element, with NumPy's broadcasting: ops over kernels/elementwise.h.
#pragma once

#include "graph/op.h"
#include "kernels/elementwise.h"
#include "ops/sample.h"

namespace striate {

std::vector<ValueType> infer_unary(std::string_view op, const std::vector<ValueType>& inputs);
std::vector<ValueType> infer_binary(std::string_view op, const std::vector<ValueType>& inputs);
void lower_unary(Lowering& lowering, UnaryOp op);
void lower_binary(Lowering& lowering, BinaryOp op);
Cost elementwise_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs);
std::vector<Sample> unary_samples(std::shared_ptr<Op> op, bool positive, bool differentiable);
std::vector<Sample> binary_samples(std::shared_ptr<Op> op, bool differentiable);

template <class Derived>
struct Unary : OpBase<Derived> {
  static constexpr bool kPositive = false;  // the domain of x is x > 0
  static constexpr bool kDifferentiable = true;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override {
    return infer_unary(Derived::kName, inputs);
  }
  void lower(Lowering& lowering) const override { lower_unary(lowering, Derived::kKernel); }
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override {
    return elementwise_cost(inputs, outputs);
  }
  static std::vector<Sample> samples() {
    return unary_samples(std::make_shared<Derived>(), Derived::kPositive, Derived::kDifferentiable);
  }
};

// Two operands, each repeated to the result's shape by the op itself.
struct Broadcasting {
  virtual ~Broadcasting() = default;
};

template <class Derived>
struct Binary : OpBase<Derived>, Broadcasting {
  static constexpr bool kDifferentiable = true;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override {
    return infer_binary(Derived::kName, inputs);
  }
  void lower(Lowering& lowering) const override { lower_binary(lowering, Derived::kKernel); }
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override {
    return elementwise_cost(inputs, outputs);
  }
  static std::vector<Sample> samples() { return binary_samples(std::make_shared<Derived>(), Derived::kDifferentiable); }
};

// A step function: its derivative is 0 wherever there is one.
template <class Derived>
struct Comparison : Binary<Derived> {
  static constexpr bool kDifferentiable = false;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value(), Value()}; }
};

struct Negate : Unary<Negate> {
  static constexpr std::string_view kName = "negate";
  static constexpr UnaryOp kKernel = UnaryOp::negate;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Exp : Unary<Exp> {
  static constexpr std::string_view kName = "exp";
  static constexpr UnaryOp kKernel = UnaryOp::exp;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Log : Unary<Log> {
  static constexpr std::string_view kName = "log";
  static constexpr UnaryOp kKernel = UnaryOp::log;
  static constexpr bool kPositive = true;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Sqrt : Unary<Sqrt> {
  static constexpr std::string_view kName = "sqrt";
  static constexpr UnaryOp kKernel = UnaryOp::sqrt;
  static constexpr bool kPositive = true;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Square : Unary<Square> {
  static constexpr std::string_view kName = "square";
  static constexpr UnaryOp kKernel = UnaryOp::square;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Abs : Unary<Abs> {
  static constexpr std::string_view kName = "abs";
  static constexpr UnaryOp kKernel = UnaryOp::abs;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Reciprocal : Unary<Reciprocal> {
  static constexpr std::string_view kName = "reciprocal";
  static constexpr UnaryOp kKernel = UnaryOp::reciprocal;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Sign : Unary<Sign> {
  static constexpr std::string_view kName = "sign";
  static constexpr UnaryOp kKernel = UnaryOp::sign;
  static constexpr bool kDifferentiable = false;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value()}; }
};

// The gradients of the three activations need their output y alone, so that x need not be kept.
struct Relu : Unary<Relu> {
  static constexpr std::string_view kName = "relu";
  static constexpr UnaryOp kKernel = UnaryOp::relu;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Sigmoid : Unary<Sigmoid> {
  static constexpr std::string_view kName = "sigmoid";
  static constexpr UnaryOp kKernel = UnaryOp::sigmoid;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Tanh : Unary<Tanh> {
  static constexpr std::string_view kName = "tanh";
  static constexpr UnaryOp kKernel = UnaryOp::tanh;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Add : Binary<Add> {
  static constexpr std::string_view kName = "add";
  static constexpr BinaryOp kKernel = BinaryOp::add;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Subtract : Binary<Subtract> {
  static constexpr std::string_view kName = "subtract";
  static constexpr BinaryOp kKernel = BinaryOp::subtract;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Multiply : Binary<Multiply> {
  static constexpr std::string_view kName = "multiply";
  static constexpr BinaryOp kKernel = BinaryOp::multiply;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Divide : Binary<Divide> {
  static constexpr std::string_view kName = "divide";
  static constexpr BinaryOp kKernel = BinaryOp::divide;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Maximum : Binary<Maximum> {
  static constexpr std::string_view kName = "maximum";
  static constexpr BinaryOp kKernel = BinaryOp::maximum;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Minimum : Binary<Minimum> {
  static constexpr std::string_view kName = "minimum";
  static constexpr BinaryOp kKernel = BinaryOp::minimum;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct Equal : Comparison<Equal> {
  static constexpr std::string_view kName = "equal";
  static constexpr BinaryOp kKernel = BinaryOp::equal;
};

struct NotEqual : Comparison<NotEqual> {
  static constexpr std::string_view kName = "not_equal";
  static constexpr BinaryOp kKernel = BinaryOp::not_equal;
};

struct Less : Comparison<Less> {
  static constexpr std::string_view kName = "less";
  static constexpr BinaryOp kKernel = BinaryOp::less;
};

struct LessEqual : Comparison<LessEqual> {
  static constexpr std::string_view kName = "less_equal";
  static constexpr BinaryOp kKernel = BinaryOp::less_equal;
};

struct Greater : Comparison<Greater> {
  static constexpr std::string_view kName = "greater";
  static constexpr BinaryOp kKernel = BinaryOp::greater;
};

struct GreaterEqual : Comparison<GreaterEqual> {
  static constexpr std::string_view kName = "greater_equal";
  static constexpr BinaryOp kKernel = BinaryOp::greater_equal;
};

// Inputs (y, g): y the activation's output.
struct ReluGradient : Binary<ReluGradient> {
  static constexpr std::string_view kName = "relu_gradient";
  static constexpr BinaryOp kKernel = BinaryOp::relu_gradient;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct SigmoidGradient : Binary<SigmoidGradient> {
  static constexpr std::string_view kName = "sigmoid_gradient";
  static constexpr BinaryOp kKernel = BinaryOp::sigmoid_gradient;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

struct TanhGradient : Binary<TanhGradient> {
  static constexpr std::string_view kName = "tanh_gradient";
  static constexpr BinaryOp kKernel = BinaryOp::tanh_gradient;
  std::vector<Value> gradient(const GradientArgs& args) const override;
};

// Inputs (condition, a, b), all of one type.
struct Where : OpBase<Where> {
  static constexpr std::string_view kName = "where";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override {
    return elementwise_cost(inputs, outputs);
  }
  static std::vector<Sample> samples();
};

}  // namespace striate
