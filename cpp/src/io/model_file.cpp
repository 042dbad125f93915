#include "io/model_file.h"

#include <algorithm>
#include <functional>
#include <set>
#include <shared_mutex>

#include "core/check.h"
#include "graph/node.h"
#include "io/graph_json.h"
#include "io/hash.h"
#include "io/safetensors.h"
#include "striate/device.h"

namespace striate {
namespace {

constexpr const char* kFormatVersion = "1";
const std::set<std::string> kOwnKeys = {"format", "format_version", "library_version", "configuration", "entry_points"};

std::string take(std::map<std::string, std::string>& metadata, const char* key, const std::string& path) {
  const auto found = metadata.find(key);
  STRIATE_CHECK(found != metadata.end(), value, "load", "'", path, "' is no model: its metadata lack '", key,
                "'. Files of weights alone are read by load_weights().");
  std::string value = std::move(found->second);
  metadata.erase(found);
  return value;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

// Copies of all variables as they stand at one moment: between two runs, not within one.
std::vector<std::pair<std::string, Tensor>> snapshot(const std::vector<std::pair<std::string, Variable>>& variables) {
  std::vector<const VariableState*> states;
  for (const auto& [name, variable] : variables) states.push_back(variable.state().get());
  const auto locks = hold(std::move(states));
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const auto& [name, variable] : variables) tensors.emplace_back(name, variable.state()->tensor.copy());
  return tensors;
}

}  // namespace

std::string configuration_hash(const std::string& configuration) {
  return hash_text(xxh64(configuration.data(), configuration.size()));
}

void write_model_file(const std::string& path, const Model::Parts& parts) {
  TensorNames names;
  for (const auto& [name, variable] : parts.variables) names.reserve(name, variable);
  Json functions = Json::array(), constants = Json::array();
  for (const Function& function : parts.functions) functions.push_back(function_to_json(function, names));

  Safetensors file;
  file.tensors = snapshot(names.variables());
  for (const auto& constant : names.constants()) {
    constants.push_back(constant.first);
    file.tensors.push_back(constant);
  }
  for (const auto& [key, value] : parts.metadata) {
    STRIATE_CHECK(!kOwnKeys.contains(key), value, "save", "'", path, "': the metadata key '", key,
                  "' is the format's own.");
    file.metadata[key] = value;
  }
  const Json entry_points = {
      {"configuration", configuration_hash(parts.configuration)}, {"functions", functions}, {"constants", constants}};
  file.metadata["format"] = "striate";
  file.metadata["format_version"] = kFormatVersion;
  file.metadata["library_version"] = version();
  file.metadata["configuration"] = parts.configuration;
  file.metadata["entry_points"] = dump_json(entry_points, text_of("'", path, "'"));
  write_safetensors(path, file);
}

Model::Parts read_model_file(const std::string& path) {
  const std::string where = text_of("'", path, "'");
  Safetensors file = read_safetensors(path, /*require_checksums=*/true);
  const std::string format = take(file.metadata, "format", path);
  STRIATE_CHECK(format == "striate", value, "load", where, " is no model: its format is '", format,
                "', not 'striate'.");
  const std::string format_version = take(file.metadata, "format_version", path);
  const std::string library_version = take(file.metadata, "library_version", path);
  STRIATE_CHECK(format_version == kFormatVersion, value, "load", where, " has format version ", format_version,
                " (written by striate ", library_version, "); this library, ", version(), ", reads version ",
                kFormatVersion, ". Upgrade striate.");

  Model::Parts parts;
  parts.configuration = take(file.metadata, "configuration", path);
  const Json entry_points = parse_json(take(file.metadata, "entry_points", path), where + ": entry points");
  parts.metadata = std::move(file.metadata);
  const std::string hash =
      json_string(json_member(entry_points, "configuration", where), where + ": configuration hash");
  STRIATE_CHECK(hash == configuration_hash(parts.configuration), value, "load", where,
                ": the layer configuration is not the one its functions were made from (hash ",
                configuration_hash(parts.configuration), ", expected ", hash,
                "). It was edited after saving; save the model again from Python.");
  const Json& functions = json_array(json_member(entry_points, "functions", where), where + ": functions");
  const std::vector<std::string> unknown = unknown_ops(functions, where);
  STRIATE_CHECK(unknown.empty(), value, "load", where, " needs ops that this library, ", version(),
                ", does not have: ", joined(unknown), ". It was written by striate ", library_version, ".");

  std::set<std::string> constants;
  for (const Json& name : json_array(json_member(entry_points, "constants", where), where + ": constants"))
    constants.insert(json_string(name, where + ": constants"));
  TensorTable table;
  for (const auto& [name, tensor] : file.tensors) {
    if (constants.contains(name)) {
      table.constants.emplace(name, tensor);
      continue;
    }
    Variable variable(name, tensor);
    table.variables.emplace(name, variable);
    parts.variables.emplace_back(name, std::move(variable));
  }
  for (const Json& function : functions) {
    try {
      parts.functions.push_back(function_from_json(function, table, parts.workspace, where));
    } catch (const Error& error) {  // what ops and shapes say does not name the file
      const std::string reason = error.what();
      if (reason.find(where) != std::string::npos) throw;
      fail(ErrorKind::value, "load", where, ": ", reason);
    }
  }
  return parts;
}

}  // namespace striate
