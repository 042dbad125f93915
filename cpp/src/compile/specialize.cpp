#include "compile/passes.h"
#include "core/check.h"

namespace striate {

Graph specialize(const Graph& graph, const std::vector<Shape>& input_shapes) {
  std::unordered_map<const Node*, Value> known;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const Node& node = *graph.inputs[i].node();
    known[&node] = input(node.name, node.types[0].dtype, input_shapes[i]);
  }
  Graph result = rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (node.kind == NodeKind::input) {
      const auto found = known.find(&node);
      STRIATE_CHECK(found != known.end(), value, "compile", "a value depends on input '", node.name,
                    "', which is not among the function's inputs");
      return {found->second};
    }
    if (node.kind != NodeKind::op) return {};
    // What only lends its shape is cut off, so that it need not be kept (or computed at all).
    std::vector<Value> cut = inputs;
    bool changed = false;
    for (size_t i = 0; i < cut.size(); ++i)
      if (node.op->reads_only_shape(static_cast<int>(i)) && cut[i].node()->kind == NodeKind::op) {
        cut[i] = input("shape", cut[i].dtype(), cut[i].shape());
        changed = true;
      }
    if (!changed) return {};
    const NameScope scope(node.scope);
    return outputs_of(make_node(node.op, std::move(cut)));
  });
  result.inputs.clear();
  for (const Value& value : graph.inputs) result.inputs.push_back(known[value.node().get()]);
  return result;
}

}  // namespace striate
