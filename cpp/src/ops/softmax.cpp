#include "ops/softmax.h"

#include <numeric>

#include "graph/node.h"
#include "kernels/softmax.h"
#include "ops/lowering.h"
#include "ops/shape.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

void check_rows(std::string_view op, const ValueType& x) {
  check_floating(op, "x", x);
  STRIATE_CHECK(x.shape.rank() >= 1 && x.shape.back() != 0, shape, op, "x.shape=", x.shape.text(),
                " has no last axis to work along. Expected (rows..., classes).");
}

Shape without_last(const Shape& x) { return Shape(x.sizes().first(x.rank() - 1)); }

SoftmaxShape softmax_shape(const Shape& x) { return {x.product(0, x.rank() - 1), x.back()}; }

// About 10 operations an element: the maximum, the exponential, the sum and the division.
Cost softmax_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) {
  return streaming_cost(inputs, outputs, 10.0 * static_cast<double>(inputs[0].shape.elements()));
}

void check_labels(std::string_view op, const ValueType& x, const ValueType& labels, double clip) {
  check_rows(op, x);
  if (labels.dtype == DType::int32) {
    check_shape(op, "labels", labels, without_last(x.shape), "one class number for each row of x");
  } else {
    check_same_dtype(op, "x", x, "labels", labels);
    check_shape(op, "labels", labels, x.shape, "one probability for each element of x");
  }
  STRIATE_CHECK(clip > 0 && clip < 0.5, value, op, "clip=", clip, ". Expected a small positive number, such as 1e-7.");
}

CrossEntropyShape cross_entropy_shape(const Lowering& lowering, bool from_logits, double clip) {
  const SoftmaxShape rows = softmax_shape(lowering.input_type(0).shape);
  CrossEntropyShape shape{};
  shape.rows = rows.rows;
  shape.n = rows.n;
  shape.sparse = lowering.input_type(1).dtype == DType::int32;
  shape.from_logits = from_logits;
  shape.clip = clip;
  return shape;
}

}  // namespace

// --- softmax -----------------------------------------------------------------------------------------------------

std::vector<ValueType> Softmax::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  check_rows(kName, inputs[0]);
  return {inputs[0]};
}

std::vector<Value> Softmax::gradient(const GradientArgs& args) const {
  return {apply(SoftmaxGradient(), {args.outputs[0], args.output_gradients[0]})};
}

void Softmax::lower(Lowering& lowering) const {
  const SoftmaxShape shape = softmax_shape(lowering.input_type(0).shape);
  if (shape.rows == 0) return;
  lowering.call(Family::softmax, SoftmaxFunction::forward, shape, {lowering.input(0)}, {lowering.output(0)});
}

Cost Softmax::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return softmax_cost(inputs, outputs);
}

std::vector<ValueType> SoftmaxGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_rows(kName, inputs[0]);
  check_same_dtype(kName, "y", inputs[0], "gy", inputs[1]);
  check_shape(kName, "gy", inputs[1], inputs[0].shape, "the shape of y");
  return {{inputs[0].dtype, refined(inputs[0].shape, inputs[1].shape)}};
}

std::vector<Value> SoftmaxGradient::gradient(const GradientArgs&) const {
  fail(ErrorKind::value, kName, "is not twice differentiable. Use exp(log_softmax(x)), which is.");
}

void SoftmaxGradient::lower(Lowering& lowering) const {
  const SoftmaxShape shape = softmax_shape(lowering.input_type(0).shape);
  if (shape.rows == 0) return;
  lowering
      .call(Family::softmax, SoftmaxFunction::backward, shape, {lowering.input(0), lowering.input(1)},
            {lowering.output(0)})
      .in_place = {{1, 0}};
}

Cost SoftmaxGradient::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, 4.0 * static_cast<double>(inputs[0].shape.elements()));
}

std::vector<ValueType> LogSoftmax::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  check_rows(kName, inputs[0]);
  return {inputs[0]};
}

std::vector<Value> LogSoftmax::gradient(const GradientArgs& args) const {
  const Value &y = args.outputs[0], &g = args.output_gradients[0];
  return {ops::subtract(g, ops::multiply(ops::exp(y), ops::sum(g, {-1}, /*keepdims=*/true)))};
}

void LogSoftmax::lower(Lowering& lowering) const {
  const SoftmaxShape shape = softmax_shape(lowering.input_type(0).shape);
  if (shape.rows == 0) return;
  lowering.call(Family::softmax, SoftmaxFunction::log_forward, shape, {lowering.input(0)}, {lowering.output(0)});
}

Cost LogSoftmax::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return softmax_cost(inputs, outputs);
}

