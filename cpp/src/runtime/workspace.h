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
  PreparedValue(std::shared_ptr<Storage> block, int64_t place, int64_t bytes)
      : storage(static_cast<char*>(block->data()) + place, bytes, [block] {}) {}
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

  struct Wanted {
    std::string key;
    int64_t bytes;
    std::vector<std::shared_ptr<VariableState>> sources;
  };
  // The prepared values of these keys, shared by all programs of the workspace that ask for them. Small ones that are
  // new lie in one block, of huge pages if it is large, which stays while one of them does: in pages of 4 KB the 1x1
  // weights of GoogLeNet and ResNet-50 cost one image 4 and 2.6%.
  std::vector<std::shared_ptr<PreparedValue>> prepared(const std::vector<Wanted>& wanted);

  std::mutex prepare_mutex;  // one program prepares at a time; the others then find the values current

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Storage>> free_;
  std::unordered_map<std::string, std::weak_ptr<PreparedValue>> prepared_;
};

}  // namespace striate
