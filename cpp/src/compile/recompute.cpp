// Memory for time: a value that waits long for its next reader is dropped, and made again just before it is read.
//
// This looks at steps, not at the graph: they are in order, their buffers and workspaces have exact sizes, and a step
// that runs again is the same planned kernel on the same numbers, so results keep their bits. Nothing here knows of
// forward and backward. Under a ceiling that sinks by a few percent at a time, the change is made that takes away most
// of what lies above it (bytes summed over steps) for its cost, until the arena is small enough. The way down does not
// depend on the limit, so what is told as the least can be had.
#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "compile/timeline.h"

namespace striate {
namespace {

constexpr double kSinking = 0.97;
constexpr int64_t kSmallest = 1024;   // values of less than the peak divided by this are left alone
constexpr double kFlopsPerByte = 20;  // in the time a byte comes from memory: two cores at 400 GFLOP/s and 20 GB/s
constexpr double kStepBytes = 1e4;    // in the time any step takes, however small

Draft draft_of(const Lowered& lowered) {
  Draft draft;
  draft.value.resize(lowered.buffers.size());
  std::iota(draft.value.begin(), draft.value.end(), 0);
  for (const LoweredStep& step : lowered.steps) {
    Occurrence occurrence{&step, step.inputs};
    occurrence.buffers.insert(occurrence.buffers.end(), step.outputs.begin(), step.outputs.end());
    occurrence.buffers.push_back(step.workspace);
    draft.occurrences.push_back(std::move(occurrence));
  }
  return draft;
}

double cost_of(const Occurrence& occurrence) {
  return kStepBytes + occurrence.step->cost.bytes + occurrence.step->cost.flops / kFlopsPerByte;
}

// A buffer to be made again for occurrence `before`, and what that may bring.
struct Change {
  BufferId id;
  int before;
  std::set<int> again;
  double promise;  // what the gap alone takes from above the ceiling, for its cost
};

// Whatever may help, the most promising first.
std::vector<Change> changes(const Draft& draft, const Timeline& timeline, int64_t ceiling) {
  std::vector<Change> found;
  const int64_t smallest = timeline.peak() / kSmallest;
  for (BufferId id = 0; id < static_cast<BufferId>(draft.value.size()); ++id) {
    const std::vector<int>& touches = timeline.touches(id);
    if (touches.empty() || !timeline.in_arena(id) || timeline.bytes(id) < smallest) continue;
    for (size_t k = 0; k + 1 < touches.size(); ++k) {
      if (touches[k] < timeline.last_write(id)) continue;
      const double gain = timeline.excess_without(id, touches[k], touches[k + 1], ceiling);
      Change change{.id = id, .before = touches[k + 1]};
      if (gain <= 0 || !timeline.remake(draft.value[id], change.before, change.again)) continue;
      double cost = 0;
      for (int i : change.again) cost += cost_of(draft.occurrences[i]);
      change.promise = gain / cost;
      found.push_back(std::move(change));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Change& a, const Change& b) { return a.promise > b.promise; });
  return found;
}

// Leaves out steps that run again although nothing reads what they make.
void drop_unread(Draft& draft) {
  std::set<BufferId> read;
  std::vector<Occurrence> kept;
  for (size_t i = draft.occurrences.size(); i-- > 0;) {
    Occurrence& occurrence = draft.occurrences[i];
    const auto outputs = occurrence.outputs();
    if (occurrence.again &&
        std::none_of(outputs.begin(), outputs.end(), [&](BufferId id) { return read.contains(id); })) {
      draft.cost -= cost_of(occurrence);
      continue;
    }
    for (BufferId id : occurrence.inputs()) read.insert(id);
    kept.push_back(std::move(occurrence));
  }
  std::reverse(kept.begin(), kept.end());
  draft.occurrences = std::move(kept);
}

// The draft with a change made. What runs again on the way is `shared` with readers that had it made again later.
Draft changed(const Draft& draft, const Timeline& timeline, const Change& change, bool shared) {
  Draft next;
  next.value = draft.value;
  next.cost = draft.cost;
  std::map<BufferId, BufferId> made;  // by value
  std::vector<Occurrence> again;
  for (int i : change.again) {
    Occurrence occurrence = draft.occurrences[i];
    occurrence.again = true;
    for (BufferId& id : occurrence.inputs()) {
      if (id == kNoBuffer || !timeline.in_arena(id)) continue;
      const BufferId value = draft.value[id];
      const auto found = made.find(value);
      id = found != made.end() ? found->second : timeline.copy_at(value, change.before).id;
    }
    for (BufferId& id : occurrence.outputs()) {
      if (id == kNoBuffer) continue;
      const auto [found, fresh] = made.try_emplace(draft.value[id], kNoBuffer);
      if (fresh) found->second = next.copy_of(id);
      id = found->second;
    }
    if (occurrence.buffers.back() != kNoBuffer) occurrence.buffers.back() = next.copy_of(occurrence.buffers.back());
    next.cost += cost_of(occurrence);
    again.push_back(std::move(occurrence));
  }
  for (size_t i = 0; i < draft.occurrences.size(); ++i) {
    if (static_cast<int>(i) == change.before)
      next.occurrences.insert(next.occurrences.end(), again.begin(), again.end());
    Occurrence occurrence = draft.occurrences[i];
    if (static_cast<int>(i) >= change.before)
      for (BufferId& id : occurrence.inputs()) {
        if (id == kNoBuffer) continue;
        const auto found = made.find(draft.value[id]);
        if (found == made.end()) continue;
        if (id == change.id || (shared && timeline.touches(id).front() >= change.before)) id = found->second;
      }
    next.occurrences.push_back(std::move(occurrence));
  }
  if (shared) drop_unread(next);
  return next;
}

// Makes the changes that take away most for their cost until nothing lies above the ceiling. False if none helps
// before.
bool sink(const Lowered& lowered, Draft& draft, int64_t ceiling) {
  while (true) {
    const Timeline timeline(lowered, draft);
    const double excess = timeline.excess(ceiling);
    if (excess == 0) return true;
    std::optional<Draft> best;
    double best_ratio = 0;
    for (const Change& change : changes(draft, timeline, ceiling)) {
      if (best && change.promise <= best_ratio) break;
      for (bool shared : {true, false}) {
        Draft next = changed(draft, timeline, change, shared);
        const double gain = excess - Timeline(lowered, next).excess(ceiling);
        const double ratio = gain / std::max(1.0, next.cost - draft.cost);
        if (gain <= 0 || ratio <= best_ratio) continue;
        best = std::move(next);
        best_ratio = ratio;
      }
    }
    if (!best) return false;
    draft = std::move(*best);
  }
}

Lowered written_out(const Lowered& lowered, const Draft& draft) {
  Lowered result = lowered;
  for (size_t id = lowered.buffers.size(); id < draft.value.size(); ++id)
    result.buffers.push_back({.bytes = lowered.buffers[draft.value[id]].bytes});
  result.steps.clear();
  for (const Occurrence& occurrence : draft.occurrences) {
    LoweredStep step = *occurrence.step;
    step.inputs.assign(occurrence.inputs().begin(), occurrence.inputs().end());
    step.outputs.assign(occurrence.outputs().begin(), occurrence.outputs().end());
    step.workspace = occurrence.buffers.back();
    if (occurrence.again) {
      step.attributes += step.attributes.empty() ? "again" : " again";
      result.cost.flops += step.cost.flops;
      result.cost.bytes += step.cost.bytes;
    }
    result.steps.push_back(std::move(step));
  }
  return result;
}

int64_t arena_of(const Lowered& lowered, const Draft& draft) {
  Lowered copy = written_out(lowered, draft);
  return plan_memory(copy);
}

}  // namespace

void recompute(Lowered& lowered, int64_t arena_bytes) {
  Draft draft = draft_of(lowered);
  int64_t least = arena_of(lowered, draft);
  arena_bytes = std::max<int64_t>(arena_bytes, 0);  // no plan takes less
  if (least <= arena_bytes) return;
  Draft best = draft;
  for (bool sunk = true; sunk && least > arena_bytes;) {
    const auto peak = static_cast<double>(Timeline(lowered, draft).peak());
    sunk = sink(lowered, draft, static_cast<int64_t>(kSinking * peak));
    const int64_t arena = arena_of(lowered, draft);
    if (arena >= least) continue;
    least = arena;
    best = draft;
  }
  lowered = written_out(lowered, best);
}

}  // namespace striate
