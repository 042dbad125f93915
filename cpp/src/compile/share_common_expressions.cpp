#include <map>
#include <string>

#include "compile/passes.h"

namespace striate {

Graph share_common_expressions(const Graph& graph) {
  std::map<std::string, std::shared_ptr<const Node>> seen;  // op, attributes, inputs -> the first such node
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (node.kind != NodeKind::op) return {};
    std::string key(node.op->name());
    key += "|" + attributes_text(*node.op);
    for (const Value& value : inputs)
      key +=
          "|" + std::to_string(reinterpret_cast<uintptr_t>(value.node().get())) + "." + std::to_string(value.index());
    const auto [found, fresh] = seen.try_emplace(key);
    if (fresh) found->second = make_node(node.op, inputs);
    return outputs_of(found->second);
  });
}

}  // namespace striate
