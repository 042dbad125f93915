// A compiled function: a flat list of planned steps over buffers whose places are fixed. Immutable once made; several
// threads may run it at once. run() allocates nothing but the outputs it returns.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/backend.h"
#include "runtime/workspace.h"

namespace striate {

enum class BufferKind { none, arena, variable, input, output, constant, prepared };

// Where a step finds one of its buffers: an offset into the arena, or an index into the list of its kind.
struct BufferRef {
  BufferKind kind = BufferKind::none;
  int64_t place = 0;
};

struct Step {
  std::shared_ptr<const Plan> plan;
  std::vector<BufferRef> buffers;  // the call's inputs, outputs, workspace
  StepOrder order;
  int64_t prepares = -1;  // the prepared value this step makes, or -1
  std::string scope, op, attributes;
  Cost cost;
};

// What compile/ fills in.
struct ProgramParts {
  std::string name;
  const Backend* backend = nullptr;
  std::vector<Step> prepare;  // run when a prepared value is not current
  std::vector<Step> steps;
  std::vector<ValueType> outputs;
  std::vector<std::shared_ptr<VariableState>> variables;
  std::vector<bool> updated;  // per variable
  std::vector<Tensor> constants;
  std::vector<std::shared_ptr<PreparedValue>> prepared;
  int64_t arena_bytes = 0;
  int64_t scratch_bytes = 0;  // per thread
  bool parallel = true;       // false: too little work for a second thread
};

class Program {
 public:
  Program(ProgramParts parts, std::shared_ptr<Workspace::Impl> workspace);
  ~Program();

  // inputs: of the types that compile() was given (the caller has checked).
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;

  MemoryReport memory() const;
  std::string dump() const;
  void set_profiling(bool on) const;
  std::vector<StepProfile> profile() const;

 private:
  struct Frame;  // the steps' pointers, resolved for one arena
  std::unique_ptr<Frame> take_frame() const;
  void execute(const std::vector<Step>& steps, Frame& frame, size_t first_pointer, int threads, char* scratch,
               bool profiled, const std::vector<bool>& skipped = {}) const;
  void prepare_if_stale(Frame& frame, int threads, char* scratch) const;

  ProgramParts parts_;
  std::shared_ptr<Workspace::Impl> workspace_;
  std::vector<size_t> lock_order_;  // variables by address, so that runs never deadlock
  mutable std::mutex frames_mutex_;
  mutable std::vector<std::unique_ptr<Frame>> frames_;
  mutable std::atomic<bool> profiling_{false};
  mutable std::mutex profile_mutex_;
  mutable std::vector<double> seconds_;
  mutable int64_t profiled_runs_ = 0;
};

}  // namespace striate
