#include "io/json.h"

#include <limits>
#include <unordered_set>
#include <vector>

namespace striate {
namespace {

constexpr int kMaxDepth = 64;

// The parser itself does not recurse, but what is done with the result does.
void check_depth(std::string_view text, const std::string& where) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      STRIATE_CHECK(++depth <= kMaxDepth, value, "load", where, " nests deeper than ", kMaxDepth, " levels.");
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

// Looks at keys alone. A callback of the parser would do, but that walks each object again for each one in it.
class DuplicateKeys final : public nlohmann::json_sax<Json> {
 public:
  explicit DuplicateKeys(const std::string& where) : where_(where) {}
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override {
    keys_.emplace_back();
    return true;
  }
  bool key(string_t& key) override {
    STRIATE_CHECK(keys_.back().insert(key).second, value, "load", where_, " has the key '", key, "' twice.");
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  // Told of by the parser proper.
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  const std::string& where_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects now open
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  check_depth(text, where);
  DuplicateKeys keys(where);
  Json::sax_parse(text.begin(), text.end(), &keys);
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& error) {
    fail(ErrorKind::value, "load", where, " is not valid JSON: ", error.what());
  }
}

std::string dump_json(const Json& json, const std::string& where) {
  try {
    return json.dump();
  } catch (const Json::exception& error) {
    fail(ErrorKind::value, "save", where, " cannot be written as JSON: ", error.what());
  }
}

const Json& json_object(const Json& json, const std::string& where) {
  STRIATE_CHECK(json.is_object(), value, "load", where, " is not an object but ", json.type_name(), ".");
  return json;
}

const Json& json_array(const Json& json, const std::string& where) {
  STRIATE_CHECK(json.is_array(), value, "load", where, " is not an array but ", json.type_name(), ".");
  return json;
}

const Json& json_member(const Json& object, const char* key, const std::string& where) {
  json_object(object, where);
  const auto found = object.find(key);
  STRIATE_CHECK(found != object.end(), value, "load", where, " lacks '", key, "'.");
  return *found;
}

std::string json_string(const Json& json, const std::string& where) {
  STRIATE_CHECK(json.is_string(), value, "load", where, " is not a string but ", json.type_name(), ".");
  return json.get<std::string>();
}

int64_t json_int(const Json& json, const std::string& where) {
  // Larger numbers are parsed as floating-point or unsigned.
  const bool fits =
      json.is_number_integer() && (!json.is_number_unsigned() ||
                                   json.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  STRIATE_CHECK(fits, value, "load", where, " is not a 64-bit integer.");
  return json.get<int64_t>();
}

}  // namespace striate
