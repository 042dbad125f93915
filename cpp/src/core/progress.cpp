#include "core/progress.h"

#include <algorithm>
#include <chrono>

namespace striate {
namespace {

// Of what is left of a share, so that the pieces shrink towards its end, where a helper may come.
constexpr int64_t kClaimedPart = 3;

}  // namespace

void Progress::reset(int units, int members) {
  members_ = members;
  const size_t lines = static_cast<size_t>(units) * (members + 1);
  if (lines > capacity_) {
    lines_ = std::make_unique<Line[]>(lines);
    capacity_ = lines;
    return;
  }
  for (size_t i = 0; i < lines; ++i) {
    lines_[i].count.store(0, std::memory_order_relaxed);
    lines_[i].done.store(0, std::memory_order_relaxed);
  }
}

bool Progress::claim(int unit, const TeamMember& member, int64_t items, bool backwards, int64_t& begin, int64_t& end) {
  for (int i = 0; i < member.count; ++i) {
    const int owner = (member.index + i) % member.count;
    const int64_t first = items * owner / member.count, share = items * (owner + 1) / member.count - first;
    std::atomic<int64_t>& taken = claimed(unit, owner).count;
    int64_t at = taken.load(std::memory_order_relaxed);
    while (at < share) {
      const int64_t next = at + (share - at + kClaimedPart - 1) / kClaimedPart;
      if (!taken.compare_exchange_weak(at, next, std::memory_order_relaxed)) continue;
      begin = first + (backwards ? share - next : at);
      end = begin + next - at;
      return true;
    }
  }
  return false;
}

void Progress::finish(int unit, int64_t count, int64_t items) {
  Line& line = finished(unit);
  if (line.count.fetch_add(count, std::memory_order_acq_rel) + count < items) return;
  line.done.store(1, std::memory_order_release);
  line.done.notify_all();
}

void Progress::wait(int unit) const {
  const std::atomic<uint32_t>& done = finished(unit).done;
  if (done.load(std::memory_order_acquire)) return;
  const auto start = std::chrono::steady_clock::now();
  for (int spin = 1; !done.load(std::memory_order_acquire); ++spin) {
    relax();
    if (spin % 64 == 0 && std::chrono::steady_clock::now() - start > std::chrono::microseconds(50))
      done.wait(0, std::memory_order_acquire);
  }
}

}  // namespace striate
