#include "ops/optimizer.h"

#include "graph/node.h"
#include "kernels/optimizer.h"
#include "ops/lowering.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

// Slots and gradient have the weight's type and shape; the rate is one number of that type.
void check_update(std::string_view op, const std::vector<ValueType>& inputs, const std::vector<const char*>& names) {
  const ValueType& weight = inputs[0];
  check_floating(op, "weight", weight);
  for (size_t i = 0; i < names.size(); ++i) {
    check_same_dtype(op, "weight", weight, names[i], inputs[i + 1]);
    check_shape(op, names[i], inputs[i + 1], weight.shape, "the weight's shape");
  }
  const ValueType& rate = inputs[names.size() + 1];
  check_same_dtype(op, "weight", weight, "rate", rate);
  STRIATE_CHECK(rate.shape == Shape{}, shape, op, "rate.shape=", rate.shape.text(), ". Expected a scalar, ().");
}

int64_t weight_elements(const Lowering& lowering) { return lowering.output_type(0).shape.elements(); }

}  // namespace

std::vector<ValueType> SgdUpdate::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 3);
  check_update(kName, inputs, {"gradient"});
  return {inputs[0]};
}

void SgdUpdate::lower(Lowering& lowering) const {
  const int64_t n = weight_elements(lowering);
  if (n == 0) return;
  lowering
      .call(Family::optimizer, OptimizerFunction::sgd, SgdShape{n},
            {lowering.input(0), lowering.input(1), lowering.input(2)}, {lowering.output(0)})
      .in_place = {{0, 0}};
}

Cost SgdUpdate::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, 2.0 * static_cast<double>(outputs[0].shape.elements()));
}

std::vector<ValueType> MomentumUpdate::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 4);
  check_update(kName, inputs, {"velocity", "gradient"});
  STRIATE_CHECK(momentum >= 0 && momentum <= 1, value, kName, "momentum=", momentum, ". Expected 0 to 1.");
  return {inputs[0], inputs[0]};
}

void MomentumUpdate::lower(Lowering& lowering) const {
  const int64_t n = weight_elements(lowering);
  if (n == 0) return;
  MomentumShape shape{};
  shape.n = n;
  shape.momentum = momentum;
  shape.nesterov = nesterov;
  lowering
      .call(Family::optimizer, OptimizerFunction::momentum, shape,
            {lowering.input(0), lowering.input(1), lowering.input(2), lowering.input(3)},
            {lowering.output(0), lowering.output(1)})
      .in_place = {{0, 0}, {1, 1}};
}

Cost MomentumUpdate::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, 4.0 * static_cast<double>(outputs[0].shape.elements()));
}

std::vector<ValueType> AdamUpdate::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 6);
  check_update(kName, inputs, {"m", "v", "gradient"});
  const ValueType& step = inputs[5];
  STRIATE_CHECK(step.dtype == DType::int64 && step.shape == Shape{}, type, kName, "step is ", dtype_name(step.dtype),
                " of shape ", step.shape.text(), ". Expected an int64 scalar, the updates done before this one.");
  STRIATE_CHECK(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1, value, kName, "beta1=", beta1, ", beta2=", beta2,
                ". Expected each in [0, 1).");
  STRIATE_CHECK(epsilon > 0, value, kName, "epsilon=", epsilon, ". Expected a positive number, such as 1e-7.");
  return {inputs[0], inputs[0], inputs[0]};
}

void AdamUpdate::lower(Lowering& lowering) const {
  const int64_t n = weight_elements(lowering);
  if (n == 0) return;
  std::vector<BufferId> inputs;
  for (int i = 0; i < 6; ++i) inputs.push_back(lowering.input(i));
  lowering
      .call(Family::optimizer, OptimizerFunction::adam, AdamShape{n, beta1, beta2, epsilon}, std::move(inputs),
            {lowering.output(0), lowering.output(1), lowering.output(2)})
      .in_place = {{0, 0}, {1, 1}, {2, 2}};
}

Cost AdamUpdate::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, 12.0 * static_cast<double>(outputs[0].shape.elements()));
}

// --- builders ----------------------------------------------------------------------------------------------------

namespace ops {

Value sgd_update(const Value& weight, const Value& gradient, const Value& rate) {
  return apply(SgdUpdate(), {weight, gradient, cast(rate, weight.dtype())});
}

std::vector<Value> momentum_update(const Value& weight, const Value& velocity, const Value& gradient, const Value& rate,
                                   double momentum, bool nesterov) {
  auto op = std::make_shared<MomentumUpdate>();
  op->momentum = momentum;
  op->nesterov = nesterov;
  return outputs_of(make_node(std::move(op), {weight, velocity, gradient, cast(rate, weight.dtype())}));
}

std::vector<Value> adam_update(const Value& weight, const Value& m, const Value& v, const Value& gradient,
                               const Value& rate, const Value& step, double beta1, double beta2, double epsilon) {
  auto op = std::make_shared<AdamUpdate>();
  op->beta1 = beta1;
  op->beta2 = beta2;
  op->epsilon = epsilon;
  return outputs_of(make_node(std::move(op), {weight, m, v, gradient, cast(rate, weight.dtype()), step}));
}

}  // namespace ops
}  // namespace striate
