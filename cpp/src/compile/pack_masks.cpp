#include <unordered_set>

#include "compile/passes.h"
#include "ops/conv.h"
#include "ops/normalization.h"

namespace striate {
namespace {

// The normalization with a ReLU by whose result an input gradient is masked, or null.
const Node* mask_maker(const Node& node, const std::vector<Value>& inputs) {
  const auto* gradient = op_as<ConvInputGradient>(node);
  if (!gradient || !gradient->fused.mask || gradient->fused.signs) return nullptr;
  const Value& mask = inputs.back();
  const auto* bn = op_as<BatchNormTrain>(mask);
  const bool known = bn && bn->relu && mask.index() == 0 && mask.shape().back() % kSignChannels == 0;
  return known ? mask.node().get() : nullptr;
}

}  // namespace

Graph pack_masks(const Graph& graph) {
  std::unordered_set<const Node*> makers;
  for (const auto& node : topological_order(graph.roots()))
    if (const Node* maker = mask_maker(*node, node->inputs)) makers.insert(maker);
  if (makers.empty()) return graph;
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (makers.count(&node)) {
      auto op = std::make_shared<BatchNormTrain>(*op_as<BatchNormTrain>(node));
      op->signs = true;
      const auto made = make_node(std::move(op), inputs);
      return {Value(made, 0), Value(made, 1), Value(made, 2)};
    }
    const Node* maker = mask_maker(node, inputs);
    if (!maker) return {};
    ConvInputGradient op = *op_as<ConvInputGradient>(node);
    op.fused.signs = true;
    std::vector<Value> masked = inputs;
    masked.back() = Value(inputs.back().node(), 3);
    return {apply(std::move(op), std::move(masked))};
  });
}

}  // namespace striate
