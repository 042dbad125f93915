// Optimizers as updates of the graph: a training step is one program, forward, backward and these.
#include "core/check.h"
#include "striate/ops.h"
#include "striate/trainer.h"

namespace striate {
namespace {

Variable slot(const Variable& variable, const char* name) {
  return Variable(text_of("optimizer/", variable.name(), "/", name), Tensor::zeros(variable.dtype(), variable.shape()));
}

void add_updates(const Sgd& sgd, const Variable& weight, const Value& gradient, const Value& rate, const Value&,
                 std::vector<Update>& updates) {
  if (sgd.momentum == 0) {
    updates.push_back({weight, ops::sgd_update(weight.value(), gradient, rate)});
    return;
  }
  const Variable velocity = slot(weight, "velocity");
  const auto next = ops::momentum_update(weight.value(), velocity.value(), gradient, rate, sgd.momentum, sgd.nesterov);
  updates.push_back({weight, next[0]});
  updates.push_back({velocity, next[1]});
}

void add_updates(const Adam& adam, const Variable& weight, const Value& gradient, const Value& rate, const Value& step,
                 std::vector<Update>& updates) {
  const Variable m = slot(weight, "m"), v = slot(weight, "v");
  const auto next = ops::adam_update(weight.value(), m.value(), v.value(), gradient, rate, step, adam.beta1, adam.beta2,
                                     adam.epsilon);
  updates.push_back({weight, next[0]});
  updates.push_back({m, next[1]});
  updates.push_back({v, next[2]});
}

}  // namespace

std::vector<Update> minimize(const Value& loss, const std::vector<Variable>& variables, const Optimizer& optimizer,
                             const Variable& step) {
  STRIATE_CHECK(loss && loss.rank() == 0, shape, "minimize", "the loss has shape ", loss ? loss.shape().text() : "none",
                ". It must be a scalar: take ops::mean() of it.");
  STRIATE_CHECK(!variables.empty(), value, "minimize", "received no variables to train.");
  std::vector<Value> weights;
  for (const Variable& variable : variables) weights.push_back(variable.value());
  const std::vector<Value> slopes = gradients(loss, weights);
  std::vector<Update> updates;
  std::visit(
      [&](const auto& chosen) {
        const Variable rate("optimizer/learning_rate", Tensor::scalar(chosen.learning_rate, variables[0].dtype()));
        const Value done = ops::reshape(step.value(), {});
        for (size_t i = 0; i < variables.size(); ++i)
          add_updates(chosen, variables[i], slopes[i], rate.value(), done, updates);
      },
      optimizer);
  return updates;
}

}  // namespace striate
