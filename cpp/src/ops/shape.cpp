#include "ops/shape.h"

#include <algorithm>

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {

// --- reshape -----------------------------------------------------------------------------------------------------

std::vector<ValueType> Reshape::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  const Shape& x = inputs[0].shape;
  // A size copied by 0 stands on both sides, so it cancels even when it is unknown.
  std::vector<int64_t> sizes = shape;
  std::vector<bool> cancels(x.rank());
  int64_t listed = 1;
  int rest = -1;
  for (int i = 0; i < static_cast<int>(sizes.size()); ++i) {
    if (sizes[i] == 0) {
      STRIATE_CHECK(i < x.rank(), value, kName, "shape=", tuple_text(shape), " keeps axis ", i,
                    " of x.shape=", x.text(), ", which has ", x.rank(), " axes. Expected 0 only where x has an axis.");
      sizes[i] = x[i];
      cancels[i] = true;
    } else if (sizes[i] == -1) {
      STRIATE_CHECK(rest < 0, value, kName, "shape=", tuple_text(shape),
                    " has more than one -1. Expected at most one.");
      rest = i;
    } else {
      STRIATE_CHECK(sizes[i] > 0, value, kName, "shape=", tuple_text(shape), " has the size ", sizes[i],
                    ". Expected positive sizes, 0 or -1.");
      STRIATE_CHECK(!__builtin_mul_overflow(listed, sizes[i], &listed), shape, kName, "shape=", tuple_text(shape),
                    " has more elements than memory could ever hold. Check the sizes.");
    }
  }
  int64_t left = 1;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (!cancels[axis]) left = left == kUnknown || x[axis] == kUnknown ? kUnknown : left * x[axis];
  if (left == kUnknown) {
    if (rest >= 0) sizes[rest] = kUnknown;
    return {{inputs[0].dtype, Shape(sizes)}};
  }
  STRIATE_CHECK(rest >= 0 ? left % listed == 0 : left == listed, shape, kName, "x.shape=", x.text(),
                " cannot become shape=", tuple_text(shape), ": ", left, " elements do not ",
                rest >= 0 ? "divide by " : "make ", listed, ". Expected the same number of elements.");
  if (rest >= 0) sizes[rest] = left / listed;
  return {{inputs[0].dtype, Shape(sizes)}};
}

std::vector<Value> Reshape::gradient(const GradientArgs& args) const {
  return {ops::reshape_like(args.output_gradients[0], args.inputs[0])};
}

void Reshape::lower(Lowering& lowering) const { lowering.alias(0, 0); }

std::vector<ValueType> ReshapeLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  const Shape &x = inputs[0].shape, &like = inputs[1].shape;
  STRIATE_CHECK(!x.known() || !like.known() || x.elements() == like.elements(), shape, kName, "x.shape=", x.text(),
                " cannot become ", like.text(), ". Expected the same number of elements.");
  return {{inputs[0].dtype, like}};
}

std::vector<Value> ReshapeLike::gradient(const GradientArgs& args) const {
  return {ops::reshape_like(args.output_gradients[0], args.inputs[0]), Value()};
}

void ReshapeLike::lower(Lowering& lowering) const { lowering.alias(0, 0); }

std::vector<ValueType> ExpandDims::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  const Shape& x = inputs[0].shape;
  std::vector<int64_t> sizes(x.begin(), x.end());
  for (size_t i = 0; i < axes.size(); ++i) {
    STRIATE_CHECK(axes[i] >= 0 && axes[i] <= static_cast<int64_t>(sizes.size()) && (i == 0 || axes[i] > axes[i - 1]),
                  index, kName, "axes=", tuple_text(axes), " do not fit x.shape=", x.text(),
                  ". Expected ascending axes of the result.");
    sizes.insert(sizes.begin() + axes[i], 1);
  }
  return {{inputs[0].dtype, Shape(sizes)}};
}

std::vector<Value> ExpandDims::gradient(const GradientArgs& args) const {
  return {ops::reshape_like(args.output_gradients[0], args.inputs[0])};
}

void ExpandDims::lower(Lowering& lowering) const { lowering.alias(0, 0); }

Value expand_dims(const Value& x, const std::vector<int64_t>& axes) {
  if (axes.empty()) return x;
  ExpandDims op;
  op.axes = axes;
  return apply(std::move(op), {x});
}

