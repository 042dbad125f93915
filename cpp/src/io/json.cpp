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

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  check_depth(text, where);
  std::vector<std::unordered_set<std::string>> keys;  // of the objects now open
  const auto refuse_duplicates = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      STRIATE_CHECK(keys.back().insert(key).second, value, "load", where, " has the key '", key, "' twice.");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), refuse_duplicates);
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
