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
#include <span>

#include "compile/lower.h"

namespace striate {
namespace {

constexpr double kSinking = 0.97;
constexpr int64_t kSmallest = 1024;   // values of less than the peak divided by this are left alone
constexpr double kFlopsPerByte = 20;  // in the time a byte comes from memory: two cores at 400 GFLOP/s and 20 GB/s
constexpr double kStepBytes = 1e4;    // in the time any step takes, however small

// A step in the order of running, perhaps not for the first time.
struct Item {
  const LoweredStep* step;
  std::vector<BufferId> buffers;  // the step's inputs, outputs, workspace; copies have numbers of their own
  bool again = false;

  std::span<BufferId> inputs() { return std::span(buffers).first(step->inputs.size()); }
  std::span<BufferId> outputs() { return std::span(buffers).subspan(step->inputs.size(), step->outputs.size()); }
  std::span<const BufferId> inputs() const { return std::span(buffers).first(step->inputs.size()); }
  std::span<const BufferId> outputs() const {
    return std::span(buffers).subspan(step->inputs.size(), step->outputs.size());
  }
};

struct Draft {
  std::vector<Item> items;
  std::vector<BufferId> value;  // by buffer: the one that it holds a copy of, or itself
  double cost = 0;              // of what runs again, in bytes read or written

  BufferId copy_of(BufferId id) {
    value.push_back(value[id]);
    return static_cast<BufferId>(value.size()) - 1;
  }
};

Draft draft_of(const Lowered& lowered) {
  Draft draft;
  draft.value.resize(lowered.buffers.size());
  std::iota(draft.value.begin(), draft.value.end(), 0);
  for (const LoweredStep& step : lowered.steps) {
    Item item{&step, step.inputs};
    item.buffers.insert(item.buffers.end(), step.outputs.begin(), step.outputs.end());
    item.buffers.push_back(step.workspace);
    draft.items.push_back(std::move(item));
  }
  return draft;
}

double cost_of(const Item& item) { return kStepBytes + item.step->cost.bytes + item.step->cost.flops / kFlopsPerByte; }

// When buffers are touched, and what is live at each item.
class Timeline {
 public:
  Timeline(const Lowered& lowered, const Draft& draft)
      : lowered_(lowered),
        draft_(draft),
        touches_(draft.value.size()),
        last_write_(draft.value.size(), -1),
        first_write_(draft.value.size(), static_cast<int>(draft.items.size())),
        copies_(lowered.buffers.size()),
        makers_(lowered.buffers.size()) {
    for (size_t i = 0; i < draft.items.size(); ++i) {
      const Item& item = draft.items[i];
      const int at = static_cast<int>(i);
      for (BufferId id : item.buffers)
        if (id != kNoBuffer && (touches_[id].empty() || touches_[id].back() != at)) touches_[id].push_back(at);
      for (BufferId id : item.outputs()) {
        if (id == kNoBuffer) continue;
        last_write_[id] = at;
        first_write_[id] = std::min(first_write_[id], at);
        if (!item.again) makers_[id].push_back(at);
      }
    }
    for (size_t id = 0; id < touches_.size(); ++id)
      if (!touches_[id].empty()) copies_[draft.value[id]].push_back(static_cast<BufferId>(id));
    sum_up();
  }

  bool in_arena(BufferId id) const { return lowered_.buffers[draft_.value[id]].kind == BufferKind::arena; }
  int64_t bytes(BufferId id) const { return lowered_.buffers[draft_.value[id]].bytes; }
  const std::vector<int>& touches(BufferId id) const { return touches_[id]; }
  int last_write(BufferId id) const { return last_write_[id]; }
  int64_t peak() const { return live_.empty() ? 0 : *std::max_element(live_.begin(), live_.end()); }

  // Bytes above the ceiling, summed over items.
  double excess(int64_t ceiling) const {
    double sum = 0;
    for (int64_t live : live_) sum += static_cast<double>(std::max<int64_t>(0, live - ceiling));
    return sum;
  }
  // How much of it goes if a buffer is not there between two items.
  double excess_without(BufferId id, int after, int before, int64_t ceiling) const {
    double sum = 0;
    for (int i = after + 1; i < before; ++i)
      sum += static_cast<double>(std::clamp<int64_t>(live_[i] - ceiling, 0, bytes(id)));
    return sum;
  }

  // The buffer that holds the value when item `at` begins, or, not live, the one that was kept longest before.
  struct Copy {
    BufferId id = kNoBuffer;
    bool live = false;
  };
  Copy copy_at(BufferId value, int at) const {
    Copy best;
    int latest = -1;
    for (BufferId id : copies_[value]) {
      if (touches_[id].front() >= at || touches_[id].back() <= latest) continue;
      latest = touches_[id].back();
      best = {id, latest >= at};
    }
    return best;
  }

