#include <algorithm>
#include <cmath>

#include "compile/passes.h"
#include "ops/broadcast.h"
#include "ops/cast.h"
#include "ops/concatenate.h"
#include "ops/dropout.h"
#include "ops/elementwise.h"
#include "ops/pad.h"
#include "ops/shape.h"
#include "ops/types.h"

namespace striate {
namespace {

Value scalar_constant(double value, const ValueType& type) {
  return constant(Tensor::full(type.dtype, type.shape, value));
}

// What depends on the shape of its input alone; null if it does not, or is more than one number.
Value shape_constant(const Node& node, const std::vector<Value>& inputs) {
  const ValueType& type = node.types[0];
  if (const auto* size = op_as<SizeOf>(node)) {
    const Shape& shape = inputs[0].shape();
    const int axis = normalize_axis(SizeOf::kName, size->axis, shape.rank());
    return scalar_constant(static_cast<double>(shape[axis]), type);
  }
  if (op_as<CountLike>(node)) return scalar_constant(static_cast<double>(inputs[0].shape().elements()), type);
  if (type.shape.elements() != 1) return {};
  if (op_as<OnesLike>(node)) return scalar_constant(1, type);
  if (op_as<ZerosLike>(node)) return scalar_constant(0, type);
  return {};
}

// Whether the output is input 0.
bool does_nothing(const Node& node, const std::vector<Value>& inputs) {
  if (op_as<StopGradient>(node)) return true;
  if (inputs.empty() || !(inputs[0].type() == node.types[0])) return false;
  if (op_as<Concatenate>(node)) return inputs.size() == 1;
  if (const auto* dropout = op_as<Dropout>(node)) return dropout->rate == 0;
  if (const auto* transpose = op_as<Transpose>(node))
    return std::is_sorted(transpose->axes.begin(), transpose->axes.end());
  return op_as<SumToLike>(node) || op_as<BroadcastLike>(node) || op_as<Reshape>(node) || op_as<ReshapeLike>(node) ||
         op_as<Pad>(node) || op_as<Crop>(node) || op_as<Cast>(node);
}

// Arithmetic on constants of one element, in double.
bool compute(const Node& node, double a, double b, double& result) {
  if (op_as<Add>(node))
    result = a + b;
  else if (op_as<Subtract>(node))
    result = a - b;
  else if (op_as<Multiply>(node))
    result = a * b;
  else if (op_as<Divide>(node))
    result = a / b;
  else
    return false;
  return true;
}
bool compute(const Node& node, double a, double& result) {
  if (op_as<Negate>(node))
    result = -a;
  else if (op_as<Reciprocal>(node))
    result = 1 / a;
  else if (op_as<Square>(node))
    result = a * a;
  else if (op_as<Sqrt>(node))
    result = std::sqrt(a);
  else
    return false;
  return true;
}

// Arithmetic on constants, rounded once to the type, and with a 0 or 1 that changes nothing; null if it is neither.
Value arithmetic(const Node& node, const std::vector<Value>& inputs) {
  const ValueType& type = node.types[0];
  double a = 0, b = 0, result = 0;
  const bool one = type.shape.elements() == 1 && is_floating(type.dtype);
  const bool known = !inputs.empty() && constant_scalar(inputs[0], a);
  if (inputs.size() == 1 && one && known && compute(node, a, result)) return scalar_constant(result, type);
  if (inputs.size() != 2) return {};
  const bool second_known = constant_scalar(inputs[1], b);
  if (one && known && second_known && compute(node, a, b, result)) return scalar_constant(result, type);
  if (second_known && inputs[0].type() == type &&
      ((b == 1 && (op_as<Multiply>(node) || op_as<Divide>(node))) ||
       (b == 0 && (op_as<Add>(node) || op_as<Subtract>(node)))))
    return inputs[0];
  if (known && inputs[1].type() == type && ((a == 1 && op_as<Multiply>(node)) || (a == 0 && op_as<Add>(node))))
    return inputs[1];
  return {};
}

// An op that broadcasts by itself needs no operand spread out in memory first; null if none is.
Value unspread(const Node& node, const std::vector<Value>& given) {
  if (!op_as<Broadcasting>(node)) return {};
  std::vector<Value> inputs = given;
  bool changed = false;
  for (int i = 0; i < 2; ++i) {
    if (!op_as<BroadcastLike>(given[i]) || !(inputs[1 - i].shape() == node.types[0].shape)) continue;
    inputs[i] = given[i].node()->inputs[0];
    changed = true;
  }
  return changed ? Value(make_node(node.op, std::move(inputs))) : Value();
}

std::vector<Value> simplified(const Node& node, const std::vector<Value>& inputs) {
  if (node.kind != NodeKind::op) return {};
  if (does_nothing(node, inputs)) return {inputs[0]};
  for (const auto& rule : {shape_constant, arithmetic, unspread})
    if (const Value value = rule(node, inputs)) return {value};
  return {};
}

}  // namespace

Graph remove_identities(const Graph& graph) { return rewrite(graph, simplified); }

}  // namespace striate
