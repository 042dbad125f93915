#include "ops/elementwise.h"

#include <algorithm>

#include "graph/node.h"
#include "ops/lowering.h"
#include "ops/strides.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {

// --- types and lowering ------------------------------------------------------------------------------------------

std::vector<ValueType> infer_unary(std::string_view op, const std::vector<ValueType>& inputs) {
  check_input_count(op, inputs, 1);
  check_floating(op, "x", inputs[0]);
  return {inputs[0]};
}

std::vector<ValueType> infer_binary(std::string_view op, const std::vector<ValueType>& inputs) {
  check_input_count(op, inputs, 2);
  check_same_dtype(op, "a", inputs[0], "b", inputs[1]);
  check_floating(op, "a", inputs[0]);
  return {{inputs[0].dtype, broadcast_shapes(op, inputs[0].shape, inputs[1].shape)}};
}

Cost elementwise_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) {
  return streaming_cost(inputs, outputs, static_cast<double>(outputs[0].shape.elements()));
}

void lower_unary(Lowering& lowering, UnaryOp op) {
  const int64_t n = lowering.output_type(0).shape.elements();
  if (n == 0) return;
  lowering
      .call(Family::elementwise, ElementwiseFunction::unary, UnaryShape{op, n}, {lowering.input(0)},
            {lowering.output(0)})
      .in_place = {{0, 0}};
}

void lower_binary(Lowering& lowering, BinaryOp op) {
  const Shape& y = lowering.output_type(0).shape;
  if (y.elements() == 0) return;
  const Shape &a = lowering.input_type(0).shape, &b = lowering.input_type(1).shape;
  const Walk walk = merged_walk(y, {broadcast_strides(a, y), broadcast_strides(b, y)});
  BinaryShape shape{};
  shape.op = op;
  shape.rank = walk.rank();
  std::copy(walk.size.begin(), walk.size.end(), shape.size);
  std::copy(walk.strides[0].begin(), walk.strides[0].end(), shape.stride_a);
  std::copy(walk.strides[1].begin(), walk.strides[1].end(), shape.stride_b);
  KernelCall& call = lowering.call(Family::elementwise, ElementwiseFunction::binary, shape,
                                   {lowering.input(0), lowering.input(1)}, {lowering.output(0)});
  if (a.elements() == y.elements()) call.in_place.push_back({0, 0});
  if (b.elements() == y.elements()) call.in_place.push_back({1, 0});
}

std::vector<ValueType> Where::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 3);
  check_same_dtype(kName, "a", inputs[1], "b", inputs[2]);
  check_same_dtype(kName, "a", inputs[1], "condition", inputs[0]);
  check_floating(kName, "a", inputs[1]);
  const Shape values = broadcast_shapes(kName, inputs[1].shape, inputs[2].shape);
  return {{inputs[1].dtype, broadcast_shapes(kName, inputs[0].shape, values)}};
}

void Where::lower(Lowering& lowering) const {
  const Shape& y = lowering.output_type(0).shape;
  if (y.elements() == 0) return;
  std::vector<Strides> strides;
  for (int i = 0; i < 3; ++i) strides.push_back(broadcast_strides(lowering.input_type(i).shape, y));
  const Walk walk = merged_walk(y, strides);
  WhereShape shape{};
  shape.rank = walk.rank();
  std::copy(walk.size.begin(), walk.size.end(), shape.size);
  std::copy(walk.strides[0].begin(), walk.strides[0].end(), shape.stride_c);
  std::copy(walk.strides[1].begin(), walk.strides[1].end(), shape.stride_a);
  std::copy(walk.strides[2].begin(), walk.strides[2].end(), shape.stride_b);
  KernelCall& call = lowering.call(Family::elementwise, ElementwiseFunction::where, shape,
                                   {lowering.input(0), lowering.input(1), lowering.input(2)}, {lowering.output(0)});
  for (int i = 0; i < 3; ++i)
    if (lowering.input_type(i).shape.elements() == y.elements()) call.in_place.push_back({i, 0});
}

