// The seam between programs and devices. A backend says which fusions it can do, turns neutral kernel calls into plans,
// and enqueues plans. The CPU stands behind it (runtime/cpu); a GPU's loader will too.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "ops/lowering.h"

namespace striate {

// What the fusion pass would like to make one step of.
struct Region {
  std::string anchor;  // "conv", "conv_input_gradient", "matmul"
  bool bias = false;
  std::string activation;         // "none", "relu", ...
  std::string pooling;            // "none", "max", ...
  bool part = false;              // the result is written as some channels of wider memory
  bool pools_input = false;       // the input is pooled first
  bool normalizes_input = false;  // or made by a normalization's line
};

// A kernel call made ready for a device: opaque to all but its backend.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual std::string kernel() const = 0;  // which implementation, and why: "packed (cost 1.2e6; direct 3.0e6)"
  virtual int64_t workspace_bytes() const { return 0; }  // in the arena while the step runs
  virtual int64_t scratch_bytes() const { return 0; }    // per thread, and its distance to others'
  // The input wanted transformed (-1: none), the size of the transformed one, and the plan that makes it: it reads the
  // source and writes the prepared buffer. `prepare_key` names the transformation, so that programs can share results.
  virtual int prepared_input() const { return -1; }
  virtual int64_t prepared_bytes() const { return 0; }
  virtual std::shared_ptr<const Plan> prepare() const { return nullptr; }
  virtual std::string prepare_key() const { return {}; }
  // One piece of work: several that follow each other are best done by one thread, without asking.
  virtual bool serial() const { return false; }
  // How many units of work that can be waited for one enqueueing takes; 1 if it is serial.
  virtual int units() const { return 1; }
};

// When a step may run: units are numbered as they are enqueued, from 0 in each submission.
struct StepOrder {
  static constexpr int kAll = std::numeric_limits<int>::max();
  int after = kAll;  // the first that need not be done before
  // A chain of serial steps is one unit, run by one thread: its first step opens it, its last closes it.
  bool opens = true, closes = true;
  // Walks through more memory than the caches near a core hold, and so from its end if the last such step went from its
  // begin: it then starts with what that left in the caches.
  bool turns = false;
};

// Where plans are enqueued, in order.
class Stream {
 public:
  virtual ~Stream() = default;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;
  virtual bool claim(const Region& region) const = 0;
  virtual std::shared_ptr<const Plan> plan(const KernelCall& call) const = 0;

  // Calls `enqueue_all` with a stream, on every thread that takes part; returns when all that was enqueued, at most
  // `units`, is done. scratch: threads x scratch_bytes.
  virtual void submit(int threads, void* scratch, int64_t scratch_bytes, int units,
                      const std::function<void(Stream&)>& enqueue_all) const = 0;
  // buffers: the call's inputs, outputs, then the workspace (or null).
  virtual void enqueue(const Plan& plan, void* const* buffers, int buffer_count, const StepOrder& order,
                       Stream& stream) const = 0;
  // Seconds since an arbitrary start, when everything enqueued before is done; meaningful on one thread of the stream.
  virtual bool timestamp(Stream& stream, double& seconds) const = 0;
  virtual int threads() const = 0;
};

const Backend& cpu_backend();

}  // namespace striate
