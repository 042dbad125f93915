#include "ops/normalization.h"

#include "graph/node.h"
#include "kernels/normalization.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

void check_batch_norm(std::string_view op, const std::vector<ValueType>& inputs,
                      const std::vector<const char*>& channel_inputs, double epsilon) {
  const ValueType& x = inputs[0];
  check_floating(op, "x", x);
  STRIATE_CHECK(x.shape.rank() >= 2, shape, op, "x.shape=", x.shape.text(), ". Expected (n, ..., c).");
  STRIATE_CHECK(epsilon > 0, value, op, "epsilon=", epsilon, ". Expected a positive number, such as 1e-3.");
  for (size_t i = 0; i < channel_inputs.size(); ++i) {
    check_same_dtype(op, "x", x, channel_inputs[i], inputs[i + 1]);
    check_shape(op, channel_inputs[i], inputs[i + 1], Shape{x.shape.back()}, "one for each channel of x");
  }
}

BatchNormShape batch_norm_shape(const Shape& x, double epsilon) {
  return {x.product(0, x.rank() - 1), x.back(), epsilon};
}

ValueType line_type(const ValueType& x, int64_t tables) { return {x.dtype, Shape{tables, x.shape.back()}}; }

Cost batch_norm_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs, double flops) {
  return streaming_cost(inputs, outputs, flops * static_cast<double>(inputs[0].shape.elements()));
}

}  // namespace

// --- training ----------------------------------------------------------------------------------------------------

void BatchNormTrain::attributes(AttributeVisitor& visit) {
  BatchNormBase::attributes(visit);
  if (line) visit("line", line);
  if (!relu && !residual) return;
  visit("relu", relu);
  visit("residual", residual);
  if (signs) visit("signs", signs);
}

std::vector<ValueType> BatchNormTrain::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, residual ? 4 : 3);
  check_batch_norm(kName, inputs, {"gamma", "beta"}, epsilon);
  if (residual) {
    check_same_dtype(kName, "x", inputs[0], "residual", inputs[3]);
    check_shape(kName, "residual", inputs[3], inputs[0].shape, "the shape of x");
  }
  const Shape& x = inputs[0].shape;
  STRIATE_CHECK(x.product(0, x.rank() - 1) != 0, shape, kName, "x.shape=", x.text(),
                " has no elements to take statistics of. Expected at least one sample.");
  const ValueType statistic{inputs[0].dtype, Shape{x.back()}};
  std::vector<ValueType> outputs = {line ? line_type(inputs[0], kTrainTables) : inputs[0], statistic, statistic};
  if (signs) outputs.push_back(signs_type(kName, x));
  return outputs;
}

std::vector<Value> BatchNormTrain::gradient(const GradientArgs& args) const {
  STRIATE_CHECK(!relu && !residual, value, kName,
                "has no gradient once something is fused onto it. Take gradients before compiling.");
  using namespace ops;
  const Value &x = args.inputs[0], &gamma = args.inputs[1], &mean = args.outputs[1], &variance = args.outputs[2];
  const Value &gy = args.output_gradients[0], &gmean = args.output_gradients[1], &gvariance = args.output_gradients[2];
  std::vector<Value> result(3);
  if (gy) {
    auto op = std::make_shared<BatchNormGradient>();
    op->epsilon = epsilon;
    const auto node = make_node(std::move(op), {x, gamma, mean, variance, gy});
    for (int i = 0; i < 3; ++i)
      if (args.needed[i]) result[i] = Value(node, i);
  }
  if (!args.needed[0]) return result;
  // Statistics are differentiated only by losses on them: dmean/dx = 1/rows, dvariance/dx = 2 (x - mean) / rows.
  const auto flow = [&](const Value& g) { result[0] = result[0] ? add(result[0], g) : g; };
  const auto per_row = [&](const Value& g) {
    return multiply(g, divide(size_of(x, -1, x.dtype()), count_like(x, x.dtype())));
  };
  if (gmean) flow(broadcast_like(per_row(gmean), x));
  if (gvariance) flow(multiply(subtract(x, mean), per_row(add(gvariance, gvariance))));
  return result;
}

void BatchNormTrain::lower(Lowering& lowering) const {
  const Shape& x = lowering.input_type(0).shape;
  if (x.elements() == 0) return;
  BatchNormShape shape = batch_norm_shape(x, epsilon);
  shape.relu = relu;
  shape.residual = residual;
  shape.signs = signs;
  shape.line = line;
  std::vector<BufferId> outputs = {lowering.output(0), lowering.output(1), lowering.output(2)};
  if (signs) outputs.push_back(lowering.output(3));
  KernelCall& call =
      lowering.call(Family::normalization, NormalizationFunction::train, shape,
                    {lowering.input(0), lowering.input(1), lowering.input(2), residual ? lowering.input(3) : kNoBuffer},
                    std::move(outputs));
  if (!line) call.in_place = {{0, 0}, {3, 0}};
}

