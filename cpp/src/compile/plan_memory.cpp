// Where arena buffers lie: lifetimes are known, so the arena is packed once, at compile time.
#include <algorithm>
#include <limits>

#include "compile/lower.h"

namespace striate {
namespace {

struct Life {
  int first = std::numeric_limits<int>::max();  // step that writes it first
  int last = -1;                                // step that touches it last
};

// Every step's buffers in one numbering: prepare steps, then steps.
template <class F>
void for_each_step(Lowered& lowered, F f) {
  int number = 0;
  for (auto* steps : {&lowered.prepare, &lowered.steps})
    for (LoweredStep& step : *steps) f(number++, step);
}

std::vector<Life> lifetimes(Lowered& lowered) {
  std::vector<Life> lives(lowered.buffers.size());
  for_each_step(lowered, [&](int number, const LoweredStep& step) {
    auto touch = [&](BufferId id) {
      if (id == kNoBuffer) return;
      lives[id].first = std::min(lives[id].first, number);
      lives[id].last = std::max(lives[id].last, number);
    };
    for (BufferId id : step.inputs) touch(id);
    for (BufferId id : step.outputs) touch(id);
    touch(step.workspace);
  });
  return lives;
}

// Lets outputs take over inputs that die; the input's number then stands for both.
void merge_in_place(Lowered& lowered, std::vector<Life>& lives) {
  std::vector<BufferId> taken_by(lowered.buffers.size());
  for (size_t i = 0; i < taken_by.size(); ++i) taken_by[i] = static_cast<BufferId>(i);
  auto root = [&](BufferId id) {
    while (taken_by[id] != id) id = taken_by[id];
    return id;
  };
  for_each_step(lowered, [&](int number, const LoweredStep& step) {
    std::vector<BufferId> used;
    for (const auto& [i, o] : step.in_place) {
      if (step.inputs[i] == kNoBuffer || step.outputs[o] == kNoBuffer) continue;
      const BufferId in = root(step.inputs[i]), out = root(step.outputs[o]);
      const bool arena =
          lowered.buffers[in].kind == BufferKind::arena && lowered.buffers[out].kind == BufferKind::arena;
      if (!arena || in == out || lives[in].last != number || lives[out].first != number) continue;
      if (lowered.buffers[in].bytes != lowered.buffers[out].bytes) continue;
      if (std::find(used.begin(), used.end(), in) != used.end()) continue;
      if (!may_take_over(step.inputs, step.in_place, o, [&](BufferId id) { return root(id) == in; })) continue;
      taken_by[out] = in;
      lives[in].last = std::max(lives[in].last, lives[out].last);
      used.push_back(in);
    }
  });
  for_each_step(lowered, [&](int, LoweredStep& step) {
    for (BufferId& id : step.inputs)
      if (id != kNoBuffer) id = root(id);
    for (BufferId& id : step.outputs)
      if (id != kNoBuffer) id = root(id);
  });
  for (size_t i = 0; i < taken_by.size(); ++i)
    if (root(static_cast<BufferId>(i)) != static_cast<BufferId>(i)) lives[i].last = -1;  // needs no place of its own
}

}  // namespace

int64_t plan_memory(Lowered& lowered) {
  std::vector<Life> lives = lifetimes(lowered);
  merge_in_place(lowered, lives);

  std::vector<BufferId> order;
  for (size_t i = 0; i < lowered.buffers.size(); ++i)
    if (lowered.buffers[i].kind == BufferKind::arena && lives[i].last >= 0) order.push_back(static_cast<BufferId>(i));
  std::stable_sort(order.begin(), order.end(),
                   [&](BufferId a, BufferId b) { return lowered.buffers[a].bytes > lowered.buffers[b].bytes; });

  // Large buffers end 1 to 7 cache lines late, so that rows of two of them do not fall on the same sets of the cache.
  auto room = [&](BufferId id) {
    const int64_t lines = (lowered.buffers[id].bytes + kAlignment - 1) / kAlignment;
    return (lines + (lines >= 256 ? 1 + 2 * (id % 4) : 0)) * kAlignment;
  };
  int64_t total = 0;
  std::vector<BufferId> placed;  // by offset
  for (BufferId id : order) {
    int64_t offset = 0;
    const int64_t bytes = room(id);
    for (BufferId other : placed) {
      if (lives[other].last < lives[id].first || lives[other].first > lives[id].last) continue;
      const int64_t start = lowered.buffers[other].place;
      if (offset + bytes <= start) break;
      offset = std::max(offset, start + room(other));
    }
    lowered.buffers[id].place = offset;
    total = std::max(total, offset + bytes);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), id,
                         [&](BufferId a, BufferId b) { return lowered.buffers[a].place < lowered.buffers[b].place; }),
        id);
  }
  return total;
}

}  // namespace striate