// --- transpose ---------------------------------------------------------------------------------------------------

namespace {

// Error(value) unless `axes` is a permutation of all axes of x.
std::vector<int> permutation_of(const std::vector<int64_t>& axes, const Shape& x) {
  std::vector<int> order;
  std::vector<bool> seen(x.rank());
  bool is_permutation = static_cast<int>(axes.size()) == x.rank();
  for (size_t i = 0; is_permutation && i < axes.size(); ++i) {
    order.push_back(normalize_axis(Transpose::kName, axes[i], x.rank()));
    is_permutation = !seen[order.back()];
    seen[order.back()] = true;
  }
  STRIATE_CHECK(is_permutation, value, Transpose::kName, "axes=", tuple_text(axes),
                " do not name each axis of x.shape=", x.text(), " once. Expected a permutation of 0 to ", x.rank() - 1,
                ".");
  return order;
}

}  // namespace

std::vector<ValueType> Transpose::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  const Shape& x = inputs[0].shape;
  std::vector<int64_t> sizes;
  for (int axis : permutation_of(axes, x)) sizes.push_back(x[axis]);
  return {{inputs[0].dtype, Shape(sizes)}};
}

std::vector<Value> Transpose::gradient(const GradientArgs& args) const {
  const std::vector<int> order = permutation_of(axes, args.inputs[0].shape());
  std::vector<int64_t> inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = static_cast<int64_t>(i);
  return {ops::transpose(args.output_gradients[0], inverse)};
}

void Transpose::lower(Lowering& lowering) const {
  const Shape &x = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  const Strides own = contiguous_strides(x);
  CopyPlan plan{y, {}, contiguous_strides(y)};
  bool moves = false;  // axes of size 1 may move without moving an element
  int last = -1;
  for (int axis : permutation_of(axes, x)) {
    plan.x_strides.push_back(own[axis]);
    if (x[axis] == 1) continue;
    moves |= axis < last;
    last = axis;
  }
  if (!moves) return lowering.alias(0, 0);
  lower_copy(lowering, 0, 0, plan);
}

// --- what shapes alone decide --------------------------------------------------------------------------------------

void SizeOf::attributes(AttributeVisitor& visit) {
  visit("axis", axis);
  visit_dtype(visit, dtype);
}

std::vector<ValueType> SizeOf::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  normalize_axis(kName, axis, inputs[0].shape.rank());
  return {{dtype, Shape{}}};
}

void SizeOf::lower(Lowering& lowering) const {
  const Shape& x = lowering.input_type(0).shape;
  lower_fill(lowering, 0, static_cast<double>(x[normalize_axis(kName, axis, x.rank())]));
}

void CountLike::attributes(AttributeVisitor& visit) { visit_dtype(visit, dtype); }

std::vector<ValueType> CountLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {{dtype, Shape{}}};
}

void CountLike::lower(Lowering& lowering) const {
  lower_fill(lowering, 0, static_cast<double>(lowering.input_type(0).shape.elements()));
}

std::vector<ValueType> ZerosLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {inputs[0]};
}

void ZerosLike::lower(Lowering& lowering) const { lower_fill(lowering, 0, 0); }

std::vector<ValueType> OnesLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {inputs[0]};
}

void OnesLike::lower(Lowering& lowering) const { lower_fill(lowering, 0, 1); }

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {

Value reshape(const Value& x, const std::vector<int64_t>& shape) {
  Reshape op;
  op.shape = shape;
  return apply(std::move(op), {x});
}

Value reshape_like(const Value& x, const Value& like) { return apply(ReshapeLike(), {x, like}); }

Value transpose(const Value& x, const std::vector<int64_t>& axes) {
  Transpose op;
  op.axes = axes;
  return apply(std::move(op), {x});
}

Value size_of(const Value& x, int64_t axis, DType dtype) {
  SizeOf op;
  op.axis = axis;
  op.dtype = dtype;
  return apply(std::move(op), {x});
}

Value count_like(const Value& x, DType dtype) {
  CountLike op;
  op.dtype = dtype;
  return apply(std::move(op), {x});
}

Value zeros_like(const Value& x) { return apply(ZerosLike(), {x}); }
Value ones_like(const Value& x) { return apply(OnesLike(), {x}); }

}  // namespace ops
}  // namespace striate
