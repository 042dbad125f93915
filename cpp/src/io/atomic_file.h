// Writing a file so that a crash at any moment leaves either the old file whole or the new one whole.
#pragma once

#include <cstddef>
#include <string>

namespace striate {

// Writes to ".<name>.<pid>-<number>.tmp" beside the target, under a lock; commit() syncs the file, renames it over the
// target and syncs the folder. Without commit() the temporary goes with the object; what a killed process left behind
// is unlocked, and the next writer of the same target removes it. Every failure is an Error(runtime) with the path.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t bytes);
  void commit();

 private:
  [[noreturn]] void fail_with_errno(const char* what) const;

  std::string path_;  // links resolved, so that a link to a model stays a link
  std::string folder_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace striate
