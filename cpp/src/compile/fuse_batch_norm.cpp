#include "compile/passes.h"
#include "ops/elementwise.h"
#include "ops/normalization.h"

namespace striate {
namespace {

// What follows a normalization that nothing else reads: relu(y + residual), or a part of that.
struct Ending {
  const Node* sum = nullptr;
  const Node* relu = nullptr;
  Value residual;
};

using Readers = std::unordered_map<const Node*, const Node*>;  // of output 0, where there is one reader

Readers single_readers(const Graph& graph, const UseCounts& uses) {
  Readers readers;
  for (const auto& node : topological_order(graph.roots()))
    for (const Value& input : node->inputs)
      if (input.index() == 0 && uses.of(input) == 1) readers[input.node().get()] = node.get();
  return readers;
}

template <class T>
const Node* reader_as(const Readers& readers, const Node& node) {
  const auto found = readers.find(&node);
  return found != readers.end() && op_as<T>(*found->second) ? found->second : nullptr;
}

Ending ending_of(const Node& bn, const Readers& readers) {
  Ending ending;
  const Node* last = &bn;
  if (const Node* sum = reader_as<Add>(readers, bn)) {
    const bool second = sum->inputs[1].node().get() == &bn;
    const Value& other = sum->inputs[second ? 0 : 1];
    // The statistics, too, could be on the way to the other operand.
    if (!(other.type() == bn.types[0]) || depends_on(other, &bn)) return ending;
    ending.sum = last = sum;
    ending.residual = other;
  }
  ending.relu = reader_as<Relu>(readers, *last);
  return ending;
}

// The gradient through relu(batch_norm_train(x)), which can ask x instead of y whether it counts.
std::vector<Value> gradient_with_relu(const BatchNormGradient& op, const std::vector<Value>& inputs) {
  if (op.relu || !op_as<ReluGradient>(inputs[4])) return {};
  const Value &y = inputs[4].node()->inputs[0], &g = inputs[4].node()->inputs[1];
  const auto* forward = op_as<BatchNormTrain>(y);
  if (!forward || y.index() != 0 || !forward->relu || forward->residual || !(g.type() == y.type())) return {};
  const std::vector<Value>& normalized = y.node()->inputs;  // x, gamma, beta
  if (!(normalized[0] == inputs[0]) || !(normalized[1] == inputs[1]) || forward->epsilon != op.epsilon) return {};
  if (!(inputs[2] == Value(y.node(), 1)) || !(inputs[3] == Value(y.node(), 2))) return {};
  auto fused = std::make_shared<BatchNormGradient>(op);
  fused->relu = true;
  const auto node = make_node(std::move(fused), {inputs[0], inputs[1], inputs[2], inputs[3], g, normalized[2]});
  return {Value(node, 0), Value(node, 1), Value(node, 2)};
}

}  // namespace

Graph fuse_batch_norm(const Graph& graph) {
  const UseCounts uses(graph);
  const Readers readers = single_readers(graph, uses);
  std::unordered_map<const Node*, Ending> endings;
  std::unordered_map<const Node*, const Node*> ended;  // sums and ReLUs, by the normalization that takes them over
  Besides besides;
  for (const auto& node : topological_order(graph.roots())) {
    if (!op_as<BatchNormTrain>(*node)) continue;
    const Ending ending = ending_of(*node, readers);
    if (!ending.relu && !ending.sum) continue;
    if (ending.sum) {
      // Of two normalizations added, the later one ends with the sum.
      if (const auto other = ended.find(ending.sum); other != ended.end()) {
        endings.erase(other->second);
        besides.erase(other->second);
      }
      ended[ending.sum] = node.get();
      besides[node.get()] = {ending.residual};
    }
    if (ending.relu) ended[ending.relu] = node.get();
    endings[node.get()] = ending;
  }

  const auto rule = [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    if (const auto found = endings.find(&node); found != endings.end()) {
      auto fused = std::make_shared<BatchNormTrain>(*op_as<BatchNormTrain>(node));
      fused->relu = found->second.relu != nullptr;
      fused->residual = found->second.sum != nullptr;
      const auto made = make_node(std::move(fused), inputs);
      return {Value(made, 0), Value(made, 1), Value(made, 2)};
    }
    if (const auto found = ended.find(&node); found != ended.end()) {
      const Ending& ending = endings.at(found->second);
      const bool second = &node == ending.sum && node.inputs[1].node().get() == found->second;
      return {inputs[second ? 1 : 0]};
    }
    if (const auto* op = op_as<BatchNormGradient>(node); op && uses.of(node.inputs[4]) == 1)
      return gradient_with_relu(*op, inputs);
    return {};
  };
  return rewrite(graph, rule, besides);
}

}  // namespace striate
