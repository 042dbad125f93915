// A model's three functions from the values of a training graph.
#include <algorithm>

#include "core/check.h"
#include "striate/ops.h"
#include "striate/trainer.h"
#include "train/entry_metrics.h"

namespace striate {
namespace {

Variable int64_variable(const char* name, uint64_t value) {
  const int64_t signed_value = static_cast<int64_t>(value);
  return Variable(name, Tensor::of<int64_t>(Shape{1}, std::span(&signed_value, 1)));
}

// Sums over samples, in float64: they grow with the epoch, and a float32 stops counting at 2^24.
struct Accumulator {
  explicit Accumulator(const std::string& name)
      : sum("metrics/" + name + "/sum", Tensor::zeros(DType::float64, Shape())),
        count("metrics/" + name + "/count", Tensor::zeros(DType::float64, Shape())) {}
  Variable sum, count;

  void add(const Value& batch_sum, const Value& samples, std::vector<Update>& updates) const {
    updates.push_back({sum, ops::add(sum.value(), ops::cast(batch_sum, DType::float64))});
    updates.push_back({count, ops::add(count.value(), samples)});
  }
};

std::vector<Value> joined(std::vector<Value> a, const std::vector<Value>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Loss and metrics of the batch as outputs, their running sums as updates.
Function scored(const char* name, const TrainingGraph& graph, const Value& loss, const std::vector<Metric>& metrics,
                const std::vector<Accumulator>& accumulators, std::vector<Update> updates, const Workspace& workspace) {
  const Value samples = ops::size_of(graph.inputs[0], 0, DType::float64);
  std::vector<Value> outputs = {loss};
  accumulators[0].add(ops::multiply(ops::cast(loss, DType::float64), samples), samples, updates);
  for (size_t i = 0; i < metrics.size(); ++i) {
    outputs.push_back(ops::mean(metrics[i].per_sample));
    accumulators[i + 1].add(ops::sum(metrics[i].per_sample), samples, updates);
  }
  return Function(name, joined(graph.inputs, graph.labels), outputs, std::move(updates), workspace);
}

}  // namespace

TrainingState::TrainingState(uint64_t seed_value)
    : seed(int64_variable("training/seed", seed_value)),
      step(int64_variable("training/step", 0)),
      epoch(int64_variable("training/epoch", 0)) {}

Value TrainingState::rng() const { return ops::concatenate({seed.value(), step.value()}, 0); }

Model make_model(const TrainingGraph& graph, const Optimizer& optimizer, const TrainingState& state) {
  STRIATE_CHECK(!graph.inputs.empty(), value, "make_model", "received no inputs.");
  STRIATE_CHECK(graph.inference_metrics.empty() || graph.inference_metrics.size() == graph.metrics.size(), value,
                "make_model", "received ", graph.metrics.size(), " metrics and ", graph.inference_metrics.size(),
                " inference_metrics. Give one for each, or none.");
  std::vector<std::string> names = {"loss"};
  for (const Metric& metric : graph.metrics) {
    STRIATE_CHECK(std::find(names.begin(), names.end(), metric.name) == names.end(), value, "make_model",
                  "two figures are named '", metric.name,
                  "', and each needs a name of its own (the loss has \"loss\").");
    names.push_back(metric.name);
  }
  const std::vector<Accumulator> accumulators(names.begin(), names.end());

  Model::Parts parts;
  const auto& outputs = graph.inference_outputs.empty() ? graph.outputs : graph.inference_outputs;
  const Value loss = graph.inference_loss ? graph.inference_loss : graph.loss;
  const auto& metrics = graph.inference_metrics.empty() ? graph.metrics : graph.inference_metrics;
  parts.functions.emplace_back("predict", graph.inputs, outputs, std::vector<Update>{}, parts.workspace);
  parts.functions.push_back(scored("evaluate", graph, loss, metrics, accumulators, {}, parts.workspace));

  std::vector<Update> updates = minimize(graph.loss, graph.trainable, optimizer, state.step);
  updates.insert(updates.end(), graph.updates.begin(), graph.updates.end());
  updates.push_back({state.step, ops::increment(state.step.value())});
  parts.functions.push_back(
      scored("train_step", graph, graph.loss, graph.metrics, accumulators, std::move(updates), parts.workspace));

  for (const Variable& variable : {state.seed, state.step, state.epoch})
    parts.variables.emplace_back(variable.name(), variable);
  parts.metadata["entry_metrics"] = entry_metrics_json(names);
  return Model::from_parts(std::move(parts));
}

}  // namespace striate
