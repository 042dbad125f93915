#include "ops/reduction.h"

#include "graph/node.h"
#include "ops/lowering.h"
#include "ops/shape.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

// Neighbouring axes that are all kept or all reduced, merged.
struct Run {
  int64_t size;
  bool reduced;
};

std::vector<Run> merged_runs(const Shape& x, const std::vector<bool>& reduced) {
  std::vector<Run> runs;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x[axis] == 1) continue;
    if (!runs.empty() && runs.back().reduced == reduced[axis])
      runs.back().size *= x[axis];
    else
      runs.push_back({x[axis], reduced[axis]});
  }
  return runs;
}

ReduceShape reduce_shape(const std::vector<Run>& runs, size_t at) {
  ReduceShape shape{1, runs[at].size, 1};
  for (size_t i = 0; i < at; ++i) shape.outer *= runs[i].size;
  for (size_t i = at + 1; i < runs.size(); ++i) shape.inner *= runs[i].size;
  return shape;
}

// The largest reduced run first: what follows is small then.
size_t largest_reduced(const std::vector<Run>& runs) {
  size_t best = runs.size();
  for (size_t i = 0; i < runs.size(); ++i)
    if (runs[i].reduced && (best == runs.size() || runs[i].size > runs[best].size)) best = i;
  return best;
}

void check_not_empty(std::string_view op, const Shape& x, const std::vector<int>& axes) {
  for (int axis : axes)
    STRIATE_CHECK(x[axis] != 0, shape, op, "axis ", axis, " is empty: x.shape=", x.text(),
                  ". Expected at least one element to reduce over. Leave out empty batches.");
}

}  // namespace

void lower_reduction(Lowering& lowering, ReduceFunction function, const std::vector<bool>& reduced) {
  const ValueType& y = lowering.output_type(0);
  if (y.shape.elements() == 0) return;
  std::vector<Run> runs = merged_runs(lowering.input_type(0).shape, reduced);
  size_t at = largest_reduced(runs);
  if (at == runs.size()) return lowering.alias(0, 0);
  for (BufferId source = lowering.input(0); at < runs.size();) {
    const ReduceShape shape = reduce_shape(runs, at);
    runs.erase(runs.begin() + at);
    at = largest_reduced(runs);
    const bool is_last = at == runs.size();
    const BufferId target =
        is_last ? lowering.output(0) : lowering.temporary(shape.outer * shape.inner * dtype_bytes(y.dtype));
    lowering.call(Family::reduce, function, shape, {source}, {target});
    source = target;
  }
}

template <class Derived>
std::vector<ValueType> Reduction<Derived>::infer(const std::vector<ValueType>& inputs) const {
  constexpr std::string_view op = Derived::kName;
  check_input_count(op, inputs, 1);
  check_floating(op, "x", inputs[0]);
  const Shape& x = inputs[0].shape;
  const std::vector<int> over = normalize_axes(op, axes, x.rank());
  check_not_empty(op, x, over);
  std::vector<int64_t> sizes(x.begin(), x.end());
  for (auto axis = over.rbegin(); axis != over.rend(); ++axis) {
    if (keepdims)
      sizes[*axis] = 1;
    else
      sizes.erase(sizes.begin() + *axis);
  }
  return {{inputs[0].dtype, Shape(sizes)}};
}

template <class Derived>
void Reduction<Derived>::lower(Lowering& lowering) const {
  const int rank = lowering.input_type(0).shape.rank();
  std::vector<bool> reduced(rank);
  for (int axis : normalize_axes(Derived::kName, axes, rank)) reduced[axis] = true;
  lower_reduction(lowering, Derived::kKernel, reduced);
}

template <class Derived>
Cost Reduction<Derived>::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, static_cast<double>(inputs[0].shape.elements()));
}

