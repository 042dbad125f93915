#include "ops/pool.h"

#include <algorithm>

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "ops/window.h"
#include "striate/ops.h"

namespace striate {
namespace {

const std::vector<int64_t>& strides_of(const PoolAttributes& attributes) {
  return attributes.strides.empty() ? attributes.window : attributes.strides;
}

Placement place_pool(std::string_view op, const Shape& x, const PoolAttributes& attributes) {
  Windows windows;
  windows.size = attributes.window;
  windows.strides = strides_of(attributes);
  windows.padding = attributes.padding;
  windows.pad_lo = attributes.pad_lo;
  windows.pad_hi = attributes.pad_hi;
  windows.ceil_mode = attributes.ceil_mode;
  windows.strict = attributes.strict;
  const Placement placement = place_windows(op, x, windows);
  if (attributes.padding != "explicit") return placement;
  for (size_t i = 0; i < attributes.window.size(); ++i)  // else a window could hold nothing but padding
    STRIATE_CHECK(placement.lo[i] < attributes.window[i] && placement.hi[i] < attributes.window[i], value, op,
                  "padding ", tuple_text(placement.lo), " before and ", tuple_text(placement.hi),
                  " after is not smaller than the window ", tuple_text(attributes.window),
                  ". Expected less padding than the window on every axis, so that each window holds an element.");
  return placement;
}

template <class OpType, class Like>
OpType with_average_attributes(const Like& like) {
  OpType op = with_attributes<OpType>(like);
  op.count_include_pad = like.count_include_pad;
  return op;
}

}  // namespace

void PoolAttributes::visit(AttributeVisitor& visit) {
  visit("window", window);
  visit("strides", strides);
  visit("padding", padding);
  visit("pad_lo", pad_lo);
  visit("pad_hi", pad_hi);
  visit("ceil_mode", ceil_mode);
  visit("strict", strict);
}

ValueType PoolAttributes::infer_output(std::string_view op, const ValueType& x) const {
  check_floating(op, "x", x);
  std::vector<int64_t> sizes = place_pool(op, x.shape, *this).out;
  sizes.insert(sizes.begin(), x.shape[0]);
  sizes.push_back(x.shape.back());
  return {x.dtype, Shape(sizes)};
}

PoolShape PoolAttributes::shape(std::string_view op, const Shape& x) const {
  const Placement placement = place_pool(op, x, *this);
  PoolShape shape{};
  shape.n = x[0];
  shape.c = x.back();
  fill_axes(shape.in, {x.begin() + 1, x.end() - 1}, 1);
  fill_axes(shape.out, placement.out, 1);
  fill_axes(shape.window, window, 1);
  fill_axes(shape.stride, strides_of(*this), 1);
  fill_axes(shape.pad_lo, placement.lo, 0);
  fill_axes(shape.pad_hi, placement.hi, 0);
  return shape;
}

// One operation for each cell of each window, on whichever side is the pooled one.
template <class Derived>
Cost PoolBase<Derived>::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  int64_t cells = outputs[0].shape.elements();
  for (const ValueType& input : inputs) cells = std::min(cells, input.shape.elements());
  for (int64_t size : window) cells *= size;
  return streaming_cost(inputs, outputs, static_cast<double>(cells));
}

template struct PoolBase<MaxPool>;
template struct PoolBase<MaxPoolScatter>;
template struct PoolBase<MaxPoolGather>;
template struct PoolBase<AvgPool>;
template struct PoolBase<AvgPoolGradient>;

// --- max ---------------------------------------------------------------------------------------------------------

std::vector<ValueType> MaxPool::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {infer_output(kName, inputs[0])};
}

std::vector<Value> MaxPool::gradient(const GradientArgs& args) const {
  return {apply(with_attributes<MaxPoolScatter>(*this), {args.inputs[0], args.output_gradients[0]})};
}

void MaxPool::lower(Lowering& lowering) const {
  if (lowering.output_type(0).shape.elements() == 0) return;
  lowering.call(Family::pool, PoolFunction::max_forward, shape(kName, lowering.input_type(0).shape),
                {lowering.input(0)}, {lowering.output(0)});
}