  // Adds the items that must run again for the value to be there when item `at` begins. False if one cannot: it also
  // does something else, or reads a variable that is another by then.
  bool remake(BufferId value, int at, std::set<int>& again) const {
    std::set<int> more = again;
    if (makers_[value].empty()) return false;
    for (int maker : makers_[value]) {
      if (!more.insert(maker).second) continue;
      const Item& item = draft_.items[maker];
      for (BufferId id : item.outputs()) {
        const auto inputs = item.inputs();
        if (id == kNoBuffer) continue;
        if (!in_arena(id) || std::find(inputs.begin(), inputs.end(), id) != inputs.end()) return false;
      }
      for (BufferId id : item.inputs()) {
        if (id == kNoBuffer) continue;
        if (!in_arena(id)) {
          if (first_write_[id] < at && lowered_.buffers[id].kind == BufferKind::variable) return false;
        } else if (!copy_at(draft_.value[id], at).live) {
          remake(draft_.value[id], at, more);  // else it is kept for longer
        }
      }
    }
    again = std::move(more);
    return true;
  }

 private:
  void sum_up() {
    std::vector<int64_t> change(draft_.items.size() + 1);
    for (size_t id = 0; id < touches_.size(); ++id) {
      const BufferId buffer = static_cast<BufferId>(id);
      if (touches_[id].empty() || !in_arena(buffer)) continue;
      change[touches_[id].front()] += bytes(buffer);
      change[touches_[id].back() + 1] -= bytes(buffer);
    }
    int64_t sum = 0;
    for (size_t i = 0; i < draft_.items.size(); ++i) {
      sum += change[i];
      live_.push_back(sum - taken_over(draft_.items[i], static_cast<int>(i)));
    }
  }
  // Bytes of inputs whose place outputs take, as plan_memory lets them.
  int64_t taken_over(const Item& item, int at) const {
    std::set<BufferId> taken;
    int64_t sum = 0;
    for (const auto& [i, o] : item.step->in_place) {
      const BufferId in = item.inputs()[i], out = item.outputs()[o];
      if (in == kNoBuffer || out == kNoBuffer || !in_arena(in) || !in_arena(out) || bytes(in) != bytes(out)) continue;
      if (touches_[in].back() == at && touches_[out].front() == at && taken.insert(in).second) sum += bytes(in);
    }
    return sum;
  }

  const Lowered& lowered_;
  const Draft& draft_;
  std::vector<std::vector<int>> touches_;      // by buffer
  std::vector<int> last_write_, first_write_;  // by buffer
  std::vector<std::vector<BufferId>> copies_;  // by value
  std::vector<std::vector<int>> makers_;       // by value: the items that made it first
  std::vector<int64_t> live_;                  // by item
};

// A buffer to be made again for item `before`, and what that may bring.
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
      for (int i : change.again) cost += cost_of(draft.items[i]);
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
  std::vector<Item> kept;
  for (size_t i = draft.items.size(); i-- > 0;) {
    Item& item = draft.items[i];
    const auto outputs = item.outputs();
    if (item.again && std::none_of(outputs.begin(), outputs.end(), [&](BufferId id) { return read.contains(id); })) {
      draft.cost -= cost_of(item);
      continue;
    }
    for (BufferId id : item.inputs()) read.insert(id);
    kept.push_back(std::move(item));
  }
  std::reverse(kept.begin(), kept.end());
  draft.items = std::move(kept);
}

// The draft with a change made. What runs again on the way is `shared` with readers that had it made again later.
Draft changed(const Draft& draft, const Timeline& timeline, const Change& change, bool shared) {
  Draft next;
  next.value = draft.value;
  next.cost = draft.cost;
  std::map<BufferId, BufferId> made;  // by value
  std::vector<Item> again;
  for (int i : change.again) {
    Item item = draft.items[i];
    item.again = true;
    for (BufferId& id : item.inputs()) {
      if (id == kNoBuffer || !timeline.in_arena(id)) continue;
      const BufferId value = draft.value[id];
      const auto found = made.find(value);
      id = found != made.end() ? found->second : timeline.copy_at(value, change.before).id;
    }
    for (BufferId& id : item.outputs()) {
      if (id == kNoBuffer) continue;
      const auto [found, fresh] = made.try_emplace(draft.value[id], kNoBuffer);
      if (fresh) found->second = next.copy_of(id);
      id = found->second;
    }
    if (item.buffers.back() != kNoBuffer) item.buffers.back() = next.copy_of(item.buffers.back());
    next.cost += cost_of(item);
    again.push_back(std::move(item));
  }
  for (size_t i = 0; i < draft.items.size(); ++i) {
    if (static_cast<int>(i) == change.before) next.items.insert(next.items.end(), again.begin(), again.end());
    Item item = draft.items[i];
    if (static_cast<int>(i) >= change.before)
      for (BufferId& id : item.inputs()) {
        if (id == kNoBuffer) continue;
        const auto found = made.find(draft.value[id]);
        if (found == made.end()) continue;
        if (id == change.id || (shared && timeline.touches(id).front() >= change.before)) id = found->second;
      }
    next.items.push_back(std::move(item));
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
  for (const Item& item : draft.items) {
    LoweredStep step = *item.step;
    step.inputs.assign(item.inputs().begin(), item.inputs().end());
    step.outputs.assign(item.outputs().begin(), item.outputs().end());
    step.workspace = item.buffers.back();
    if (item.again) {
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