template <class Derived>
Value Reduction<Derived>::with_reduced_axes(const Value& y, const Value& x) const {
  if (keepdims) return y;
  const std::vector<int> over = normalize_axes(Derived::kName, axes, x.rank());
  return expand_dims(y, std::vector<int64_t>(over.begin(), over.end()));
}

template struct Reduction<Sum>;
template struct Reduction<Mean>;
template struct Reduction<Max>;
template struct Reduction<Min>;

// --- gradients ---------------------------------------------------------------------------------------------------

namespace {

using namespace ops;

// g where x holds the extreme of its group, shared equally by ties.
Value share_among_ties(const Value& x, const Value& y, const Value& g, const std::vector<int64_t>& axes) {
  const Value tied = equal(x, y);
  return multiply(tied, divide(g, sum(tied, axes, /*keepdims=*/true)));
}

}  // namespace

std::vector<Value> Sum::gradient(const GradientArgs& args) const {
  const Value& x = args.inputs[0];
  return {broadcast_like(with_reduced_axes(args.output_gradients[0], x), x)};
}

std::vector<Value> Mean::gradient(const GradientArgs& args) const {
  const Value &x = args.inputs[0], &g = args.output_gradients[0];
  const Value share = divide(count_like(g, g.dtype()), count_like(x, g.dtype()));
  return {broadcast_like(with_reduced_axes(multiply(g, share), x), x)};
}

std::vector<Value> Max::gradient(const GradientArgs& args) const {
  const Value& x = args.inputs[0];
  return {
      share_among_ties(x, with_reduced_axes(args.outputs[0], x), with_reduced_axes(args.output_gradients[0], x), axes)};
}

std::vector<Value> Min::gradient(const GradientArgs& args) const {
  const Value& x = args.inputs[0];
  return {
      share_among_ties(x, with_reduced_axes(args.outputs[0], x), with_reduced_axes(args.output_gradients[0], x), axes)};
}

// --- argmax ------------------------------------------------------------------------------------------------------

std::vector<ValueType> Argmax::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  check_floating(kName, "x", inputs[0]);
  const Shape& x = inputs[0].shape;
  const int over = normalize_axis(kName, axis, x.rank());
  check_not_empty(kName, x, {over});
  std::vector<int64_t> sizes(x.begin(), x.end());
  sizes.erase(sizes.begin() + over);
  return {{DType::int64, Shape(sizes)}};
}

void Argmax::lower(Lowering& lowering) const {
  const ValueType& x = lowering.input_type(0);
  if (x.shape.elements() == 0) return;
  const int over = normalize_axis(kName, axis, x.shape.rank());
  const ReduceShape shape{x.shape.product(0, over), x.shape[over], x.shape.product(over + 1, x.shape.rank())};
  lowering.call(Family::reduce, ReduceFunction::argmax, shape, {lowering.input(0)}, {lowering.output(0)});
}

Cost Argmax::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, static_cast<double>(inputs[0].shape.elements()));
}

namespace ops {

namespace {

template <class OpType>
Value reduce(const Value& x, const std::vector<int64_t>& axes, bool keepdims) {
  OpType op;
  op.axes = axes;
  op.keepdims = keepdims;
  return apply(std::move(op), {x});
}

}  // namespace

Value sum(const Value& x, const std::vector<int64_t>& axes, bool keepdims) { return reduce<Sum>(x, axes, keepdims); }
Value mean(const Value& x, const std::vector<int64_t>& axes, bool keepdims) { return reduce<Mean>(x, axes, keepdims); }
Value max(const Value& x, const std::vector<int64_t>& axes, bool keepdims) { return reduce<Max>(x, axes, keepdims); }
Value min(const Value& x, const std::vector<int64_t>& axes, bool keepdims) { return reduce<Min>(x, axes, keepdims); }

Value argmax(const Value& x, int64_t axis) {
  Argmax op;
  op.axis = axis;
  return apply(std::move(op), {x});
}

}  // namespace ops
}  // namespace striate
