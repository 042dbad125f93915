// Memory that the programs of one model share: arenas for running, prepared values that outlive runs.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/storage.h"
#include "graph/node.h"
#include "striate/function.h"

namespace striate {

// What depends on variables (or constants) alone: packed, folded, cast weights. Current while the versions match.
struct PreparedValue {
  explicit PreparedValue(int64_t bytes) : storage(bytes) {}
  Storage storage;
  std::vector<std::shared_ptr<VariableState>> sources;
  std::vector<uint64_t> versions;  // of the sources when it was computed; empty: never
  bool computed = false;

  bool current() const;
  void mark();
};

struct Workspace::Impl {
  // An arena of at least `bytes`, for one run; a free one is replaced if it is too small, so that one model at rest
  // holds one arena as large as its largest program needs.
  std::unique_ptr<Storage> acquire(int64_t bytes);
  void release(std::unique_ptr<Storage> arena);

  // The prepared value of this key, shared by all programs of the workspace that ask for it.
  std::shared_ptr<PreparedValue> prepared(const std::string& key, int64_t bytes,
                                          std::vector<std::shared_ptr<VariableState>> sources);

  std::mutex prepare_mutex;  // one program prepares at a time; the others then find the values current

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Storage>> free_;
  std::unordered_map<std::string, std::weak_ptr<PreparedValue>> prepared_;
};

}  // namespace striate
