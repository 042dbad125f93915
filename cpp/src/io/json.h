// JSON that somebody else wrote: parsed within limits, read with checks.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/check.h"

namespace striate {

using Json = nlohmann::json;

// Where a piece of JSON comes from, for errors: "'net.striate': header".
// Error(value) for text that is no JSON, names a key twice, or nests deeper than 64 levels.
Json parse_json(std::string_view text, const std::string& where);

std::string dump_json(const Json& json, const std::string& where);  // Error(value) for strings that are not UTF-8

// Members of the wanted kind, or Error(value) that says what is there instead.
const Json& json_object(const Json& json, const std::string& where);
const Json& json_array(const Json& json, const std::string& where);
const Json& json_member(const Json& object, const char* key, const std::string& where);
std::string json_string(const Json& json, const std::string& where);
int64_t json_int(const Json& json, const std::string& where);

}  // namespace striate
