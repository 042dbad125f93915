#include <cmath>
#include <set>
#include <string_view>

#include "compile/passes.h"
#include "striate/ops.h"

namespace striate {
namespace {

// Ops of which output 0 is input 0 when the shapes are equal.
const std::set<std::string_view> kSameShapeIsSame = {"sum_to_like", "broadcast_like", "reshape", "reshape_like", "pad",
                                                     "crop"};
const std::set<std::string_view> kBroadcasting = {
    "add",  "subtract",   "multiply", "divide",        "maximum",       "minimum",          "equal",        "not_equal",
    "less", "less_equal", "greater",  "greater_equal", "relu_gradient", "sigmoid_gradient", "tanh_gradient"};

Value scalar_constant(double value, const ValueType& type) {
  return constant(Tensor::full(type.dtype, type.shape, value));
}

// Arithmetic on constants of one element, in double, rounded once to the type.
bool compute(std::string_view op, double a, double b, double& result) {
  if (op == "add")
    result = a + b;
  else if (op == "subtract")
    result = a - b;
  else if (op == "multiply")
    result = a * b;
  else if (op == "divide")
    result = a / b;
  else
    return false;
  return true;
}
bool compute(std::string_view op, double a, double& result) {
  if (op == "negate")
    result = -a;
  else if (op == "reciprocal")
    result = 1 / a;
  else if (op == "square")
    result = a * a;
  else if (op == "sqrt")
    result = std::sqrt(a);
  else
    return false;
  return true;
}

struct OpAttribute : AttributeVisitor {
  std::string_view wanted;
  double number = 0;
  std::vector<int64_t> list;
  void operator()(const char*, bool&) override {}
  void operator()(const char*, int64_t&) override {}
  void operator()(const char*, uint64_t&) override {}
  void operator()(const char* name, double& value) override {
    if (wanted == name) number = value;
  }
  void operator()(const char*, std::string&) override {}
  void operator()(const char* name, std::vector<int64_t>& value) override {
    if (wanted == name) list = value;
  }
};

OpAttribute attribute(const Op& op, std::string_view name) {
  OpAttribute visitor;
  visitor.wanted = name;
  const_cast<Op&>(op).attributes(visitor);  // this visitor only reads
  return visitor;
}

std::vector<Value> simplified(const Node& node, std::vector<Value> inputs) {
  if (node.kind != NodeKind::op) return {};
  const std::string_view op = node.op->name();
  if (op == "stop_gradient") return {inputs[0]};
  const ValueType& type = node.types[0];
  if (op == "size_of" || op == "count_like") {
    const Shape& shape = inputs[0].shape();
    double size = static_cast<double>(shape.elements());
    if (op == "size_of") {
      struct Axis : OpAttribute {
        int64_t axis = 0;
        void operator()(const char* name, int64_t& value) override {
          if (std::string_view(name) == "axis") axis = value;
        }
      } visitor;
      const_cast<Op&>(*node.op).attributes(visitor);
      size =
          static_cast<double>(shape[static_cast<int>(visitor.axis < 0 ? visitor.axis + shape.rank() : visitor.axis)]);
    }
    return {scalar_constant(size, type)};
  }
  if (op == "ones_like" && type.shape.elements() == 1) return {scalar_constant(1, type)};
  if (op == "zeros_like" && type.shape.elements() == 1) return {scalar_constant(0, type)};
  if (inputs.empty()) return {};
  const bool same = inputs[0].type() == type;
  if (same && kSameShapeIsSame.count(op)) return {inputs[0]};
  if (same && op == "cast") return {inputs[0]};
  if (same && op == "concatenate" && inputs.size() == 1) return {inputs[0]};
  if (same && op == "dropout" && attribute(*node.op, "rate").number == 0) return {inputs[0]};
  if (same && op == "transpose") {
    const std::vector<int64_t> axes = attribute(*node.op, "axes").list;
    bool identity = true;
    for (size_t i = 0; i < axes.size(); ++i) identity = identity && axes[i] == static_cast<int64_t>(i);
    if (identity) return {inputs[0]};
  }

  double a = 0, b = 0, result = 0;
  if (inputs.size() == 2 && type.shape.elements() == 1 && is_floating(type.dtype) && constant_scalar(inputs[0], a) &&
      constant_scalar(inputs[1], b) && compute(op, a, b, result))
    return {scalar_constant(result, type)};
  if (inputs.size() == 1 && type.shape.elements() == 1 && is_floating(type.dtype) && constant_scalar(inputs[0], a) &&
      compute(op, a, result))
    return {scalar_constant(result, type)};
  if (inputs.size() == 2) {
    const bool first_is_result = inputs[0].type() == type, second_is_result = inputs[1].type() == type;
    if (first_is_result && constant_scalar(inputs[1], b)) {
      if ((op == "multiply" || op == "divide") && b == 1) return {inputs[0]};
      if ((op == "add" || op == "subtract") && b == 0) return {inputs[0]};
    }
    if (second_is_result && constant_scalar(inputs[0], a)) {
      if (op == "multiply" && a == 1) return {inputs[1]};
      if (op == "add" && a == 0) return {inputs[1]};
    }
    // The op broadcasts by itself: an operand need not be spread out in memory first.
    if (kBroadcasting.count(op)) {
      bool changed = false;
      for (int i = 0; i < 2; ++i) {
        const Node& producer = *inputs[i].node();
        const bool spread = producer.kind == NodeKind::op && producer.op->name() == "broadcast_like";
        if (spread && inputs[1 - i].shape() == type.shape) {
          inputs[i] = producer.inputs[0];
          changed = true;
        }
      }
      if (changed) return {Value(make_node(node.op, std::move(inputs)))};
    }
  }
  return {};
}

}  // namespace

Graph remove_identities(const Graph& graph) { return rewrite(graph, simplified); }

}  // namespace striate
