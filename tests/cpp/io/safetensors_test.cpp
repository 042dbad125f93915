// The format, seen from outside and under attack.
#include "io/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <random>

#include "io/json.h"
#include "io/temporary_folder.h"
#include "striate/error.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

Safetensors sample() {
  Safetensors file;
  file.metadata = {{"format", "test"}, {"text", "line\n\"quoted\" \xC3\xA9"}};
  const float floats[] = {1.5f, -0.0f, std::numeric_limits<float>::quiet_NaN(), 1e-42f, 3, 4};
  const int64_t counts[] = {int64_t{1} << 62, -1, 3};
  const uint8_t bytes[] = {0, 255, 7};
  file.tensors = {{"weights", Tensor::of<float>({2, 3}, floats)}, {"pixels", Tensor::of<uint8_t>({3, 1, 1}, bytes)},
                  {"counts", Tensor::of<int64_t>({3}, counts)},   {"scalar", Tensor::scalar(2.5, DType::float64)},
                  {"none", Tensor(DType::float32, {0, 4})},       {"classes", Tensor::full(DType::int32, {5}, 9)}};
  return file;
}

const Tensor& find(const Safetensors& file, const std::string& name) {
  for (const auto& [known, tensor] : file.tensors)
    if (known == name) return tensor;
  FAIL("no tensor " << name);
  return file.tensors[0].second;
}

// The error's text, or "" where the file is read.
std::string reason(const std::string& path, bool require_checksums = false) {
  try {
    read_safetensors(path, require_checksums);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::value);
    return error.what();
  }
  return "";
}

std::string with_header(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

}  // namespace

TEST_CASE("safetensors: everything comes back, to the bit") {
  TemporaryFolder folder;
  const Safetensors written = sample();
  write_safetensors(folder.file("a"), written);
  const Safetensors read = read_safetensors(folder.file("a"), true);
  CHECK(read.metadata == written.metadata);
  CHECK(read.tensors.size() == written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) CHECK_MESSAGE(same_bits(find(read, name), tensor), name);
  write_safetensors(folder.file("b"), read);
  write_safetensors(folder.file("c"), read_safetensors(folder.file("b")));
  CHECK(read_bytes(folder.file("b")) == read_bytes(folder.file("c")));
}

TEST_CASE("safetensors: a reader that knows the published format alone") {
  TemporaryFolder folder;
  const Safetensors written = sample();
  write_safetensors(folder.file("a"), written);
  const std::string bytes = read_bytes(folder.file("a"));
  uint64_t length;
  std::memcpy(&length, bytes.data(), 8);
  CHECK((8 + length) % 64 == 0);
  const Json header = Json::parse(bytes.substr(8, length));
  CHECK(header["__metadata__"]["format"] == "test");
  size_t end = 0;
  for (const auto& [name, tensor] : written.tensors) {
    const Json& entry = header.at(name);
    const size_t begin = entry["data_offsets"][0];
    end = std::max<size_t>(end, entry["data_offsets"][1]);
    CHECK(begin % static_cast<size_t>(dtype_bytes(tensor.dtype())) == 0);
    CHECK(entry["shape"].size() == static_cast<size_t>(tensor.shape().rank()));
    if (tensor.bytes() > 0)
      CHECK(std::memcmp(bytes.data() + 8 + length + begin, tensor.data(), static_cast<size_t>(tensor.bytes())) == 0);
  }
  CHECK(header["weights"]["dtype"] == "F32");
  CHECK(bytes.size() == 8 + length + end);  // no gaps, nothing behind
}

TEST_CASE("safetensors: other writers' files need no checksums") {
  TemporaryFolder folder;
  const std::string path = folder.file("a");
  write_bytes(path, with_header(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, '\0')));
  const Safetensors file = read_safetensors(path);
  CHECK(same_bits(find(file, "x"), Tensor::zeros(DType::float32, {2})));
  CHECK(reason(path, true).find("no header checksum") != std::string::npos);
}

