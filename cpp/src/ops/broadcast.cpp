#include "ops/broadcast.h"

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/reduction.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {

std::vector<ValueType> BroadcastLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  const Shape &x = inputs[0].shape, &like = inputs[1].shape;
  STRIATE_CHECK(broadcasts_to(x, like), shape, kName, "x.shape=", x.text(), " does not broadcast to ", like.text(),
                ". Expected equal sizes, or 1 in x, counted from the last axis.");
  return {{inputs[0].dtype, broadcast_shapes(kName, x, like)}};
}

std::vector<Value> BroadcastLike::gradient(const GradientArgs& args) const {
  return {ops::sum_to_like(args.output_gradients[0], args.inputs[0]), Value()};
}

void BroadcastLike::lower(Lowering& lowering) const {
  const Shape &x = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  if (x.elements() == y.elements()) return lowering.alias(0, 0);
  lower_copy(lowering, 0, 0, {y, broadcast_strides(x, y), contiguous_strides(y)});
}

std::vector<ValueType> SumToLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_floating(kName, "x", inputs[0]);
  const Shape &x = inputs[0].shape, &like = inputs[1].shape;
  STRIATE_CHECK(broadcasts_to(like, x), shape, kName, "like.shape=", like.text(),
                " does not broadcast to x.shape=", x.text(),
                ". Expected equal sizes, or 1 in like, counted from the last axis.");
  return {{inputs[0].dtype, like}};
}

std::vector<Value> SumToLike::gradient(const GradientArgs& args) const {
  return {ops::broadcast_like(args.output_gradients[0], args.inputs[0]), Value()};
}

void SumToLike::lower(Lowering& lowering) const {
  const Shape &x = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  if (x.elements() == 0 && y.elements() > 0) return lower_fill(lowering, 0, 0);  // the sum over no samples
  std::vector<bool> reduced(x.rank());
  const int missing = x.rank() - y.rank();
  for (int axis = 0; axis < x.rank(); ++axis) reduced[axis] = axis < missing || y[axis - missing] != x[axis];
  lower_reduction(lowering, ReduceFunction::sum, reduced);
}

Cost SumToLike::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost({inputs[0]}, outputs, static_cast<double>(inputs[0].shape.elements()));
}

namespace ops {

Value broadcast_like(const Value& x, const Value& like) { return apply(BroadcastLike(), {x, like}); }
Value sum_to_like(const Value& x, const Value& like) { return apply(SumToLike(), {x, like}); }

}  // namespace ops
}  // namespace striate
