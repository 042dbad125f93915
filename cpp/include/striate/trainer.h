// From a loss to a model that trains: gradients, optimizer, metrics and the training state, as Python's compile() does.
//
//   using namespace striate;
//   Value x = input("x", DType::float32, {kUnknown, 2}), labels = input("labels", DType::int64, {kUnknown});
//   Variable kernel("kernel", random_uniform({2, 3}, 1, 1, -1, 1)), bias("bias", Tensor::zeros(DType::float32, {3}));
//   Value logits = ops::add(ops::matmul(x, kernel.value()), bias.value());
//   Model model = make_model({.inputs = {x}, .outputs = {ops::softmax(logits)}, .labels = {labels},
//                             .loss = ops::mean(ops::cross_entropy(logits, labels, true)),
//                             .trainable = {kernel, bias}}, Sgd{.learning_rate = 0.1, .momentum = 0.9});
//   model.fit(data, classes, {.epochs = 10, .batch_size = 32});
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "striate/export.h"
#include "striate/model.h"

namespace striate {

struct Sgd {
  double learning_rate = 0.01, momentum = 0;
  bool nesterov = false;
};

struct Adam {
  double learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
};

using Optimizer = std::variant<Sgd, Adam>;

// The counters that runs share. Python's models hold the same three.
struct STRIATE_API TrainingState {
  explicit TrainingState(uint64_t seed = 0);
  Variable seed, step, epoch;  // "training/seed", "training/step", "training/epoch": int64, shape (1,)
  Value rng() const;           // (seed, step), as ops::dropout wants it
};

struct Metric {
  std::string name;
  Value per_sample;  // one value a sample; its mean over the epoch is reported
};

struct TrainingGraph {
  std::vector<Value> inputs, outputs, labels;
  Value loss;  // a scalar, the mean over the batch
  std::vector<Metric> metrics;
  std::vector<Variable> trainable;
  std::vector<Update> updates;  // besides the optimizer's: moving statistics
  // Where training differs from inference (dropout, batch norm), the loss, metrics and outputs without it.
  std::vector<Value> inference_outputs;
  Value inference_loss;
  std::vector<Metric> inference_metrics;
};

// Updates that lower `loss`. Slots are new variables, "optimizer/<variable>/velocity" or ".../m" and ".../v"; the rate
// is one too, "optimizer/learning_rate", so that it can be changed between runs. `step` counts updates done before.
STRIATE_API std::vector<Update> minimize(const Value& loss, const std::vector<Variable>& variables,
                                         const Optimizer& optimizer, const Variable& step);

// A model with "predict", "evaluate" and "train_step"; function("train_step").set_max_memory(bytes) holds training to a
// number of bytes, as max_memory= of Python's compile() does.
STRIATE_API Model make_model(const TrainingGraph& graph, const Optimizer& optimizer,
                             const TrainingState& state = TrainingState());

}  // namespace striate