// --- cross-entropy -----------------------------------------------------------------------------------------------

std::vector<ValueType> CrossEntropy::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_labels(kName, inputs[0], inputs[1], clip);
  return {{inputs[0].dtype, without_last(inputs[0].shape)}};
}

std::vector<Value> CrossEntropy::gradient(const GradientArgs& args) const {
  using namespace ops;
  const Value &x = args.inputs[0], &labels = args.inputs[1], &g = args.output_gradients[0];
  std::vector<Value> result(2);
  if (args.needed[0]) {
    CrossEntropyGradient op;
    op.from_logits = from_logits;
    op.clip = clip;
    result[0] = apply(std::move(op), {x, labels, g});
  }
  if (args.needed[1] && is_floating(labels.dtype())) {  // the loss is linear in the labels
    const auto number = [&](double value) { return constant(Tensor::scalar(value, x.dtype())); };
    const Value log_q =
        from_logits
            ? ops::log_softmax(x)
            : ops::log(minimum(maximum(divide(x, sum(x, {-1}, /*keepdims=*/true)), number(clip)), number(1 - clip)));
    result[1] = negate(multiply(log_q, expand_dims(g, {g.rank()})));
  }
  return result;
}

void CrossEntropy::lower(Lowering& lowering) const {
  const CrossEntropyShape shape = cross_entropy_shape(lowering, from_logits, clip);
  if (shape.rows == 0) return;
  lowering.call(Family::softmax, SoftmaxFunction::cross_entropy, shape, {lowering.input(0), lowering.input(1)},
                {lowering.output(0)});
}

Cost CrossEntropy::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return softmax_cost(inputs, outputs);
}

std::vector<ValueType> CrossEntropyGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 3);
  check_labels(kName, inputs[0], inputs[1], clip);
  check_same_dtype(kName, "x", inputs[0], "g", inputs[2]);
  check_shape(kName, "g", inputs[2], without_last(inputs[0].shape), "one number for each row of x");
  return {inputs[0]};
}

std::vector<Value> CrossEntropyGradient::gradient(const GradientArgs&) const {
  fail(ErrorKind::value, kName, "is not twice differentiable. Build the loss from log_softmax, which is.");
}

void CrossEntropyGradient::lower(Lowering& lowering) const {
  const CrossEntropyShape shape = cross_entropy_shape(lowering, from_logits, clip);
  if (shape.rows == 0) return;
  lowering
      .call(Family::softmax, SoftmaxFunction::cross_entropy_backward, shape,
            {lowering.input(0), lowering.input(1), lowering.input(2)}, {lowering.output(0)})
      .in_place = {{0, 0}};
}

Cost CrossEntropyGradient::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return softmax_cost(inputs, outputs);
}

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {
namespace {

// f along another axis than the last: that axis and the last change places before and after.
template <class Function>
Value along_axis(std::string_view op, const Value& x, int64_t axis, Function f) {
  const int at = normalize_axis(op, axis, x.rank()), last = x.rank() - 1;
  if (at == last) return f(x);
  std::vector<int64_t> axes(x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[at], axes[last]);
  return transpose(f(transpose(x, axes)), axes);
}

}  // namespace

Value softmax(const Value& x, int64_t axis) {
  return along_axis(Softmax::kName, x, axis, [](const Value& rows) { return apply(Softmax(), {rows}); });
}

Value log_softmax(const Value& x, int64_t axis) {
  return along_axis(LogSoftmax::kName, x, axis, [](const Value& rows) { return apply(LogSoftmax(), {rows}); });
}

Value cross_entropy(const Value& x, const Value& labels, bool from_logits) {
  CrossEntropy op;
  op.from_logits = from_logits;
  if (is_floating(labels.dtype())) return apply(std::move(op), {x, labels});
  Value classes = cast(labels, DType::int32);
  if (classes.rank() == x.rank() && x.rank() > 0) {  // (rows..., 1): keep all axes but the last
    const int64_t last = classes.shape().back();
    STRIATE_CHECK(last == 1 || last == kUnknown, shape, CrossEntropy::kName, "labels.shape=", labels.shape().text(),
                  " for x.shape=", x.shape().text(), ". Expected class numbers of shape ",
                  without_last(x.shape()).text(), " or ", without_last(x.shape()).appended(1).text(),
                  ". Cast one-hot labels to ", dtype_name(x.dtype()), ".");
    classes = reshape(classes, std::vector<int64_t>(x.rank() - 1, 0));
  }
  return apply(std::move(op), {x, classes});
}

}  // namespace ops
}  // namespace striate
