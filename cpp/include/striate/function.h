// A function: outputs and updates of a graph, compiled for the input shapes it meets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "striate/export.h"
#include "striate/graph.h"

namespace striate {

// Memory that functions of one model share; it grows to the largest and holds nothing between runs. A run that finds
// it taken by another thread gets one of its own from a pool.
class STRIATE_API Workspace {
 public:
  Workspace();
  ~Workspace();
  struct Impl;
  const std::shared_ptr<Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

// Exact, before the first run, in bytes.
struct MemoryReport {
  int64_t variables = 0;  // all variables the function touches, optimizer slots among them
  int64_t constants = 0;
  int64_t prepared = 0;  // packed and folded weights kept between runs
  int64_t arena = 0;     // activations and gradients, planned
  int64_t scratch = 0;   // threads x scratch
  int64_t outputs = 0;
  int64_t total() const { return variables + constants + prepared + arena + scratch + outputs; }
};

// What one step of a program did in its profiled runs.
struct StepProfile {
  std::string scope;    // the layer
  std::string op;       // "conv"
  std::string kernel;   // "packed"
  double seconds;       // summed over profiled runs
  double flops, bytes;  // one run
  int64_t runs;
};

// Thread-safe: several threads may run one function at once. Runs that update variables have them to themselves;
// runs that only read share.
class STRIATE_API Function {
 public:
  Function() = default;
  // `inputs` are leaves made by input(). Error(value) if a value depends on an input that is not listed.
  Function(std::string name, std::vector<Value> inputs, std::vector<Value> outputs, std::vector<Update> updates = {},
           const Workspace& workspace = Workspace());

  // Compiles for these shapes if none of the last programs fits. Error(shape), Error(type) if a tensor does not fit its
  // input. The returned tensors own their memory.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;

  // No run shall take more bytes than this, as memory() counts them; 0, as at first: any number. Where keeping all that
  // is needed later would take more, values are computed again, cheapest first, to the same bits. Error(memory), from
  // what compiles, names the least that can be had if that does not do.
  void set_max_memory(int64_t bytes) const;
  int64_t max_memory() const;
  MemoryReport memory(const std::vector<Shape>& input_shapes) const;
  // One line a step: what was fused, which kernel and why, what lies where.
  std::string dump(const std::vector<Shape>& input_shapes) const;
  void set_profiling(bool on) const;
  std::vector<StepProfile> profile() const;

  const std::string& name() const;
  const std::vector<Value>& inputs() const;
  const std::vector<Value>& outputs() const;
  const std::vector<Update>& updates() const;

 private:
  struct Impl;
  Impl& impl() const;  // Error(value) for a Function() made of nothing
  std::shared_ptr<Impl> impl_;
};

// Evaluates values that depend on no input now; programs are cached by the structure of the graph, with constants and
// variables as placeholders.
STRIATE_API std::vector<Tensor> evaluate(const std::vector<Value>& values);

}  // namespace striate
