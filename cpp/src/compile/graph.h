// What the passes work on: a function's graph, and the two tools to take it apart and rebuild it.
#pragma once

#include <functional>
#include <unordered_map>

#include "graph/node.h"

namespace striate {

struct Graph {
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<Update> updates;

  std::vector<Value> roots() const;  // outputs, then update values
};

// Gives the values that take the place of a node's outputs, or nothing to keep it. `inputs` are the node's inputs,
// already rewritten, then what was asked for besides them; the node still shows the old ones.
using Rule = std::function<std::vector<Value>(const Node& node, const std::vector<Value>& inputs)>;

// The graph with the rule applied to every node, inputs first. Kept nodes whose inputs changed are built again; scope
// and sequence stay. No node may depend on itself through `besides`; those that have some are not kept.
Graph rewrite(const Graph& graph, const Rule& rule, const Besides& besides = {});

// Whether the node is among those that make the value, or that nodes on the way are to have `besides`.
bool depends_on(const Value& value, const Node* node, const Besides& besides = {});

// How often each value is read, by nodes, outputs and updates; reads of the shape alone do not count.
class UseCounts {
 public:
  explicit UseCounts(const Graph& graph);
  int of(const Value& value) const;

 private:
  std::unordered_map<const Node*, std::vector<int>> counts_;
};

// The op of a node, or of the node that makes a value, if it is a T, else null.
template <class T>
const T* op_as(const Node& node) {
  return node.kind == NodeKind::op ? dynamic_cast<const T*>(node.op.get()) : nullptr;
}
template <class T>
const T* op_as(const Value& value) {
  return op_as<T>(*value.node());
}

// The number in a constant of one element; false if it is not one.
bool constant_scalar(const Value& value, double& number);

}  // namespace striate