Cost BatchNormTrain::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return batch_norm_cost(inputs, outputs, 6);
}

void BatchNormGradient::attributes(AttributeVisitor& visit) {
  BatchNormBase::attributes(visit);
  if (relu) visit("relu", relu);
  if (line) visit("line", line);
}

std::vector<ValueType> BatchNormGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, relu ? 6 : 5);
  check_batch_norm(kName, inputs, {"gamma", "mean", "variance"}, epsilon);
  check_same_dtype(kName, "x", inputs[0], "gy", inputs[4]);
  check_shape(kName, "gy", inputs[4], inputs[0].shape, "the shape of x");
  const ValueType per_channel{inputs[0].dtype, Shape{inputs[0].shape.back()}};
  if (relu) {
    check_same_dtype(kName, "x", inputs[0], "beta", inputs[5]);
    check_shape(kName, "beta", inputs[5], per_channel.shape, "one for each channel of x");
  }
  return {line ? line_type(inputs[0], kGradientTables) : inputs[0], per_channel, per_channel};
}

std::vector<Value> BatchNormGradient::gradient(const GradientArgs&) const {
  fail(ErrorKind::value, kName, "is not twice differentiable. Build the normalization from mean, subtract and divide.");
}

void BatchNormGradient::lower(Lowering& lowering) const {
  const Shape& x = lowering.input_type(0).shape;
  if (x.elements() == 0) {
    for (int i = 0; i < 3; ++i) lower_fill(lowering, i, 0);  // sums over no samples
    return;
  }
  std::vector<BufferId> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(lowering.input(i));
  inputs.push_back(relu ? lowering.input(5) : kNoBuffer);
  BatchNormShape shape = batch_norm_shape(x, epsilon);
  shape.relu = relu;
  shape.line = line;
  KernelCall& call = lowering.call(Family::normalization, NormalizationFunction::backward, shape, std::move(inputs),
                                   {lowering.output(0), lowering.output(1), lowering.output(2)});
  if (!line) call.in_place = {{4, 0}};
}

Cost BatchNormGradient::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return batch_norm_cost(inputs, outputs, 10);
}

// --- inference ---------------------------------------------------------------------------------------------------

std::vector<ValueType> BatchNormInfer::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 5);
  check_batch_norm(kName, inputs, {"gamma", "beta", "mean", "variance"}, epsilon);
  return {inputs[0]};
}

// y = (x - mean) * r * gamma + beta with r = 1 / sqrt(variance + epsilon); dr/dvariance = -r^3 / 2.
std::vector<Value> BatchNormInfer::gradient(const GradientArgs& args) const {
  using namespace ops;
  const Value &x = args.inputs[0], &gamma = args.inputs[1], &beta = args.inputs[2], &mean = args.inputs[3],
              &variance = args.inputs[4], &g = args.output_gradients[0];
  const auto number = [&](double value) { return constant(Tensor::scalar(value, x.dtype())); };
  const Value r = reciprocal(sqrt(add(variance, number(epsilon))));
  const Value scale = multiply(r, gamma);
  std::vector<Value> result(5);
  if (args.needed[0]) result[0] = multiply(g, scale);
  if (args.needed[2]) result[2] = sum_to_like(g, beta);
  if (args.needed[3]) result[3] = negate(multiply(sum_to_like(g, mean), scale));
  if (!args.needed[1] && !args.needed[4]) return result;
  const Value moment = sum_to_like(multiply(g, subtract(x, mean)), gamma);  // sum of g (x - mean), one a channel
  if (args.needed[1]) result[1] = multiply(moment, r);
  if (args.needed[4]) result[4] = multiply(multiply(moment, number(-0.5)), multiply(scale, square(r)));
  return result;
}

void BatchNormInfer::lower(Lowering& lowering) const {
  const Shape& x = lowering.input_type(0).shape;
  if (x.elements() == 0) return;
  std::vector<BufferId> inputs;
  for (int i = 0; i < 5; ++i) inputs.push_back(lowering.input(i));
  lowering
      .call(Family::normalization, NormalizationFunction::infer, batch_norm_shape(x, epsilon), std::move(inputs),
            {lowering.output(0)})
      .in_place = {{0, 0}};
}

Cost BatchNormInfer::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return batch_norm_cost(inputs, outputs, 2);
}

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {

BatchNormResult batch_norm_train(const Value& x, const Value& gamma, const Value& beta, double epsilon) {
  auto op = std::make_shared<BatchNormTrain>();
  op->epsilon = epsilon;
  const auto node = make_node(std::move(op), {x, gamma, beta});
  return {Value(node, 0), Value(node, 1), Value(node, 2)};
}

Value batch_norm_infer(const Value& x, const Value& gamma, const Value& beta, const Value& mean, const Value& variance,
                       double epsilon) {
  BatchNormInfer op;
  op.epsilon = epsilon;
  return apply(std::move(op), {x, gamma, beta, mean, variance});
}

}  // namespace ops
}  // namespace striate
