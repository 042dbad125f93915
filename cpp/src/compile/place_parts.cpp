#include "compile/place_parts.h"

#include "ops/concatenate.h"
#include "ops/conv.h"
#include "ops/types.h"

namespace striate {
namespace {

// Roots may live in memory of the caller's or a variable's, which is not written piece by piece.
bool is_root(const Graph& graph, const Value& value) {
  for (const Value& root : graph.roots())
    if (root.node() == value.node()) return true;
  return false;
}

bool can_be_placed(const Value& value) {
  const Conv* conv = op_as<Conv>(value);
  return conv && !conv->fused.residual && !conv->fused.mask && conv->fused.pooling == "none" &&
         value.type().shape.elements() > 0;
}

}  // namespace

PlacedParts place_parts(const Graph& graph, const Schedule& schedule) {
  PlacedParts placed;
  const UseCounts uses(graph);
  std::unordered_set<const Node*> runs;  // a convolution that runs less often keeps its result elsewhere
  for (const auto& node : schedule.run) runs.insert(node.get());
  for (const auto& node : schedule.run) {
    const auto* concatenate = dynamic_cast<const Concatenate*>(node->op.get());
    if (!concatenate || node->inputs.size() < 2 || is_root(graph, Value(node, 0))) continue;
    const Shape& joined = node->types[0].shape;
    if (normalize_axis(Concatenate::kName, concatenate->axis, joined.rank()) != joined.rank() - 1) continue;
    Epilogue::Part part{0, joined.back()};
    for (const Value& input : node->inputs) {
      if (can_be_placed(input) && uses.of(input) == 1 && runs.count(input.node().get()))
        placed[input.node().get()] = {Value(node, 0), part};
      part.first += input.type().shape.back();
    }
  }
  return placed;
}

}  // namespace striate