TEST_CASE("safetensors: lying headers are refused by name and reason") {
  TemporaryFolder folder;
  const std::string path = folder.file("lie");
  const auto entry = [](const char* shape, const char* offsets, const char* dtype = "F32") {
    return text_of(R"({"x":{"dtype":")", dtype, R"(","shape":)", shape, R"(,"data_offsets":)", offsets, "}}");
  };
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += '[';
  const std::vector<std::pair<std::string, std::string>> cases = {
      {entry("[2]", "[0,8]", "BF16"), "has the type 'BF16'"},
      {entry("[-2]", "[0,8]"), "negative size"},
      {entry("[3]", "[0,8]"), "do not hold its 12 bytes"},
      {entry("[2]", "[8,0]"), "do not hold"},
      {entry("[2]", "[-8,0]"), "do not hold"},
      {entry("[2]", "[0,18446744073709551615]"), "not a 64-bit integer"},
      {entry("[2]", "[0,1e30]"), "not a 64-bit integer"},
      {entry("[2]", "[0]"), "not 2"},
      {entry("[2]", "[0,8.0]"), "not a 64-bit integer"},
      {entry("[4611686018427387904]", "[0,8]"), "62 bits"},
      {entry("[4294967296,4294967296,4294967296]", "[0,8]"), "62 bits"},
      {entry("[1,1,1,1,1,1,1,1,2]", "[0,8]"), "9 axes"},
      {entry("[\"2\"]", "[0,8]"), "not a 64-bit integer"},
      {entry("2", "[0,8]"), "not an array"},
      {entry("[4]", "[0,16]"), "cut short"},
      {entry("[1]", "[0,4]"), "4 bytes after the last tensor"},
      {entry("[1]", "[4,8]"), "gap of 4 bytes"},
      {R"({"x":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"y":{"dtype":"U8","shape":[5],"data_offsets":[3,8]}})",
       "overlaps"},
      {R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
       "twice"},
      {R"({"x":{"dtype":"U8","shape":[8]}})", "lacks 'data_offsets'"},
      {R"({"x":7})", "not an object"},
      {R"({"__metadata__":{"a":7}})", "not a string"},
      {"[1,2]", "not an object"},
      {"{\"x\":", "not valid JSON"},
      {"", "not valid JSON"},
      {std::string("{\"\xff\xfe\":1}"), "not valid JSON"},
      {deep, "nests deeper"},
  };
  for (const auto& [header, expected] : cases) {
    CAPTURE(header.substr(0, 200));
    write_bytes(path, with_header(header, std::string(8, '\0')));
    const std::string text = reason(path);
    CHECK_MESSAGE(text.find(expected) != std::string::npos, text);
    CHECK(text.find("lie'") != std::string::npos);
  }
  std::string bytes(8, '\xff');
  write_bytes(path, bytes + "{}");
  CHECK(reason(path).find("at most 100000000") != std::string::npos);
  write_bytes(path, "short");
  CHECK(reason(path).find("5 bytes") != std::string::npos);
  CHECK(reason(folder.file("absent")).find("there is no file") != std::string::npos);
  CHECK(reason(folder.file("")).find("is not a file") != std::string::npos);
}

TEST_CASE("safetensors: a file cut anywhere is refused") {
  TemporaryFolder folder;
  write_safetensors(folder.file("a"), sample());
  const std::string whole = read_bytes(folder.file("a"));
  for (size_t length = 0; length < whole.size(); ++length) {
    write_bytes(folder.file("cut"), whole.substr(0, length));
    const std::string text = reason(folder.file("cut"));
    CHECK_MESSAGE(text.find("cut'") != std::string::npos, "cut at ", length, ": ", text);
  }
  write_bytes(folder.file("cut"), whole + "x");
  CHECK(reason(folder.file("cut")).find("belong to none") != std::string::npos);
}

TEST_CASE("safetensors: every single bit that flips is noticed") {
  TemporaryFolder folder;
  write_safetensors(folder.file("a"), sample());
  const std::string whole = read_bytes(folder.file("a"));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_bytes(folder.file("flip"), flipped);
    const std::string text = reason(folder.file("flip"));
    CHECK_MESSAGE(text.find("flip'") != std::string::npos, "bit ", bit, ": ", text);
  }
  std::string damaged = whole;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  write_bytes(folder.file("flip"), damaged);
  CHECK(reason(folder.file("flip")).find("the checksum of tensor 'pixels'") != std::string::npos);
}

TEST_CASE("safetensors: names and metadata that cannot be written") {
  TemporaryFolder folder;
  Safetensors file;
  file.tensors = {{"x", Tensor::scalar(1)}, {"x", Tensor::scalar(2)}};
  CHECK_THROWS_WITH_AS(write_safetensors(folder.file("a"), file), doctest::Contains("two tensors are called 'x'"),
                       Error);
  file.tensors = {{"\xff", Tensor::scalar(1)}};
  CHECK_THROWS_WITH_AS(write_safetensors(folder.file("a"), file), doctest::Contains("cannot be written as JSON"),
                       Error);
  file.tensors = {};
  file.metadata = {{"checksums", "{}"}};
  CHECK_THROWS_WITH_AS(write_safetensors(folder.file("a"), file), doctest::Contains("format's own"), Error);
  CHECK(folder.entries() == 0);
}
