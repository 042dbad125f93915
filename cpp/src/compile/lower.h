// From scheduled nodes to planned steps over buffers that have sizes but no places yet.
#pragma once

#include <algorithm>
#include <span>

#include "compile/schedule.h"
#include "runtime/program.h"

namespace striate {

struct LoweredBuffer {
  int64_t bytes = 0;
  BufferKind kind = BufferKind::arena;
  int64_t place = 0;  // index into the list of its kind; for the arena set by plan_memory
  // What makes equal prepared values equal, and the variables they come from.
  std::string key;
  std::vector<std::shared_ptr<VariableState>> sources;
};

struct LoweredStep {
  std::shared_ptr<const Plan> plan;
  std::vector<BufferId> inputs, outputs;
  BufferId workspace = kNoBuffer;
  std::vector<std::pair<int, int>> in_place;  // positions in inputs, outputs
  std::string scope, op, attributes;
  Cost cost;
};

struct Lowered {
  std::vector<LoweredBuffer> buffers;
  std::vector<LoweredStep> prepare, steps;
  std::vector<std::shared_ptr<VariableState>> variables;
  std::vector<bool> updated;
  std::vector<Tensor> constants;
  int64_t scratch_bytes = 0;
  Cost cost;  // of all steps
};

// Whether output `o` may take the place of a value, which `is` tells among the inputs: a kernel that may write it over
// one of them may not if it reads the value as another one too.
template <class Is>
bool may_take_over(std::span<const BufferId> inputs, const std::vector<std::pair<int, int>>& in_place, int o, Is is) {
  for (int i = 0; i < static_cast<int>(inputs.size()); ++i)
    if (inputs[i] != kNoBuffer && is(inputs[i]) &&
        std::find(in_place.begin(), in_place.end(), std::pair(i, o)) == in_place.end())
      return false;
  return true;
}

Lowered lower(const Graph& graph, const Schedule& schedule, Views& views, const Backend& backend);

// Has steps run again, cheapest first, in place of keeping what they made, until plan_memory() needs no more than
// `arena_bytes`, or as little as can be reached.
void recompute(Lowered& lowered, int64_t arena_bytes);

// Places arena buffers: lets outputs take the place of inputs that die in the same step where the kernel allows it,
// then packs lifetimes greedily by size. Returns the arena's bytes.
int64_t plan_memory(Lowered& lowered);

// When each of `lowered.steps` may run, once all buffers have their places: after the last step before it that shares
// memory with it.
std::vector<StepOrder> order_steps(const Lowered& lowered);

}  // namespace striate
