#include "ops/pad.h"

#include <algorithm>

#include "graph/node.h"
#include "kernels/layout.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

void check_margins(std::string_view op, const Shape& x, const std::vector<int64_t>& lo,
                   const std::vector<int64_t>& hi) {
  for (const auto* margins : {&lo, &hi}) {
    const char* name = margins == &lo ? "lo" : "hi";
    STRIATE_CHECK(static_cast<int>(margins->size()) == x.rank(), value, op, name, "=", tuple_text(*margins), " has ",
                  margins->size(), " entries for the ", x.rank(), " axes of x.shape=", x.text(),
                  ". Expected one each.");
    check_range(op, name, *margins, 0);
  }
}

PadMode pad_mode(std::string_view op, const std::string& mode) {
  if (mode == "constant") return PadMode::constant;
  if (mode == "replicate") return PadMode::replicate;
  if (mode == "reflect") return PadMode::reflect;
  fail(ErrorKind::value, op, "mode=\"", mode, "\" is unknown. Expected constant, replicate or reflect.");
}

// x less its margins; at least one cell must be left on each axis.
Shape cropped_shape(std::string_view op, const Shape& x, const std::vector<int64_t>& lo,
                    const std::vector<int64_t>& hi) {
  Shape cropped = x;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x[axis] == kUnknown || lo[axis] + hi[axis] == 0) continue;
    const int64_t size = x[axis] - lo[axis] - hi[axis];
    STRIATE_CHECK(size >= 1, shape, op, "nothing is left of axis ", axis, ": ", x[axis], " - ", lo[axis], " - ",
                  hi[axis], " = ", size, ", x.shape=", x.text(), ". Crop less: at most ", x[axis] - 1, " in all.");
    cropped = cropped.with(axis, size);
  }
  return cropped;
}

// Replicating needs an element to copy, reflecting needs more elements than it mirrors.
void check_reach(std::string_view op, const Shape& x, PadMode mode, const std::vector<int64_t>& lo,
                 const std::vector<int64_t>& hi) {
  if (mode == PadMode::constant) return;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const int64_t reach = std::max(lo[axis], hi[axis]);
    const int64_t least = reach == 0 ? 0 : mode == PadMode::reflect ? reach + 1 : 1;
    STRIATE_CHECK(x[axis] == kUnknown || x[axis] >= least, shape, op, "axis ", axis, " of x.shape=", x.text(),
                  " is too short to pad by ", lo[axis], " and ", hi[axis], " in mode ",
                  mode == PadMode::reflect ? "\"reflect\"" : "\"replicate\"", ". Expected a size of at least ", least,
                  ", or use mode \"constant\".");
  }
}

PadShape pad_shape(const Shape& x, PadMode mode, double value, const std::vector<int64_t>& lo,
                   const std::vector<int64_t>& hi) {
  PadShape shape{};
  shape.mode = mode;
  shape.value = value;
  shape.rank = x.rank();
  std::copy(x.begin(), x.end(), shape.size);
  std::copy(lo.begin(), lo.end(), shape.lo);
  std::copy(hi.begin(), hi.end(), shape.hi);
  return shape;
}

int64_t offset_of(const std::vector<int64_t>& lo, const Strides& strides) {
  int64_t offset = 0;
  for (size_t axis = 0; axis < lo.size(); ++axis) offset += lo[axis] * strides[axis];
  return offset;
}

}  // namespace

// --- pad ---------------------------------------------------------------------------------------------------------

std::vector<ValueType> Pad::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  const Shape& x = inputs[0].shape;
  check_margins(kName, x, lo, hi);
  const PadMode kind = pad_mode(kName, mode);
  if (kind != PadMode::constant) check_floating(kName, "x", inputs[0]);
  check_reach(kName, x, kind, lo, hi);
  Shape y = x;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (x[axis] != kUnknown) y = y.with(axis, x[axis] + lo[axis] + hi[axis]);
  return {{inputs[0].dtype, y}};
}

std::vector<Value> Pad::gradient(const GradientArgs& args) const {
  if (mode == "constant") return {ops::crop(args.output_gradients[0], lo, hi)};
  PadGradient op;
  op.lo = lo;
  op.hi = hi;
  op.mode = mode;
  return {apply(std::move(op), {args.output_gradients[0]})};
}

void Pad::lower(Lowering& lowering) const {
  const Shape &x = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  if (x == y) return lowering.alias(0, 0);
  if (y.elements() == 0) return;
  if (!is_floating(lowering.input_type(0).dtype) || x.rank() == 0 || x.elements() == 0) {
    lower_fill(lowering, 0, value);
    const Strides y_strides = contiguous_strides(y);
    return lower_copy(lowering, 0, 0, {x, contiguous_strides(x), y_strides, 0, offset_of(lo, y_strides)});
  }
  lowering.call(Family::layout, LayoutFunction::pad, pad_shape(x, pad_mode(kName, mode), value, lo, hi),
                {lowering.input(0)}, {lowering.output(0)});
}

std::vector<ValueType> PadGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  check_floating(kName, "gy", inputs[0]);
  const PadMode kind = pad_mode(kName, mode);
  STRIATE_CHECK(kind != PadMode::constant, value, kName,
                "mode=\"constant\". Expected replicate or reflect; crop instead.");
  check_margins(kName, inputs[0].shape, lo, hi);
  const Shape x = cropped_shape(kName, inputs[0].shape, lo, hi);
  check_reach(kName, x, kind, lo, hi);
  return {{inputs[0].dtype, x}};
}

std::vector<Value> PadGradient::gradient(const GradientArgs& args) const {
  return {ops::pad(args.output_gradients[0], lo, hi, mode)};
}

void PadGradient::lower(Lowering& lowering) const {
  const Shape &gy = lowering.input_type(0).shape, &gx = lowering.output_type(0).shape;
  if (gy == gx) return lowering.alias(0, 0);
  if (gx.elements() == 0) return;
  lowering.call(Family::layout, LayoutFunction::pad_gradient, pad_shape(gx, pad_mode(kName, mode), 0, lo, hi),
                {lowering.input(0)}, {lowering.output(0)});
}

// --- crop --------------------------------------------------------------------------------------------------------

std::vector<ValueType> Crop::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  check_margins(kName, inputs[0].shape, lo, hi);
  return {{inputs[0].dtype, cropped_shape(kName, inputs[0].shape, lo, hi)}};
}

std::vector<Value> Crop::gradient(const GradientArgs& args) const {
  return {ops::pad(args.output_gradients[0], lo, hi)};
}

void Crop::lower(Lowering& lowering) const {
  const Shape &x = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  if (x == y) return lowering.alias(0, 0);
  const Strides strides = contiguous_strides(x);
  lower_copy(lowering, 0, 0, {y, strides, contiguous_strides(y), offset_of(lo, strides), 0});
}

namespace ops {

Value pad(const Value& x, const std::vector<int64_t>& lo, const std::vector<int64_t>& hi, const std::string& mode,
          double value) {
  Pad op;
  op.lo = lo;
  op.hi = hi;
  op.mode = mode;
  op.value = value;
  return apply(std::move(op), {x});
}

Value crop(const Value& x, const std::vector<int64_t>& lo, const std::vector<int64_t>& hi) {
  Crop op;
  op.lo = lo;
  op.hi = hi;
  return apply(std::move(op), {x});
}

}  // namespace ops
}  // namespace striate
