#include "io/atomic_file.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include "io/temporary_folder.h"
#include "striate/error.h"

using namespace striate;
using namespace striate::test;

namespace {

void save(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace

TEST_CASE("AtomicFile: the old file stays until commit") {
  TemporaryFolder folder;
  const std::string path = folder.file("a");
  save(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
    CHECK(read_bytes(path) == "old");
    CHECK(folder.entries() == 2);
  }
  CHECK(read_bytes(path) == "old");
  CHECK(folder.entries() == 1);  // without commit the temporary goes
  save(path, "new");
  CHECK(read_bytes(path) == "new");
  CHECK(folder.entries() == 1);
}

TEST_CASE("AtomicFile: what a killed writer left is removed, what a living one writes is not") {
  TemporaryFolder folder;
  const std::string path = folder.file("a"), orphan = folder.file(".a.99999-0.tmp"), other = folder.file(".b.1-0.tmp");
  write_bytes(orphan, "half");
  write_bytes(other, "another target's");
  AtomicFile living(path);
  CHECK_FALSE(std::filesystem::exists(orphan));
  CHECK(std::filesystem::exists(other));
  save(path, "second");
  living.write("first", 5);
  living.commit();
  CHECK(read_bytes(path) == "first");
}

TEST_CASE("AtomicFile: links stay links, permissions stay") {
  TemporaryFolder folder;
  save(folder.file("target"), "old");
  ::chmod(folder.file("target").c_str(), 0640);
  std::filesystem::create_symlink("target", folder.file("link"));
  save(folder.file("link"), "new");
  CHECK(std::filesystem::is_symlink(folder.file("link")));
  CHECK(read_bytes(folder.file("target")) == "new");
  struct stat status {};
  CHECK(::stat(folder.file("target").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("AtomicFile: a name may be as long as names can be") {
  TemporaryFolder folder;
  const std::string path = folder.file(std::string(255, 'a'));
  save(path, "text");
  CHECK(read_bytes(path) == "text");
  CHECK(folder.entries() == 1);
}

TEST_CASE("AtomicFile: places where no file can be") {
  TemporaryFolder folder;
  const auto message = [](const std::string& path) {
    try {
      AtomicFile file(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message(folder.file("missing/a")).find("there is no folder") != std::string::npos);
  CHECK(message(folder.file("")).find("is a folder") != std::string::npos);
  CHECK(message("/dev/null").find("is a device or a pipe") != std::string::npos);
  CHECK(message("").find("is no name of a file") != std::string::npos);
  CHECK(message(std::string("a\0b", 3)).find("is no name of a file") != std::string::npos);
  CHECK(message(folder.file(std::string(300, 'a'))).find("File name too long") != std::string::npos);
  std::filesystem::create_symlink("loop", folder.file("loop"));
  CHECK(message(folder.file("loop/a")).find("[save]") != std::string::npos);
}
