#include "compile/place_parts.h"

#include "compile/region.h"
#include "ops/concatenate.h"
#include "ops/conv.h"
#include "ops/types.h"

namespace striate {
namespace {

bool can_be_placed(const Value& value, const Backend& backend) {
  const Conv* conv = op_as<Conv>(value);
  if (!conv || conv->fused.residual || conv->fused.mask || value.type().shape.elements() == 0) return false;
  Region region = region_of<Conv>(conv->fused);
  region.pools_input = conv->pools_input;
  region.normalizes_input = conv->normalized.any;
  region.part = true;
  return backend.claim(region);
}

}  // namespace

PlacedParts place_parts(const Graph& graph, const Schedule& schedule, Views& views, const Backend& backend) {
  PlacedParts placed;
  // What becomes a variable is written when all have read this, so not by steps that come before.
  std::unordered_set<const Node*> roots;
  for (const Value& root : graph.roots()) roots.insert(views.viewed(root).node().get());
  const UseCounts uses(graph);
  std::unordered_set<const Node*> runs;  // a convolution that runs less often keeps its result elsewhere
  for (const auto& node : schedule.run) runs.insert(node.get());
  for (const auto& node : schedule.run) {
    const auto* concatenate = op_as<Concatenate>(*node);
    if (!concatenate || node->inputs.size() < 2 || roots.count(node.get())) continue;
    const Shape& joined = node->types[0].shape;
    if (normalize_axis(Concatenate::kName, concatenate->axis, joined.rank()) != joined.rank() - 1) continue;
    Epilogue::Part part{0, joined.back()};
    for (const Value& input : node->inputs) {
      if (can_be_placed(input, backend) && uses.of(input) == 1 && runs.count(input.node().get()))
        placed[input.node().get()] = {Value(node, 0), part};
      part.first += input.type().shape.back();
    }
  }
  return placed;
}

}  // namespace striate
