// The bytes of tensors and arenas: aligned, counted, huge pages for large blocks.
#pragma once

#include <cstdint>
#include <functional>

namespace striate {

inline constexpr int64_t kAlignment = 64;  // a cache line, and the widest vector
inline constexpr int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
inline constexpr int64_t kHugePage = int64_t{2} << 20;
inline constexpr int64_t kLargeBytes = 2 * kHugePage;  // that have huge pages of their own

class Storage {
 public:
  explicit Storage(int64_t bytes);                                    // uninitialised; Error(memory) naming the size
  Storage(void* data, int64_t bytes, std::function<void()> release);  // somebody else's; not counted
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
  std::function<void()> release_;
};

}  // namespace striate
