// Training steps and epochs over a model's "train_step", in the order and with the counters that Python's fit() uses.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/check.h"
#include "io/json.h"
#include "striate/random.h"
#include "train/batches.h"
#include "train/entry_metrics.h"
#include "train/model_impl.h"

namespace striate {
namespace {

constexpr int64_t kDefaultBatchSize = 32;  // Keras's

int64_t saved_batch_size(const Model& model) {
  const auto found = model.metadata().find("training");
  if (found == model.metadata().end()) return kDefaultBatchSize;
  const std::string where = "metadata 'training'";
  const Json json = parse_json(found->second, where);
  if (!json_object(json, where).contains("batch_size")) return kDefaultBatchSize;
  const int64_t batch_size = json_int(json["batch_size"], where + " batch_size");
  STRIATE_CHECK(batch_size > 0, value, "fit", where, " has batch_size ", batch_size, ".");
  return batch_size;
}

void remember_batch_size(Model& model, int64_t batch_size) {
  const auto found = model.metadata().find("training");
  Json json = found == model.metadata().end() ? Json::object() : parse_json(found->second, "metadata 'training'");
  json_object(json, "metadata 'training'");
  json["batch_size"] = batch_size;
  model.set_metadata("training", dump_json(json, "metadata 'training'"));
}

int64_t counter(const Variable& variable) { return static_cast<int64_t>(*variable.read().as<int64_t>()); }

void check_counter(const Variable& variable) {
  STRIATE_CHECK(variable.dtype() == DType::int64 && variable.shape().elements() == 1, value, "fit", "'",
                variable.name(), "' is ", dtype_name(variable.dtype()), " ", variable.shape().text(),
                ", not one int64.");
}

std::vector<int64_t> order_of(int64_t samples, bool shuffle, const Variable& seed, const Variable& epoch) {
  std::vector<int64_t> order(static_cast<size_t>(samples));
  for (int64_t i = 0; i < samples; ++i) order[static_cast<size_t>(i)] = i;
  if (!shuffle) return order;
  const Tensor permuted =
      permutation(samples, static_cast<uint64_t>(counter(seed)), static_cast<uint64_t>(counter(epoch)));
  std::copy_n(permuted.as<int64_t>(), samples, order.data());
  return order;
}

// What the variables that a step updates held at one moment.
class Checkpoint {
 public:
  explicit Checkpoint(const std::vector<Update>& updates) {
    for (const Update& update : updates) held_.emplace_back(update.variable, update.variable.read());
  }
  void restore() const {
    for (auto [variable, tensor] : held_) variable.assign(tensor);
  }

 private:
  std::vector<std::pair<Variable, Tensor>> held_;
};

double loss_of(const std::vector<Tensor>& outputs) {
  STRIATE_CHECK(!outputs.empty(), value, "train_step", "the function has no outputs; its first must be the loss.");
  return outputs[0].item();
}

}  // namespace

double Model::train_step(const Tensor& x, const Tensor& labels) {
  return train_step(std::vector<Tensor>{x}, std::vector<Tensor>{labels});
}

double Model::train_step(const std::vector<Tensor>& x, const std::vector<Tensor>& labels) {
  const Function step = function("train_step");
  return loss_of(step.run(fit_to_inputs(x, labels, step)));
}

TrainHistory Model::fit(const Tensor& x, const Tensor& labels, const FitOptions& options) {
  return fit(std::vector<Tensor>{x}, std::vector<Tensor>{labels}, options);
}

TrainHistory Model::fit(const std::vector<Tensor>& x, const std::vector<Tensor>& labels, const FitOptions& options) {
  STRIATE_CHECK(options.epochs >= 0, value, "fit", "epochs=", options.epochs, " is negative.");
  STRIATE_CHECK(options.batch_size >= 0, value, "fit", "batch_size=", options.batch_size,
                " is negative. 0 means the one the model was trained with.");
  const int64_t batch_size = options.batch_size > 0 ? options.batch_size : saved_batch_size(*this);
  if (options.batch_size > 0) remember_batch_size(*this, batch_size);
  const Function step = function("train_step");
  const std::vector<Tensor> inputs = fit_to_inputs(x, labels, step);
  const int64_t samples = inputs[0].shape()[0];
  STRIATE_CHECK(samples > 0, value, "fit", "received no samples: x.shape=", inputs[0].shape().text(), ".");
  const Variable seed = variable("training/seed");
  Variable epoch = variable("training/epoch");
  check_counter(seed);
  check_counter(epoch);

  TrainHistory history;
  RunningMetrics metrics(*this, "train_step");
  for (int64_t done = 0; done < options.epochs; ++done) {
    const auto started = std::chrono::steady_clock::now();
    const std::vector<int64_t> order = order_of(samples, options.shuffle, seed, epoch);
    EpochLog log;
    log.epoch = counter(epoch);
    metrics.reset();
    const Checkpoint start(options.stop_on_nan ? step.updates() : std::vector<Update>());
    for (int64_t begin = 0; begin < samples; begin += batch_size, ++log.steps) {
      const int64_t count = std::min(batch_size, samples - begin);
      const std::vector<Tensor> outputs = step.run(gather(inputs, order.data() + begin, count));
      const double loss = loss_of(outputs);
      if (options.stop_on_nan && !std::isfinite(loss)) {
        start.restore();
        fail(
            ErrorKind::runtime, "fit", "the loss is ", loss, " at step ", log.steps, " of epoch ", log.epoch,
            ". All variables are again as they were at the epoch's start. Lower the learning rate, scale the inputs to "
            "[0, 1], or set stop_on_nan = false.");
      }
      metrics.add(outputs, count);
    }
    epoch.assign(Tensor::full(DType::int64, epoch.shape(), static_cast<double>(log.epoch + 1)));
    log.metrics = metrics.result();
    log.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    history.epochs.push_back(log);
    if (options.on_epoch_end && !options.on_epoch_end(log)) break;
  }
  return history;
}

}  // namespace striate
