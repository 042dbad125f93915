#include "compile/passes.h"
#include "ops/conv.h"

namespace striate {

Graph mask_residuals(const Graph& graph) {
  const UseCounts uses(graph);
  std::unordered_map<const Node*, const Node*> sums;  // by the input gradient that is their residual
  Besides besides;                                    // the masks of these
  for (const auto& node : topological_order(graph.roots())) {
    const auto* sum = op_as<ConvInputGradient>(*node);
    if (!sum || !sum->fused.residual || !sum->fused.mask || sum->fused.bias || sum->fused.activation != "none")
      continue;
    const Value &residual = node->inputs[3], &mask = node->inputs[4];
    const auto* other = op_as<ConvInputGradient>(residual);
    if (!other || uses.of(residual) != 1 || other->fused.mask || other->fused.activation != "none") continue;
    if (!sum->leaves_pixels(*node) || depends_on(mask, residual.node().get(), besides)) continue;
    sums[residual.node().get()] = node.get();
    besides[residual.node().get()] = {mask};
  }
  if (sums.empty()) return graph;
  return rewrite(
      graph,
      [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
        const auto* gradient = op_as<ConvInputGradient>(node);
        if (!gradient) return {};
        ConvInputGradient op = *gradient;
        if (sums.count(&node)) {  // its mask comes last, as among an op's own operands
          op.fused.mask = true;
          return {apply(std::move(op), inputs)};
        }
        const auto found = gradient->fused.residual ? sums.find(node.inputs[3].node().get()) : sums.end();
        if (found == sums.end() || found->second != &node) return {};
        op.fused.masked_residual = true;
        return {apply(std::move(op), inputs)};
      },
      besides);
}

}  // namespace striate