// --- gradients ---------------------------------------------------------------------------------------------------

namespace {

using namespace ops;

Value number(double value, const Value& like) { return constant(Tensor::scalar(value, like.dtype())); }

// For binary ops: d/da and d/db before the sums over the axes along which a or b was repeated.
template <class DA, class DB>
std::vector<Value> binary_gradient(const GradientArgs& args, DA da, DB db) {
  std::vector<Value> result(2);
  if (args.needed[0]) result[0] = sum_to_like(da(), args.inputs[0]);
  if (args.needed[1]) result[1] = sum_to_like(db(), args.inputs[1]);
  return result;
}

}  // namespace

std::vector<Value> Negate::gradient(const GradientArgs& args) const { return {negate(args.output_gradients[0])}; }

std::vector<Value> Exp::gradient(const GradientArgs& args) const {
  return {multiply(args.output_gradients[0], args.outputs[0])};
}

std::vector<Value> Log::gradient(const GradientArgs& args) const {
  return {divide(args.output_gradients[0], args.inputs[0])};
}

std::vector<Value> Sqrt::gradient(const GradientArgs& args) const {
  return {divide(args.output_gradients[0], add(args.outputs[0], args.outputs[0]))};
}

std::vector<Value> Square::gradient(const GradientArgs& args) const {
  return {multiply(args.output_gradients[0], add(args.inputs[0], args.inputs[0]))};
}

std::vector<Value> Abs::gradient(const GradientArgs& args) const {
  return {multiply(args.output_gradients[0], sign(args.inputs[0]))};
}

std::vector<Value> Reciprocal::gradient(const GradientArgs& args) const {
  return {negate(multiply(args.output_gradients[0], square(args.outputs[0])))};
}

std::vector<Value> Relu::gradient(const GradientArgs& args) const {
  return {apply(ReluGradient(), {args.outputs[0], args.output_gradients[0]})};
}

std::vector<Value> Sigmoid::gradient(const GradientArgs& args) const {
  return {apply(SigmoidGradient(), {args.outputs[0], args.output_gradients[0]})};
}

std::vector<Value> Tanh::gradient(const GradientArgs& args) const {
  return {apply(TanhGradient(), {args.outputs[0], args.output_gradients[0]})};
}

std::vector<Value> Add::gradient(const GradientArgs& args) const {
  const Value& g = args.output_gradients[0];
  return binary_gradient(
      args, [&] { return g; }, [&] { return g; });
}

std::vector<Value> Subtract::gradient(const GradientArgs& args) const {
  const Value& g = args.output_gradients[0];
  return binary_gradient(
      args, [&] { return g; }, [&] { return negate(g); });
}

std::vector<Value> Multiply::gradient(const GradientArgs& args) const {
  const Value& g = args.output_gradients[0];
  return binary_gradient(
      args, [&] { return multiply(g, args.inputs[1]); }, [&] { return multiply(g, args.inputs[0]); });
}

std::vector<Value> Divide::gradient(const GradientArgs& args) const {
  const Value &g = args.output_gradients[0], &y = args.outputs[0], &b = args.inputs[1];
  return binary_gradient(
      args, [&] { return divide(g, b); }, [&] { return negate(divide(multiply(g, y), b)); });
}

// (a > b) + (a >= b) is 2, 1 or 0: twice the share of a, halves where both are equal.
std::vector<Value> Maximum::gradient(const GradientArgs& args) const {
  const Value &a = args.inputs[0], &b = args.inputs[1];
  const Value half = multiply(args.output_gradients[0], number(0.5, a));
  return binary_gradient(
      args, [&] { return multiply(half, add(greater(a, b), greater_equal(a, b))); },
      [&] { return multiply(half, add(less(a, b), less_equal(a, b))); });
}

std::vector<Value> Minimum::gradient(const GradientArgs& args) const {
  const Value &a = args.inputs[0], &b = args.inputs[1];
  const Value half = multiply(args.output_gradients[0], number(0.5, a));
  return binary_gradient(
      args, [&] { return multiply(half, add(less(a, b), less_equal(a, b))); },
      [&] { return multiply(half, add(greater(a, b), greater_equal(a, b))); });
}

