#include "ops/fused.h"

#include "ops/types.h"

namespace striate {
namespace {

Activation activation_from_name(std::string_view op, const std::string& name) {
  if (name == "none") return Activation::none;
  if (name == "relu") return Activation::relu;
  if (name == "sigmoid") return Activation::sigmoid;
  if (name == "tanh") return Activation::tanh;
  fail(ErrorKind::value, op, "activation=\"", name, "\" is unknown. Expected none, relu, sigmoid or tanh.");
}

Pooling pooling_from_name(std::string_view op, const std::string& name) {
  if (name == "none") return Pooling::none;
  if (name == "max") return Pooling::max;
  if (name == "average") return Pooling::average;
  fail(ErrorKind::value, op, "pooling=\"", name, "\" is unknown. Expected none, max or average.");
}

}  // namespace

void FusedEpilogue::visit(AttributeVisitor& visit) {
  visit("activation", activation);
  if (pooling != "none") visit("pooling", pooling);
  if (!operands()) return;
  visit("bias", bias);
  visit("residual", residual);
  visit("mask", mask);
  if (signs) visit("signs", signs);
  if (masked_residual) visit("masked_residual", masked_residual);
}

void FusedEpilogue::check(std::string_view op, const std::vector<ValueType>& inputs, size_t own,
                          const ValueType& y) const {
  activation_from_name(op, activation);
  check_input_count(op, inputs, own + static_cast<size_t>(operand_count()));
  const auto check_operand = [&](const char* name, const ValueType& operand, const Shape& shape, const char* why) {
    check_same_dtype(op, "x", inputs[0], name, operand);
    check_shape(op, name, operand, shape, why);
  };
  if (bias) check_operand("bias", inputs[own++], Shape{y.shape.back()}, "one for each output channel");
  if (residual) check_operand("residual", inputs[own++], y.shape, "the shape of the result");
  if (mask && signs)
    check_shape(op, "mask", inputs[own++], signs_type(op, y.shape).shape, "the signs of the result");
  else if (mask)
    check_operand("mask", inputs[own++], y.shape, "the shape of the result");
}

ValueType FusedEpilogue::pooled(const ValueType& y) const {
  if (pooling == "none") return y;
  return {y.dtype, y.shape.with(1, y.shape[1] / 2).with(2, y.shape[2] / 2)};
}

void FusedEpilogue::check_unfused(std::string_view op) const {
  STRIATE_CHECK(!any(), value, op, "has no gradient once something is fused onto it. Take gradients before compiling.");
}

Epilogue FusedEpilogue::epilogue(std::string_view op) const {
  return {
      bias,           activation_from_name(op, activation), residual, mask, pooling_from_name(op, pooling), {}, signs,
      masked_residual};
}

}  // namespace striate
