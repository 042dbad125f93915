#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "io/atomic_file.h"
#include "io/hash.h"
#include "io/json.h"

namespace striate {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors elements are little-endian");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's reference implementation
constexpr size_t kDataAlignment = 64;
// The header of our files starts so; 16 digits follow. A fixed place, because the checksum lies inside what it covers.
constexpr std::string_view kHeaderStart = R"({"__metadata__":{"header_checksum":")";
constexpr std::string_view kNoChecksum = "0000000000000000";

const std::pair<DType, const char*> kDtypeNames[] = {{DType::float32, "F32"},
                                                     {DType::float64, "F64"},
                                                     {DType::int32, "I32"},
                                                     {DType::int64, "I64"},
                                                     {DType::uint8, "U8"}};

const char* file_dtype(DType dtype) {
  for (const auto& [known, name] : kDtypeNames)
    if (known == dtype) return name;
  fail(ErrorKind::type, "save", "no safetensors name for the type ", dtype_name(dtype), ".");
}

// The length takes part, so that a changed length cannot pass.
std::string header_checksum(std::string header) {
  header.replace(kHeaderStart.size(), kNoChecksum.size(), kNoChecksum);
  return hash_text(xxh64(header.data(), header.size(), header.size()));
}

struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  uint64_t begin, end;  // bytes, from the end of the header
};

class FileReader {
 public:
  explicit FileReader(const std::string& path) : path_(path), file_(nullptr, &std::fclose) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);  // before opening: a pipe would block
    STRIATE_CHECK(std::filesystem::exists(status), value, "load", "there is no file '", path, "'.");
    STRIATE_CHECK(std::filesystem::is_regular_file(status), value, "load", "'", path, "' is not a file.");
    file_.reset(std::fopen(path.c_str(), "rb"));
    STRIATE_CHECK(file_, value, "load", "'", path, "' cannot be opened: ", std::strerror(errno), ".");
    size_ = std::filesystem::file_size(path, error);
    STRIATE_CHECK(!error, value, "load", "'", path, "': ", error.message(), ".");
  }

  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

  void read(void* to, size_t bytes, const std::string& what) {
    if (bytes > 0 && std::fread(to, 1, bytes, file_.get()) != bytes)
      refuse(what, " is cut short: the file ends before its ", bytes, " bytes");
  }

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail(ErrorKind::value, "load", "'", path_, "': ", parts..., ".");
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  uint64_t size_ = 0;
};

std::string read_header(FileReader& file) {
  if (file.size() < 8)
    file.refuse("the file is cut short or no safetensors file: ", file.size(), " bytes, at least 8 were expected");
  unsigned char bytes[8];
  file.read(bytes, 8, "the header's length");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | bytes[i];
  if (length > kMaxHeaderBytes)
    file.refuse("no safetensors file or a damaged one: the header would be ", length, " bytes, at most ",
                kMaxHeaderBytes, " are allowed");
  if (length > file.size() - 8)
    file.refuse("the file is cut short: the header is ", length, " bytes, ", file.size() - 8, " are there");
  std::string header(length, '\0');
  file.read(header.data(), length, "the header");
  return header;
}

// Element count times element size, or refused where it overflows.
Entry parse_entry(const FileReader& file, const std::string& name, const Json& json) {
  const std::string where = text_of("'", file.path(), "': tensor '", name, "'");
  Entry entry{.name = name, .dtype = {}, .shape = {}, .begin = 0, .end = 0};
  const std::string dtype = json_string(json_member(json, "dtype", where), where + " dtype");
  const auto known = std::find_if(std::begin(kDtypeNames), std::end(kDtypeNames),
                                  [&](const auto& pair) { return pair.second == dtype; });
  STRIATE_CHECK(known != std::end(kDtypeNames), value, "load", where, " has the type '", dtype,
                "'. striate reads F32, F64, I32, I64 and U8.");
  entry.dtype = known->first;

  const Json& sizes = json_array(json_member(json, "shape", where), where + " shape");
  STRIATE_CHECK(sizes.size() <= Shape::kMaxRank, value, "load", where, " has ", sizes.size(), " axes, at most ",
                Shape::kMaxRank, " are supported.");
  std::vector<int64_t> shape;
  uint64_t bytes = static_cast<uint64_t>(dtype_bytes(entry.dtype));
  for (const Json& size : sizes) {
    const int64_t n = json_int(size, where + " shape");
    STRIATE_CHECK(n >= 0, value, "load", where, " has a negative size, ", n, ".");
    STRIATE_CHECK(!__builtin_mul_overflow(bytes, static_cast<uint64_t>(n), &bytes) && bytes >> 62 == 0, value, "load",
                  where, " has a shape of more bytes than fit into 62 bits.");
    shape.push_back(n);
  }
  entry.shape = Shape(shape);

  const Json& offsets = json_array(json_member(json, "data_offsets", where), where + " data_offsets");
  STRIATE_CHECK(offsets.size() == 2, value, "load", where, " data_offsets holds ", offsets.size(), " numbers, not 2.");
  const int64_t begin = json_int(offsets[0], where + " data_offsets"),
                end = json_int(offsets[1], where + " data_offsets");
  STRIATE_CHECK(0 <= begin && begin <= end && static_cast<uint64_t>(end - begin) == bytes, value, "load", where,
                " data_offsets [", begin, ", ", end, "] do not hold its ", bytes, " bytes (", dtype, " ",
                entry.shape.text(), ").");
  entry.begin = static_cast<uint64_t>(begin);
  entry.end = static_cast<uint64_t>(end);
  return entry;
}

