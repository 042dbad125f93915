#include "compile/passes.h"
#include "ops/conv.h"
#include "ops/matmul.h"

namespace striate {
namespace {

// A vector with one element per channel, whatever axes of size 1 stand before it.
bool is_channel_vector(const Value& bias, int64_t channels) {
  return bias.rank() >= 1 && bias.shape().back() == channels && bias.shape().elements() == channels;
}

template <class Anchor>
std::vector<Value> with_bias(const Value& anchored, const Value& bias, const Backend& backend) {
  const auto* anchor = op_as<Anchor>(anchored);
  if (!anchor || anchor->activation != "none" || anchored.node()->inputs.size() != 2) return {};
  if (bias.rank() != 1 || !is_channel_vector(bias, anchored.shape().back()) || bias.dtype() != anchored.dtype())
    return {};
  if (!backend.claim({std::string(Anchor::kName), true, "none"})) return {};
  std::vector<Value> inputs = anchored.node()->inputs;
  inputs.push_back(bias);
  return {apply(*anchor, std::move(inputs))};
}

template <class Anchor>
std::vector<Value> with_activation(const Value& anchored, const std::string& activation, const Backend& backend) {
  const auto* anchor = op_as<Anchor>(anchored);
  if (!anchor || anchor->activation != "none") return {};
  if (!backend.claim({std::string(Anchor::kName), anchored.node()->inputs.size() == 3, activation})) return {};
  Anchor fused = *anchor;
  fused.activation = activation;
  return {apply(std::move(fused), anchored.node()->inputs)};
}

}  // namespace

Graph fuse_epilogues(const Graph& graph, const Backend& backend) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (node.kind != NodeKind::op) return {};
    const std::string op(node.op->name());
    std::vector<Value> fused;
    if (op == "add") {
      for (int i = 0; i < 2 && fused.empty(); ++i) {
        if (uses.of(node.inputs[i]) != 1) continue;
        fused = with_bias<Conv>(inputs[i], inputs[1 - i], backend);
        if (fused.empty()) fused = with_bias<Matmul>(inputs[i], inputs[1 - i], backend);
      }
    } else if ((op == "relu" || op == "sigmoid" || op == "tanh") && uses.of(node.inputs[0]) == 1) {
      fused = with_activation<Conv>(inputs[0], op, backend);
      if (fused.empty()) fused = with_activation<Matmul>(inputs[0], op, backend);
    }
    return fused;
  });
}

}  // namespace striate
