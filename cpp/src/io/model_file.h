// The model file: a safetensors file whose metadata describe functions over the variables it holds.
//
//   format = "striate", format_version = "1", library_version
//   configuration   the layers, for Python, as it was given
//   entry_points    {"configuration": hash, "functions": [graph_json.h ...], "constants": [names of tensors]}
//   anything else   kept: "training", "compile", "entry_metrics" (train/entry_metrics.h)
//
// All other tensors are variables.
#pragma once

#include <string>

#include "striate/model.h"

namespace striate {

void write_model_file(const std::string& path, const Model::Parts& parts);
Model::Parts read_model_file(const std::string& path);

}  // namespace striate
