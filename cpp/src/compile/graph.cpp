#include "compile/graph.h"

#include <unordered_set>

namespace striate {

std::vector<Value> Graph::roots() const {
  std::vector<Value> all = outputs;
  for (const Update& update : updates) all.push_back(update.value);
  return all;
}

Graph rewrite(const Graph& graph, const Rule& rule, const Besides& besides) {
  std::unordered_map<const Node*, std::vector<Value>> replaced;
  auto mapped = [&](const Value& value) {
    const auto found = replaced.find(value.node().get());
    return found == replaced.end() ? value : found->second[value.index()];
  };
  for (const auto& node : topological_order(graph.roots(), besides)) {
    std::vector<Value> inputs;
    bool changed = false;
    for (const Value& input : node->inputs) {
      inputs.push_back(mapped(input));
      changed = changed || !(inputs.back() == input);
    }
    if (const auto wanted = besides.find(node.get()); wanted != besides.end())
      for (const Value& value : wanted->second) inputs.push_back(mapped(value));
    std::vector<Value> values = rule(*node, inputs);
    if (values.empty() && changed) values = outputs_of(make_node(node->op, std::move(inputs)));
    if (values.empty()) continue;
    for (const Value& value : values) {
      if (value.node()->kind != NodeKind::op || value.node()->sequence < node->sequence) continue;
      auto& fresh = const_cast<Node&>(*value.node());  // built by the rule just now, seen by nobody else
      fresh.scope = node->scope;
      fresh.sequence = node->sequence;
    }
    replaced.emplace(node.get(), std::move(values));
  }
  Graph result = graph;
  for (Value& value : result.inputs) value = mapped(value);
  for (Value& value : result.outputs) value = mapped(value);
  for (Update& update : result.updates) update.value = mapped(update.value);
  return result;
}

bool depends_on(const Value& value, const Node* node, const Besides& besides) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> stack{value.node().get()};
  const auto push = [&](const std::vector<Value>& inputs) {
    for (const Value& input : inputs)
      if (seen.insert(input.node().get()).second) stack.push_back(input.node().get());
  };
  while (!stack.empty()) {
    const Node* at = stack.back();
    stack.pop_back();
    if (at == node) return true;
    push(at->inputs);
    if (const auto wanted = besides.find(at); wanted != besides.end()) push(wanted->second);
  }
  return false;
}

UseCounts::UseCounts(const Graph& graph) {
  auto count = [&](const Value& value) {
    auto& slots = counts_[value.node().get()];
    slots.resize(value.node()->types.size());
    ++slots[value.index()];
  };
  for (const auto& node : topological_order(graph.roots()))
    for (size_t i = 0; i < node->inputs.size(); ++i)
      if (!node->op->reads_only_shape(static_cast<int>(i))) count(node->inputs[i]);
  for (const Value& root : graph.roots()) count(root);
}

int UseCounts::of(const Value& value) const {
  const auto found = counts_.find(value.node().get());
  return found == counts_.end() ? 0 : found->second[value.index()];
}

bool constant_scalar(const Value& value, double& number) {
  if (value.node()->kind != NodeKind::constant || value.node()->constant.elements() != 1) return false;
  number = value.node()->constant.item();
  return true;
}

}  // namespace striate
