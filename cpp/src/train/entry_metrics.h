// The running means of a function's loss and metrics.
#pragma once

#include <string>
#include <vector>

#include "striate/model.h"

namespace striate {

// Metadata "entry_metrics": {"train_step": [{"name": "loss", "sum": "metrics/loss/sum", "count": "metrics/loss/count"},
// ...], "evaluate": [...]}: which variables a function adds to. Where it says nothing, the function's outputs (loss and
// metrics of the batch) are averaged here, weighted by batch size.
class RunningMetrics {
 public:
  RunningMetrics(const Model& model, const std::string& function);

  void reset();  // sums and counts to zero
  void add(const std::vector<Tensor>& outputs, int64_t batch_size);
  Metrics result() const;

 private:
  struct Traced {
    std::string name;
    Variable sum, count;
  };
  std::vector<Traced> traced_;
  Metrics sums_;  // where nothing is traced
  int64_t samples_ = 0;
};

// The file's JSON for metrics called `names` over variables "metrics/<name>/sum" and "metrics/<name>/count".
std::string entry_metrics_json(const std::vector<std::string>& names);

}  // namespace striate
