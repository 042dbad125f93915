#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/check.h"

namespace striate {
namespace {

namespace fs = std::filesystem;

// ".net.striate." in front and ".tmp" at the end: no glob for models finds it. Of a long name only the beginning, since
// names end at 255 bytes.
std::string temporary_prefix(const fs::path& target) { return "." + target.filename().string().substr(0, 200) + "."; }

// A writer holds a lock on its temporary for as long as it lives, so one that can be locked has lost its writer.
void remove_orphans(const fs::path& folder, const std::string& prefix) {
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    const auto& entry = *at;
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".tmp")) continue;
    const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    ::close(descriptor);
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  STRIATE_CHECK(!path.empty() && path.find('\0') == std::string::npos, value, "save", "'", path.c_str(),
                "' is no name of a file: it is empty or holds a zero character.");
  std::error_code error;
  if (const fs::path whole = fs::absolute(path, error); !error)
    if (const fs::path target = fs::weakly_canonical(whole, error); !error) path_ = target.string();
  const fs::path folder = fs::path(path_).parent_path();
  folder_ = folder.string();
  STRIATE_CHECK(!fs::is_directory(path_, error), value, "save", "'", path,
                "' is a folder. Give the name of a file in it.");
  STRIATE_CHECK(!fs::exists(path_, error) || fs::is_regular_file(path_, error), value, "save", "'", path,
                "' is a device or a pipe. Give the name of a file.");
  STRIATE_CHECK(fs::is_directory(folder, error), value, "save", "'", path, "': there is no folder '", folder_,
                "'. Create it first.");
  const std::string prefix = temporary_prefix(path_);
  remove_orphans(folder, prefix);

  struct stat old {};
  const bool replaces = ::stat(path_.c_str(), &old) == 0;
  if (!replaces && errno != ENOENT) fail_with_errno("no file can be there");
  static std::atomic<unsigned> counter{0};
  for (int attempt = 0; attempt < 100 && descriptor_ < 0; ++attempt) {
    temporary_ = (folder / (prefix + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp")).string();
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      if (errno == EEXIST) continue;
      temporary_.clear();
      fail_with_errno("cannot create a file in its folder");
    }
    // Another writer may take the new file for an orphan before the lock is held: then it has no name any more.
    // A file system without locks has no orphans removed, and nobody to take this one.
    struct stat made {};
    const bool taken = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (taken || (::fstat(descriptor_, &made) == 0 && made.st_nlink == 0)) {
      ::close(descriptor_);
      descriptor_ = -1;
    }
  }
  if (descriptor_ < 0) fail_with_errno("no free temporary name");
  if (replaces) (void)!::fchmod(descriptor_, old.st_mode & 07777);  // as it was; a failure is no reason not to save
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t bytes) {
  const auto* p = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor_, p, std::min<size_t>(bytes, size_t{1} << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno("cannot write");
    p += written;
    bytes -= static_cast<size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_with_errno("cannot sync");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with_errno("cannot rename the temporary file");
  temporary_.clear();
  ::close(descriptor_);
  descriptor_ = -1;
  // The rename itself must survive a power cut. Some file systems cannot sync folders (EINVAL); the file is whole then
  // too.
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void AtomicFile::fail_with_errno(const char* what) const {
  fail(ErrorKind::runtime, "save", "'", path_, "': ", what, ": ", std::strerror(errno), ".");
}

}  // namespace striate