// The derivative of step(y) * g is 0 in y.
std::vector<Value> ReluGradient::gradient(const GradientArgs& args) const {
  const Value& y = args.inputs[0];
  if (!args.needed[1]) return {Value(), Value()};
  return {Value(), sum_to_like(apply(ReluGradient(), {y, args.output_gradients[0]}), args.inputs[1])};
}

// d(g y (1 - y))/dy = g - 2 y g.
std::vector<Value> SigmoidGradient::gradient(const GradientArgs& args) const {
  const Value &y = args.inputs[0], &g = args.inputs[1], &outer = args.output_gradients[0];
  return binary_gradient(
      args,
      [&] {
        const Value product = multiply(outer, g);
        return subtract(product, multiply(add(y, y), product));
      },
      [&] {
        return apply(SigmoidGradient(), {y, outer});
      });
}

// d(g (1 - y y))/dy = -2 y g.
std::vector<Value> TanhGradient::gradient(const GradientArgs& args) const {
  const Value &y = args.inputs[0], &g = args.inputs[1], &outer = args.output_gradients[0];
  return binary_gradient(
      args, [&] { return negate(multiply(add(y, y), multiply(outer, g))); },
      [&] {
        return apply(TanhGradient(), {y, outer});
      });
}

std::vector<Value> Where::gradient(const GradientArgs& args) const {
  const Value &condition = args.inputs[0], &g = args.output_gradients[0];
  const Value zero = number(0, g);
  std::vector<Value> result(3);
  if (args.needed[1]) result[1] = sum_to_like(ops::where(condition, g, zero), args.inputs[1]);
  if (args.needed[2]) result[2] = sum_to_like(ops::where(condition, zero, g), args.inputs[2]);
  return result;
}

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {

Value add(const Value& a, const Value& b) { return apply(Add(), {a, b}); }
Value subtract(const Value& a, const Value& b) { return apply(Subtract(), {a, b}); }
Value multiply(const Value& a, const Value& b) { return apply(Multiply(), {a, b}); }
Value divide(const Value& a, const Value& b) { return apply(Divide(), {a, b}); }
Value maximum(const Value& a, const Value& b) { return apply(Maximum(), {a, b}); }
Value minimum(const Value& a, const Value& b) { return apply(Minimum(), {a, b}); }
Value equal(const Value& a, const Value& b) { return apply(Equal(), {a, b}); }
Value not_equal(const Value& a, const Value& b) { return apply(NotEqual(), {a, b}); }
Value less(const Value& a, const Value& b) { return apply(Less(), {a, b}); }
Value less_equal(const Value& a, const Value& b) { return apply(LessEqual(), {a, b}); }
Value greater(const Value& a, const Value& b) { return apply(Greater(), {a, b}); }
Value greater_equal(const Value& a, const Value& b) { return apply(GreaterEqual(), {a, b}); }
Value where(const Value& condition, const Value& a, const Value& b) {
  return apply(Where(), {cast(condition, a.dtype()), a, b});
}
Value negate(const Value& x) { return apply(Negate(), {x}); }
Value exp(const Value& x) { return apply(Exp(), {x}); }
Value log(const Value& x) { return apply(Log(), {x}); }
Value sqrt(const Value& x) { return apply(Sqrt(), {x}); }
Value square(const Value& x) { return apply(Square(), {x}); }
Value abs(const Value& x) { return apply(Abs(), {x}); }
Value reciprocal(const Value& x) { return apply(Reciprocal(), {x}); }
Value sign(const Value& x) { return apply(Sign(), {x}); }
Value relu(const Value& x) { return apply(Relu(), {x}); }
Value sigmoid(const Value& x) { return apply(Sigmoid(), {x}); }
Value tanh(const Value& x) { return apply(Tanh(), {x}); }

}  // namespace ops
}  // namespace striate
