// Functions as JSON: op graphs over Variables and constants that are stored beside it, by name.
//
//   {"name": "predict",
//    "inputs":  [{"name": "x", "dtype": "float32", "shape": [null, 28, 28, 1]}],      null: unknown
//    "nodes":   [{"input": 0}, {"variable": "conv2d/kernel"}, {"constant": "constants/0"},
//                {"op": "conv", "version": 1, "attributes": {...}, "inputs": [[0, 0], [1, 0]], "scope": "conv2d"},
//                ...],
//    "outputs": [[3, 0]],                                                             [node, output]
//    "updates": [["training/step", [7, 0]]],
//    "max_memory": 2000000000}                                                        bytes; absent: no limit
//
// Nodes stand in topological order and refer to earlier ones only, so a graph that was read has no cycles.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/json.h"
#include "striate/function.h"

namespace striate {

// Names variables and constants for a file, each once. A variable keeps its own name unless another one has it.
class TensorNames {
 public:
  void reserve(const std::string& name, const Variable& variable);  // Error(value) if the name is taken
  const std::string& of(const Variable& variable);
  const std::string& of_constant(const std::shared_ptr<const Node>& node);

  const std::vector<std::pair<std::string, Variable>>& variables() const { return variables_; }
  const std::vector<std::pair<std::string, Tensor>>& constants() const { return constants_; }

 private:
  std::unordered_map<const void*, std::string> names_;
  std::map<std::string, int> taken_;
  std::vector<std::pair<std::string, Variable>> variables_;
  std::vector<std::pair<std::string, Tensor>> constants_;
  std::vector<std::shared_ptr<const Node>> kept_;
};

Json function_to_json(const Function& function, TensorNames& names);

// What names in a file's graphs stand for.
struct TensorTable {
  std::map<std::string, Variable> variables;
  std::map<std::string, Tensor> constants;
};

// Ops that this version cannot run, as "name" or "name version 3 (this library: 2)", each once, of all functions.
std::vector<std::string> unknown_ops(const Json& functions, const std::string& where);

// Error(value) for anything that does not fit: indices, names, attributes; infer()'s errors where shapes do not.
Function function_from_json(const Json& json, const TensorTable& tensors, const Workspace& workspace,
                            const std::string& where);

}  // namespace striate
