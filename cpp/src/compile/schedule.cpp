// Nodes run in the order they were traced, which keeps a layer's backward steps together; an update runs as soon as its
// inputs are there, so that gradients die early.
#include "compile/schedule.h"

#include <algorithm>
#include <queue>

namespace striate {
namespace {

struct Links {
  std::vector<std::shared_ptr<const Node>> nodes;  // ops, inputs before users
  std::unordered_map<const Node*, int> index;
  std::vector<std::vector<int>> after;  // successors
  std::vector<int> waiting;             // number of predecessors

  void link(int before, int then) {
    after[before].push_back(then);
    ++waiting[then];
  }
  bool reaches(int from, int to) const {
    std::vector<bool> seen(nodes.size());
    std::vector<int> stack{from};
    while (!stack.empty()) {
      const int i = stack.back();
      stack.pop_back();
      if (i == to) return true;
      for (int next : after[i])
        if (!seen[next]) {
          seen[next] = true;
          stack.push_back(next);
        }
    }
    return false;
  }
};

Links links_of(const Graph& graph) {
  Links links;
  for (const auto& node : topological_order(graph.roots()))
    if (node->kind == NodeKind::op) {
      links.index[node.get()] = static_cast<int>(links.nodes.size());
      links.nodes.push_back(node);
    }
  links.after.resize(links.nodes.size());
  links.waiting.resize(links.nodes.size());
  for (size_t i = 0; i < links.nodes.size(); ++i) {
    const Node& node = *links.nodes[i];
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      const auto found = links.index.find(node.inputs[k].node().get());
      if (found != links.index.end()) links.link(found->second, static_cast<int>(i));
    }
  }
  return links;
}

// Nodes that read each variable's memory, looking through views.
std::unordered_map<const VariableState*, std::vector<int>> readers_of_variables(const Links& links, Views& views) {
  std::unordered_map<const VariableState*, std::vector<int>> readers;
  for (size_t i = 0; i < links.nodes.size(); ++i) {
    const Node& node = *links.nodes[i];
    if (views.is_view(node)) continue;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.op->reads_only_shape(static_cast<int>(k))) continue;
      const Value source = views.viewed(node.inputs[k]);
      if (source.node()->kind == NodeKind::variable)
        readers[source.node()->variable.get()].push_back(static_cast<int>(i));
    }
  }
  return readers;
}

std::vector<bool> static_nodes(const Graph& graph, const Links& links, Views& views) {
  std::unordered_set<const VariableState*> updated;
  for (const Update& update : graph.updates) updated.insert(update.variable.state().get());
  std::unordered_set<const Node*> roots;
  for (const Value& root : graph.roots()) roots.insert(views.viewed(root).node().get());
  std::vector<bool> is_static(links.nodes.size());
  for (size_t i = 0; i < links.nodes.size(); ++i) {
    const Node& node = *links.nodes[i];
    bool all = true, any = false;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.op->reads_only_shape(static_cast<int>(k))) continue;
      const Node& input = *node.inputs[k].node();
      any = true;
      if (input.kind == NodeKind::input) all = false;
      if (input.kind == NodeKind::variable) all = all && !updated.count(input.variable.get());
      if (input.kind == NodeKind::op) all = all && is_static[links.index.at(&input)];
    }
    is_static[i] = all && any && !roots.count(&node);
  }
  return is_static;
}

}  // namespace

Schedule schedule(const Graph& graph, Views& views) {
  Links links = links_of(graph);
  Schedule result;
  const auto readers = readers_of_variables(links, views);
  std::vector<bool> is_update(links.nodes.size());
  for (const Update& update : graph.updates) {
    const int writer = links.index.at(views.viewed(update.value).node().get());
    is_update[writer] = true;
    const auto found = readers.find(update.variable.state().get());
    std::vector<int> others;
    if (found != readers.end())
      for (int reader : found->second)
        if (reader != writer) others.push_back(reader);
    const bool possible =
        std::none_of(others.begin(), others.end(), [&](int reader) { return links.reaches(writer, reader); });
    result.in_place.push_back(possible);
    if (possible)
      for (int reader : others) links.link(reader, writer);
  }

  const std::vector<bool> is_static = static_nodes(graph, links, views);
  auto priority = [&](int i) {
    const Node& node = *links.nodes[i];
    if (!is_update[i]) return node.sequence;
    uint64_t latest = 0;
    for (const Value& input : node.inputs) latest = std::max(latest, input.node()->sequence);
    return latest;
  };
  using Entry = std::pair<uint64_t, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (size_t i = 0; i < links.nodes.size(); ++i)
    if (links.waiting[i] == 0) ready.emplace(priority(static_cast<int>(i)), static_cast<int>(i));
  while (!ready.empty()) {
    const int i = ready.top().second;
    ready.pop();
    (is_static[i] ? result.prepare : result.run).push_back(links.nodes[i]);
    for (int next : links.after[i])
      if (--links.waiting[next] == 0) ready.emplace(priority(next), next);
  }
  return result;
}

}  // namespace striate
