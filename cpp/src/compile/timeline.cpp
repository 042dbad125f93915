#include "compile/timeline.h"

#include <algorithm>

namespace striate {

Timeline::Timeline(const Lowered& lowered, const Draft& draft)
    : lowered_(lowered),
      draft_(draft),
      touches_(draft.value.size()),
      last_write_(draft.value.size(), -1),
      first_write_(draft.value.size(), static_cast<int>(draft.occurrences.size())),
      copies_(lowered.buffers.size()),
      makers_(lowered.buffers.size()) {
  for (size_t i = 0; i < draft.occurrences.size(); ++i) {
    const Occurrence& occurrence = draft.occurrences[i];
    const int at = static_cast<int>(i);
    for (BufferId id : occurrence.buffers)
      if (id != kNoBuffer && (touches_[id].empty() || touches_[id].back() != at)) touches_[id].push_back(at);
    for (BufferId id : occurrence.outputs()) {
      if (id == kNoBuffer) continue;
      last_write_[id] = at;
      first_write_[id] = std::min(first_write_[id], at);
      if (!occurrence.again) makers_[id].push_back(at);
    }
  }
  std::vector<int64_t> change(draft.occurrences.size() + 1);
  for (BufferId id = 0; id < static_cast<BufferId>(touches_.size()); ++id) {
    if (touches_[id].empty()) continue;
    copies_[draft.value[id]].push_back(id);
    if (!in_arena(id)) continue;
    change[touches_[id].front()] += bytes(id);
    change[touches_[id].back() + 1] -= bytes(id);
  }
  int64_t sum = 0;
  for (size_t i = 0; i < draft.occurrences.size(); ++i) {
    sum += change[i];
    live_.push_back(sum - taken_over(draft.occurrences[i], static_cast<int>(i)));
  }
}

// Bytes of inputs whose place outputs take, as plan_memory lets them.
int64_t Timeline::taken_over(const Occurrence& occurrence, int at) const {
  std::set<BufferId> taken;
  int64_t sum = 0;
  for (const auto& [i, o] : occurrence.step->in_place) {
    const BufferId in = occurrence.inputs()[i], out = occurrence.outputs()[o];
    if (in == kNoBuffer || out == kNoBuffer || !in_arena(in) || !in_arena(out) || bytes(in) != bytes(out)) continue;
    if (touches_[in].back() != at || touches_[out].front() != at) continue;
    if (!may_take_over(occurrence.inputs(), occurrence.step->in_place, o, [&](BufferId id) { return id == in; }))
      continue;
    if (taken.insert(in).second) sum += bytes(in);
  }
  return sum;
}

int64_t Timeline::peak() const { return live_.empty() ? 0 : *std::max_element(live_.begin(), live_.end()); }

double Timeline::excess(int64_t ceiling) const {
  double sum = 0;
  for (int64_t live : live_) sum += static_cast<double>(std::max<int64_t>(0, live - ceiling));
  return sum;
}

double Timeline::excess_without(BufferId id, int after, int before, int64_t ceiling) const {
  double sum = 0;
  for (int i = after + 1; i < before; ++i)
    sum += static_cast<double>(std::clamp<int64_t>(live_[i] - ceiling, 0, bytes(id)));
  return sum;
}

Timeline::Copy Timeline::copy_at(BufferId value, int at) const {
  Copy best;
  int latest = -1;
  for (BufferId id : copies_[value]) {
    if (last_write_[id] >= at || touches_[id].front() >= at || touches_[id].back() <= latest) continue;
    latest = touches_[id].back();
    best = {id, latest >= at};
  }
  return best;
}

bool Timeline::remake(BufferId value, int at, std::set<int>& again) const {
  if (makers_[value].empty()) return false;
  std::set<int> more = again;
  for (int maker : makers_[value]) {
    if (!more.insert(maker).second) continue;
    const Occurrence& occurrence = draft_.occurrences[maker];
    const auto inputs = occurrence.inputs();
    for (BufferId id : occurrence.outputs())
      if (id != kNoBuffer && (!in_arena(id) || std::find(inputs.begin(), inputs.end(), id) != inputs.end()))
        return false;
    for (BufferId id : inputs) {
      if (id == kNoBuffer) continue;
      if (!in_arena(id)) {
        if (lowered_.buffers[id].kind == BufferKind::variable && first_write_[id] < at) return false;
      } else if (!copy_at(draft_.value[id], at).live) {
        remake(draft_.value[id], at, more);  // if it cannot be, it is kept for longer
      }
    }
  }
  again = std::move(more);
  return true;
}

}  // namespace striate
