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

std::shared_ptr<PreparedValue> Workspace::Impl::prepared(const std::string& key, int64_t bytes,
                                                         std::vector<std::shared_ptr<VariableState>> sources) {
  std::lock_guard lock(mutex_);
  std::erase_if(prepared_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = prepared_[key];
  if (auto value = slot.lock()) return value;
  auto value = std::make_shared<PreparedValue>(bytes);
  value->sources = std::move(sources);
  slot = value;
  return value;
}

}  // namespace striate
