#include <map>
#include <string>

#include "compile/passes.h"

namespace striate {

Graph share_common_expressions(const Graph& graph) {
  std::map<std::string, Value> seen;  // op, attributes, inputs -> the first such node
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (node.kind != NodeKind::op) return {};
    std::string key(node.op->name());
    key += "|" + attributes_text(*node.op);
    for (const Value& value : inputs)
      key +=
          "|" + std::to_string(reinterpret_cast<uintptr_t>(value.node().get())) + "." + std::to_string(value.index());
    const auto [found, fresh] = seen.try_emplace(key);
    if (fresh) {
      found->second = Value(make_node(node.op, inputs));
    }
    std::vector<Value> values;
    for (size_t i = 0; i < node.types.size(); ++i) values.emplace_back(found->second.node(), static_cast<int>(i));
    return values;
  });
}

}  // namespace striate
