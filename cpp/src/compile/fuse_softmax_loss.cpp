#include "compile/passes.h"
#include "ops/softmax.h"

namespace striate {

Graph fuse_softmax_loss(const Graph& graph) {
  return rewrite(graph, [](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (const auto* loss = op_as<CrossEntropy>(node)) {
      if (loss->from_logits || !op_as<Softmax>(inputs[0])) return {};
      CrossEntropy on_logits = *loss;
      on_logits.from_logits = true;
      return {apply(on_logits, {inputs[0].node()->inputs[0], inputs[1]})};
    }
    if (op_as<SoftmaxGradient>(node)) {
      const auto* gradient = op_as<CrossEntropyGradient>(inputs[1]);
      if (!gradient || gradient->from_logits || !op_as<Softmax>(inputs[0])) return {};
      const std::vector<Value>& args = inputs[1].node()->inputs;  // probabilities, labels, g
      if (!(args[0] == inputs[0])) return {};
      CrossEntropyGradient on_logits = *gradient;
      on_logits.from_logits = true;
      return {apply(on_logits, {inputs[0].node()->inputs[0], args[1], args[2]})};
    }
    return {};
  });
}

}  // namespace striate
