// A model: functions over shared variables, and the file that carries them between Python and C++.
//
//   striate::Model model = striate::Model::load("net.striate");       // saved by Python's model.save()
//   striate::Tensor y = model.predict(x);                             // x: (n, 28, 28, 1), float32 or uint8
//   model.fit(x, labels, {.epochs = 2});                              // goes on where Python stopped, to the same bits
//   model.save("net.striate");                                        // Python's load_model() reads it again
//
// x and labels are cast to the types the functions ask for (uint8 images, float64 arrays); a missing last axis of size
// 1 is added. Every failure is a striate::Error; a file is read as hostile, written beside its target, synced and
// renamed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "striate/export.h"
#include "striate/function.h"
#include "striate/graph.h"
#include "striate/tensor.h"

namespace striate {

// Names and values in the order the model gives them: the loss first.
using Metrics = std::vector<std::pair<std::string, double>>;

struct EpochLog {
  int64_t epoch = 0;  // counted from the model's first, so 3 after three epochs in Python
  Metrics metrics;    // means over the epoch, weighted by batch size
  double seconds = 0;
  int64_t steps = 0;
};

struct TrainHistory {
  std::vector<EpochLog> epochs;
};

struct FitOptions {
  int64_t epochs = 1;
  int64_t batch_size = 0;  // 0: what the model was trained with last, 32 if never
  bool shuffle = true;
  // Error(runtime), naming the step, when the loss is no number; all variables go back to what they were at the epoch's
  // start, of which a copy is kept.
  bool stop_on_nan = true;
  std::function<bool(const EpochLog&)> on_epoch_end;  // returning false ends the training
};

// Copies are handles on the same model. predict() may be called by several threads at once;
// train_step(), evaluate() and fit() gather sums in variables of the model, so one of them at a time.
class STRIATE_API Model {
 public:
  Model();  // no functions, no variables
  ~Model();

  // What a model is made of; see striate/trainer.h for one made from a loss and an optimizer.
  struct Parts {
    // By name: "predict" (x... -> y...), "evaluate" and "train_step" (x..., labels -> loss, metrics of the batch), any
    // others.
    std::vector<Function> functions;
    // Variables whose names in the file are fixed; those that functions use beside them follow under their own names.
    std::vector<std::pair<std::string, Variable>> variables;
    std::string configuration;  // Python's description of the layers; C++ keeps it as it is
    std::map<std::string, std::string> metadata;
    Workspace workspace;  // the one the functions were made with
  };
  // Error(value) if two functions or two variables have one name.
  static Model from_parts(Parts parts);
  static Model from_functions(std::vector<Function> functions);

  // Error(value) names the file and the reason: missing, truncated, damaged (which tensor), made with ops that this
  // version lacks (all of them).
  static Model load(const std::string& path);
  // A crash at any moment leaves the old file or the new one whole.
  void save(const std::string& path) const;

  // --- running; Error(value) if the model has no such function, Error(shape) if data do not fit -----------------
  Tensor predict(const Tensor& x, int64_t batch_size = 32) const;  // Error(value) if there are several outputs
  std::vector<Tensor> predict(const std::vector<Tensor>& x, int64_t batch_size = 32) const;
  Metrics evaluate(const Tensor& x, const Tensor& labels, int64_t batch_size = 32) const;
  Metrics evaluate(const std::vector<Tensor>& x, const std::vector<Tensor>& labels, int64_t batch_size = 32) const;
  double train_step(const Tensor& x, const Tensor& labels);  // one update on this batch; its loss
  double train_step(const std::vector<Tensor>& x, const std::vector<Tensor>& labels);
  // Python's fit(): samples in the order permutation(n, seed, epoch) (striate/random.h), a short last batch as it is.
  TrainHistory fit(const Tensor& x, const Tensor& labels, const FitOptions& options = {});
  TrainHistory fit(const std::vector<Tensor>& x, const std::vector<Tensor>& labels, const FitOptions& options = {});

  // --- looking inside -------------------------------------------------------------------------------------------
  std::vector<std::string> function_names() const;
  bool has_function(const std::string& name) const;
  Function function(const std::string& name) const;  // Error(value), listing the names, if there is none
  std::vector<Variable> variables() const;           // weights, optimizer slots, metric sums, training state
  Variable variable(const std::string& name) const;  // Error(value) if there is none
  // Of one function for these batches: peak bytes, exact before the first run. Several functions share one workspace,
  // so the peak of a program is the largest of them.
  MemoryReport memory(const std::string& function, int64_t batch_size) const;
  const std::string& configuration() const;
  const std::map<std::string, std::string>& metadata() const;
  void set_metadata(const std::string& key, const std::string& value);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Tensors and texts as one safetensors file, with checksums; what models are saved in, and weights alone.
struct TensorFile {
  std::vector<std::pair<std::string, Tensor>> tensors;
  std::map<std::string, std::string> metadata;
};
STRIATE_API TensorFile read_tensor_file(const std::string& path);
STRIATE_API void write_tensor_file(const std::string& path, const TensorFile& contents);
// What ties a configuration to the functions made from it in the file: XXH64, 16 hexadecimal digits.
STRIATE_API std::string configuration_hash(const std::string& configuration);

}  // namespace striate