// The tensors must fill the rest of the file exactly, which also rules out overlaps.
void check_layout(const FileReader& file, std::vector<Entry>& entries, uint64_t data_bytes) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;  // empty tensors before the one at their place
  });
  uint64_t offset = 0;
  for (const Entry& entry : entries) {
    if (entry.begin < offset) file.refuse("tensor '", entry.name, "' overlaps the one before it");
    if (entry.begin > offset)
      file.refuse("there is a gap of ", entry.begin - offset, " bytes before '", entry.name, "'");
    offset = entry.end;
    if (offset > data_bytes)
      file.refuse("the file is cut short: tensor '", entry.name, "' ends at byte ", offset, " of the data, ",
                  data_bytes, " are there");
  }
  if (offset != data_bytes) file.refuse(data_bytes - offset, " bytes after the last tensor belong to none");
}

std::map<std::string, std::string> parse_metadata(const Json& header, const std::string& where) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find("__metadata__");
  if (found == header.end()) return metadata;
  for (const auto& [key, value] : json_object(*found, where + " __metadata__").items())
    metadata[key] = json_string(value, where + " __metadata__ '" + key + "'");
  return metadata;
}

}  // namespace

void write_safetensors(const std::string& path, const Safetensors& contents) {
  const std::string where = text_of("'", path, "'");
  std::vector<const std::pair<std::string, Tensor>*> order;
  std::set<std::string> names;
  for (const auto& tensor : contents.tensors) {
    STRIATE_CHECK(names.insert(tensor.first).second && tensor.first != "__metadata__", value, "save", where,
                  ": two tensors are called '", tensor.first, "'. Names must differ.");
    order.push_back(&tensor);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return dtype_bytes(a->second.dtype()) > dtype_bytes(b->second.dtype());
  });

  Json checksums = Json::object(), entries = Json::object();
  int64_t offset = 0;
  for (const auto* tensor : order) {
    const auto& [name, value] = *tensor;
    checksums[name] = hash_text(xxh64(value.data(), static_cast<size_t>(value.bytes())));
    entries[name] = {{"dtype", file_dtype(value.dtype())},
                     {"shape", std::vector<int64_t>(value.shape().begin(), value.shape().end())},
                     {"data_offsets", {offset, offset + value.bytes()}}};
    offset += value.bytes();
  }
  std::string header = std::string(kHeaderStart) + std::string(kNoChecksum) + "\"";
  const auto add_metadata = [&](const std::string& key, const std::string& value) {
    header += "," + dump_json(key, where) + ":" + dump_json(value, where + ": metadata '" + key + "'");
  };
  add_metadata("checksums", dump_json(checksums, where));
  for (const auto& [key, value] : contents.metadata) {
    STRIATE_CHECK(key != "checksums" && key != "header_checksum", value, "save", where, ": the metadata key '", key,
                  "' is the format's own.");
    add_metadata(key, value);
  }
  header += "}";
  for (const auto* tensor : order)
    header += "," + dump_json(tensor->first, where) + ":" + dump_json(entries[tensor->first], where);
  header += "}";
  header.append((kDataAlignment - (8 + header.size()) % kDataAlignment) % kDataAlignment, ' ');
  STRIATE_CHECK(header.size() <= kMaxHeaderBytes, value, "save", where, ": the header is ", header.size(),
                " bytes, at most ", kMaxHeaderBytes, " are allowed.");
  header.replace(kHeaderStart.size(), kNoChecksum.size(), header_checksum(header));

  AtomicFile file(path);
  const uint64_t length = header.size();
  file.write(&length, 8);
  file.write(header.data(), header.size());
  for (const auto* tensor : order) file.write(tensor->second.data(), static_cast<size_t>(tensor->second.bytes()));
  file.commit();
}

Safetensors read_safetensors(const std::string& path, bool require_checksums) {
  FileReader file(path);
  const std::string where = text_of("'", path, "': header");
  const std::string text = read_header(file);
  const bool checked = text.starts_with(kHeaderStart) && text.size() > kHeaderStart.size() + kNoChecksum.size();
  if (!checked && require_checksums)
    file.refuse("not a file of striate's, or its header is damaged: no header checksum");
  if (checked && text.substr(kHeaderStart.size(), kNoChecksum.size()) != header_checksum(text))
    file.refuse("the header's checksum does not match: the file is damaged");

  const Json header = parse_json(text, where);
  json_object(header, where);
  Safetensors result;
  result.metadata = parse_metadata(header, where);
  if (!checked && result.metadata.contains("checksums")) file.refuse("the header is damaged: it has lost its checksum");
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items())
    if (name != "__metadata__") entries.push_back(parse_entry(file, name, json));
  check_layout(file, entries, file.size() - 8 - text.size());

  Json checksums;
  if (checked) {
    const auto found = result.metadata.find("checksums");
    if (found == result.metadata.end()) file.refuse("the header has no checksums of tensors");
    checksums = parse_json(found->second, where + " checksums");
    json_object(checksums, where + " checksums");
  }
  for (const Entry& entry : entries) {
    Tensor tensor(entry.dtype, entry.shape);
    file.read(tensor.data(), entry.end - entry.begin, text_of("tensor '", entry.name, "'"));
    if (checked) {
      const std::string expected = json_string(json_member(checksums, entry.name.c_str(), where + " checksums"),
                                               where + " checksums '" + entry.name + "'");
      if (expected != hash_text(xxh64(tensor.data(), entry.end - entry.begin)))
        file.refuse("the checksum of tensor '", entry.name, "' does not match: the file is damaged");
    }
    result.tensors.emplace_back(entry.name, std::move(tensor));
  }
  result.metadata.erase("checksums");
  result.metadata.erase("header_checksum");
  return result;
}

}  // namespace striate
