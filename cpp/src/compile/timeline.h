// What recompute() works on: steps in an order that grows, and what memory they take when.
#pragma once

#include <set>
#include <span>

#include "compile/lower.h"

namespace striate {

// A step in the order of running, perhaps not for the first time.
struct Occurrence {
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

// Steps that recompute() has put in order, some of them again.
struct Draft {
  std::vector<Occurrence> occurrences;
  std::vector<BufferId> value;  // by buffer: the one that it holds a copy of, or itself
  double cost = 0;              // of what runs again, in bytes read or written

  BufferId copy_of(BufferId id) {
    value.push_back(value[id]);
    return static_cast<BufferId>(value.size()) - 1;
  }
};

// When buffers are touched, and what is live at each occurrence.
class Timeline {
 public:
  Timeline(const Lowered& lowered, const Draft& draft);  // both outlive it

  bool in_arena(BufferId id) const { return lowered_.buffers[draft_.value[id]].kind == BufferKind::arena; }
  int64_t bytes(BufferId id) const { return lowered_.buffers[draft_.value[id]].bytes; }
  const std::vector<int>& touches(BufferId id) const { return touches_[id]; }
  int last_write(BufferId id) const { return last_write_[id]; }

  int64_t peak() const;
  // Bytes above the ceiling, summed over occurrences.
  double excess(int64_t ceiling) const;
  // How much of it goes if a buffer is not there between two occurrences.
  double excess_without(BufferId id, int after, int before, int64_t ceiling) const;

  // The buffer that holds the value when occurrence `at` begins, or, not live, the one that was kept longest before.
  struct Copy {
    BufferId id = kNoBuffer;
    bool live = false;
  };
  Copy copy_at(BufferId value, int at) const;

  // Adds the occurrences that must run again for the value to be there when occurrence `at` begins. False if one
  // cannot: it also does something else, or reads a variable that is another by then.
  bool remake(BufferId value, int at, std::set<int>& again) const;

 private:
  int64_t taken_over(const Occurrence& occurrence, int at) const;

  const Lowered& lowered_;
  const Draft& draft_;
  std::vector<std::vector<int>> touches_;      // by buffer
  std::vector<int> last_write_, first_write_;  // by buffer
  std::vector<std::vector<BufferId>> copies_;  // by value
  std::vector<std::vector<int>> makers_;       // by value: the occurrences that made it first
  std::vector<int64_t> live_;                  // by occurrence
};

}  // namespace striate
