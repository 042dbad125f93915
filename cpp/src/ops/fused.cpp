#include "ops/fused.h"

#include "ops/types.h"

namespace striate {

Activation activation_from_name(std::string_view op, const std::string& name) {
  if (name == "none") return Activation::none;
  if (name == "relu") return Activation::relu;
  if (name == "sigmoid") return Activation::sigmoid;
  if (name == "tanh") return Activation::tanh;
  fail(ErrorKind::value, op, "activation=\"", name, "\" is unknown. Expected none, relu, sigmoid or tanh.");
}

void check_epilogue(std::string_view op, const std::vector<ValueType>& inputs, const std::string& activation,
                    int64_t c) {
  activation_from_name(op, activation);
  if (inputs.size() < 3) return;
  check_same_dtype(op, "x", inputs[0], "bias", inputs[2]);
  check_shape(op, "bias", inputs[2], Shape{c}, "one for each output channel");
}

void check_unfused(std::string_view op, const GradientArgs& args, const std::string& activation) {
  STRIATE_CHECK(args.inputs.size() == 2 && activation == "none", value, op,
                "has no gradient once a bias or an activation is fused onto it. Take gradients before compiling.");
}

}  // namespace striate
