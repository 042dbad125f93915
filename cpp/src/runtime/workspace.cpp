#include "runtime/workspace.h"

#include <algorithm>

namespace striate {

Workspace::Workspace() : impl_(std::make_shared<Impl>()) {}
Workspace::~Workspace() = default;

bool PreparedValue::current() const {
  if (!computed) return false;
  for (size_t i = 0; i < sources.size(); ++i)
    if (sources[i]->version.load(std::memory_order_acquire) != versions[i]) return false;
  return true;
}

void PreparedValue::mark() {
  versions.resize(sources.size());
  for (size_t i = 0; i < sources.size(); ++i) versions[i] = sources[i]->version.load();
  computed = true;
}

std::unique_ptr<Storage> Workspace::Impl::acquire(int64_t bytes) {
  std::unique_ptr<Storage> arena;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto largest = std::max_element(free_.begin(), free_.end(),
                                      [](const auto& a, const auto& b) { return a->bytes() < b->bytes(); });
      arena = std::move(*largest);
      free_.erase(largest);
    }
  }
  if (arena && arena->bytes() >= bytes) return arena;
  arena.reset();  // before the new one is allocated: the two never exist together
  return std::make_unique<Storage>(bytes);
}

void Workspace::Impl::release(std::unique_ptr<Storage> arena) {
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(arena));
}

std::vector<std::shared_ptr<PreparedValue>> Workspace::Impl::prepared(const std::vector<Wanted>& wanted) {
  std::lock_guard lock(mutex_);
  std::erase_if(prepared_, [](const auto& entry) { return entry.second.expired(); });
  const auto joins_block = [&](const Wanted& value) {
    return value.bytes > 0 && value.bytes < kLargeBytes && prepared_.count(value.key) == 0;
  };
  int64_t bytes = 0, place = 0;
  for (const Wanted& value : wanted) bytes += joins_block(value) ? aligned(value.bytes) : 0;
  const auto block = bytes > 0 ? std::make_shared<Storage>(bytes) : nullptr;
  std::vector<std::shared_ptr<PreparedValue>> values;
  for (const Wanted& value : wanted) {
    const bool joins = joins_block(value);
    auto& slot = prepared_[value.key];
    auto found = slot.lock();
    if (!found) {
      found = joins ? std::make_shared<PreparedValue>(block, place, value.bytes)
                    : std::make_shared<PreparedValue>(value.bytes);
      found->sources = value.sources;
      slot = found;
      place += joins ? aligned(value.bytes) : 0;
    }
    values.push_back(std::move(found));
  }
  return values;
}

}  // namespace striate
