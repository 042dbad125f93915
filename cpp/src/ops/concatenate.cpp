#include "ops/concatenate.h"

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

// The shape of parts [first, last) of `inputs` joined along `axis`.
Shape joined_shape(std::string_view op, const std::vector<ValueType>& inputs, size_t first, size_t last, int axis) {
  Shape joined = inputs[first].shape;
  for (size_t i = first + 1; i < last; ++i) {
    const Shape& part = inputs[i].shape;
    STRIATE_CHECK(part.rank() == joined.rank() && compatible(part.with(axis, 0), joined.with(axis, 0)), shape, op,
                  "value ", i - first, " of shape ", part.text(), " does not join value 0 of shape ",
                  inputs[first].shape.text(), " along axis ", axis, ". Expected equal sizes on every other axis.");
    const bool known = joined[axis] != kUnknown && part[axis] != kUnknown;
    joined = refined(joined, part).with(axis, known ? joined[axis] + part[axis] : kUnknown);
  }
  return joined;
}

}  // namespace

std::vector<ValueType> Concatenate::infer(const std::vector<ValueType>& inputs) const {
  STRIATE_CHECK(!inputs.empty(), value, kName, "got no values. Expected at least one.");
  for (const ValueType& input : inputs) check_same_dtype(kName, "value 0", inputs[0], "another", input);
  const int along = normalize_axis(kName, axis, inputs[0].shape.rank());
  return {{inputs[0].dtype, joined_shape(kName, inputs, 0, inputs.size(), along)}};
}

std::vector<Value> Concatenate::gradient(const GradientArgs& args) const {
  std::vector<Value> result(args.inputs.size());
  std::vector<Value> joined_and_parts{args.output_gradients[0]};
  joined_and_parts.insert(joined_and_parts.end(), args.inputs.begin(), args.inputs.end());
  for (size_t i = 0; i < result.size(); ++i) {
    if (!args.needed[i]) continue;
    ConcatenatePart op;
    op.axis = axis;
    op.index = static_cast<int64_t>(i);
    result[i] = apply(std::move(op), joined_and_parts);
  }
  return result;
}

void Concatenate::lower(Lowering& lowering) const {
  if (lowering.input_count() == 1) return lowering.alias(0, 0);
  const Shape& y = lowering.output_type(0).shape;
  const int along = normalize_axis(kName, axis, y.rank());
  const Strides y_strides = contiguous_strides(y);
  int64_t at = 0;
  for (int i = 0; i < lowering.input_count(); ++i) {
    const Shape& part = lowering.input_type(i).shape;
    if (!lowering.is_placed(i))
      lower_copy(lowering, i, 0, {part, contiguous_strides(part), y_strides, 0, at * y_strides[along]});
    at += part[along];
  }
}

std::vector<ValueType> ConcatenatePart::infer(const std::vector<ValueType>& inputs) const {
  STRIATE_CHECK(inputs.size() >= 2, value, kName, "got ", inputs.size(), " inputs. Expected a value and its parts.");
  STRIATE_CHECK(index >= 0 && index + 1 < static_cast<int64_t>(inputs.size()), index, kName, "index ", index, " of ",
                inputs.size() - 1, " parts. Expected 0 to ", inputs.size() - 2, ".");
  const int along = normalize_axis(kName, axis, inputs[1].shape.rank());
  check_shape(kName, "joined", inputs[0], joined_shape(kName, inputs, 1, inputs.size(), along),
              "the shape of the parts joined");
  return {{inputs[0].dtype, inputs[index + 1].shape}};
}

std::vector<Value> ConcatenatePart::gradient(const GradientArgs& args) const {
  std::vector<Value> parts(args.inputs.begin() + 1, args.inputs.end());
  for (size_t i = 0; i < parts.size(); ++i)
    parts[i] = static_cast<int64_t>(i) == index ? args.output_gradients[0] : ops::zeros_like(parts[i]);
  std::vector<Value> result(args.inputs.size());
  result[0] = ops::concatenate(parts, axis);
  return result;
}

void ConcatenatePart::lower(Lowering& lowering) const {
  const Shape &joined = lowering.input_type(0).shape, &y = lowering.output_type(0).shape;
  if (joined == y) return lowering.alias(0, 0);
  const int along = normalize_axis(kName, axis, y.rank());
  int64_t at = 0;
  for (int64_t i = 0; i < index; ++i) at += lowering.input_type(static_cast<int>(i) + 1).shape[along];
  const Strides strides = contiguous_strides(joined);
  lower_copy(lowering, 0, 0, {y, strides, contiguous_strides(y), at * strides[along], 0});
}

namespace ops {

Value concatenate(const std::vector<Value>& values, int64_t axis) {
  Concatenate op;
  op.axis = axis;
  return apply(std::move(op), values);
}

}  // namespace ops
}  // namespace striate