std::vector<ValueType> MaxPoolScatter::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_same_dtype(kName, "x", inputs[0], "g", inputs[1]);
  check_shape(kName, "g", inputs[1], infer_output(kName, inputs[0]).shape, "the shape of max_pool(x)");
  return {inputs[0]};
}

// Where the maxima lie does not change with small changes of x.
std::vector<Value> MaxPoolScatter::gradient(const GradientArgs& args) const {
  return {Value(), apply(with_attributes<MaxPoolGather>(*this), {args.inputs[0], args.output_gradients[0]})};
}

void MaxPoolScatter::lower(Lowering& lowering) const {
  if (lowering.output_type(0).shape.elements() == 0) return;
  lowering.call(Family::pool, PoolFunction::max_scatter, shape(kName, lowering.input_type(0).shape),
                {lowering.input(0), lowering.input(1)}, {lowering.output(0)});
}

std::vector<ValueType> MaxPoolGather::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_same_dtype(kName, "x", inputs[0], "v", inputs[1]);
  check_shape(kName, "v", inputs[1], inputs[0].shape, "the shape of x");
  return {infer_output(kName, inputs[0])};
}

std::vector<Value> MaxPoolGather::gradient(const GradientArgs& args) const {
  return {Value(), apply(with_attributes<MaxPoolScatter>(*this), {args.inputs[0], args.output_gradients[0]})};
}

void MaxPoolGather::lower(Lowering& lowering) const {
  if (lowering.output_type(0).shape.elements() == 0) return;
  lowering.call(Family::pool, PoolFunction::max_gather, shape(kName, lowering.input_type(0).shape),
                {lowering.input(0), lowering.input(1)}, {lowering.output(0)});
}

// --- average -----------------------------------------------------------------------------------------------------

std::vector<ValueType> AvgPool::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {infer_output(kName, inputs[0])};
}

std::vector<Value> AvgPool::gradient(const GradientArgs& args) const {
  return {apply(with_average_attributes<AvgPoolGradient>(*this), {args.output_gradients[0], args.inputs[0]})};
}

void AvgPool::lower(Lowering& lowering) const {
  if (lowering.output_type(0).shape.elements() == 0) return;
  PoolShape pool = shape(kName, lowering.input_type(0).shape);
  pool.count_include_pad = count_include_pad;
  lowering.call(Family::pool, PoolFunction::avg_forward, pool, {lowering.input(0)}, {lowering.output(0)});
}

std::vector<ValueType> AvgPoolGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  const ValueType x{inputs[0].dtype, inputs[1].shape};
  check_shape(kName, "g", inputs[0], infer_output(kName, x).shape, "the shape of avg_pool(x_like)");
  return {x};
}

std::vector<Value> AvgPoolGradient::gradient(const GradientArgs& args) const {
  return {apply(with_average_attributes<AvgPool>(*this), {args.output_gradients[0]}), Value()};
}

void AvgPoolGradient::lower(Lowering& lowering) const {
  if (lowering.output_type(0).shape.elements() == 0) return;
  PoolShape pool = shape(kName, lowering.output_type(0).shape);
  pool.count_include_pad = count_include_pad;
  lowering.call(Family::pool, PoolFunction::avg_backward, pool, {lowering.input(0)}, {lowering.output(0)});
}

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {
namespace {

template <class OpType>
OpType pool_of(const PoolOptions& options) {
  return with_attributes<OpType>(PoolAttributes{options.window, options.strides, options.padding.mode,
                                                options.padding.lo, options.padding.hi, options.ceil_mode,
                                                options.strict});
}

}  // namespace

Value max_pool(const Value& x, const PoolOptions& options) { return apply(pool_of<MaxPool>(options), {x}); }

Value avg_pool(const Value& x, const PoolOptions& options) {
  AvgPool op = pool_of<AvgPool>(options);
  op.count_include_pad = options.count_include_pad;
  return apply(std::move(op), {x});
}

}  // namespace ops
}  // namespace striate
