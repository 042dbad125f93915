// Nodes: what Values point to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/op.h"

namespace striate {

enum class NodeKind { op, input, variable, constant };

class Node {
 public:
  Node() = default;
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  NodeKind kind = NodeKind::op;
  std::shared_ptr<const Op> op;  // kind op
  std::vector<Value> inputs;
  std::vector<ValueType> types;  // of the outputs
  std::string scope;             // the layer it was traced in
  uint64_t sequence = 0;         // order of tracing, which is a good order of execution; kept by rewrites
  std::string name;              // kind input
  std::shared_ptr<VariableState> variable;
  Tensor constant;
};

struct VariableState {
  std::string name;
  Tensor tensor;
  std::atomic<uint64_t> version{0};
  mutable std::shared_mutex mutex;           // readers share, an updating run or assign() is alone
  std::shared_ptr<const Node> leaf() const;  // always the same node while someone holds it
  mutable std::mutex leaf_mutex;
  mutable std::weak_ptr<const Node> leaf_node;
  std::weak_ptr<VariableState> self;
};

// Keeps runs from updating variables for as long as the locks live; taken in the order runs take them, by address.
std::vector<std::shared_lock<std::shared_mutex>> hold(std::vector<const VariableState*> states);

// Infers and builds; the scope is NameScope's. Errors of infer get the scope appended.
std::shared_ptr<const Node> make_node(std::shared_ptr<const Op> op, std::vector<Value> inputs);

// All of a node's outputs.
std::vector<Value> outputs_of(const std::shared_ptr<const Node>& node);

// make_node for an op struct with one output.
template <class OpType>
Value apply(OpType op, std::vector<Value> inputs) {
  return Value(make_node(std::make_shared<OpType>(std::move(op)), std::move(inputs)), 0);
}

// Values that a node is to have before it besides its inputs.
using Besides = std::unordered_map<const Node*, std::vector<Value>>;

// Every node reachable from the roots, inputs (and what is wanted besides) before users; iterative, so depth does not
// matter.
std::vector<std::shared_ptr<const Node>> topological_order(const std::vector<Value>& roots,
                                                           const Besides& besides = {});

const std::string& current_scope();

}  // namespace striate
