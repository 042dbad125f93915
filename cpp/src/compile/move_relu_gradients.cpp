// Where the gradient of a ReLU meets that of a max pooling or a concatenation, the two commute:
//   relu_gradient(y, scatter(y, g))      = scatter(y, relu_gradient(max_pool(y), g))
//   relu_gradient(y, part(g)), y a part of c = part(relu_gradient(c, g))
// The right sides mask less, or once for all parts, and earlier: mostly where a convolution's input gradient gives g,
// which can end with it (fuse_epilogues). The sum of what a pooling scatters over all pixels is the sum of what it was
// given, so bias gradients are read off the pooled side.
#include <map>

#include "compile/passes.h"
#include "ops/broadcast.h"
#include "ops/concatenate.h"
#include "ops/elementwise.h"
#include "ops/pool.h"

namespace striate {
namespace {

using Key = std::pair<const Node*, int>;
Key key_of(const Value& value) { return {value.node().get(), value.index()}; }

struct Part {
  Value joined;
  int64_t axis, index;
};

class Mover {
 public:
  explicit Mover(const Graph& graph) : uses_(graph) {
    // How many readers of a joined gradient only take a part out for a ReLU's gradient.
    for (const auto& node : topological_order(graph.roots())) {
      if (!op_as<ReluGradient>(*node)) continue;
      const Value& g = node->inputs[1];
      if (op_as<ConcatenatePart>(g) && uses_.of(g) == 1) ++masked_parts_[key_of(g.node()->inputs[0])];
    }
  }

  std::vector<Value> rewritten(const Node& node, const std::vector<Value>& inputs) {
    if (node.kind != NodeKind::op) return {};
    if (const auto* pool = op_as<MaxPool>(node)) {
      const Value made(make_node(node.op, inputs));
      pooled_[{key_of(inputs[0]), attributes_text(*pool)}] = made;
      return {made};
    }
    if (const auto* join = op_as<Concatenate>(node)) {
      const Value made(make_node(node.op, inputs));
      for (size_t i = 0; i < inputs.size(); ++i)
        parts_[key_of(inputs[i])] = {made, join->axis, static_cast<int64_t>(i)};
      return {made};
    }
    if (op_as<ReluGradient>(node)) {
      if (uses_.of(node.inputs[1]) != 1 || !(inputs[0].type() == inputs[1].type())) return {};
      return moved(inputs[0], inputs[1], node.inputs[1]);
    }
    if (op_as<SumToLike>(node) && op_as<MaxPoolScatter>(inputs[0])) {
      const Shape& like = inputs[1].shape();
      if (like.rank() > 0 && like.elements() == like.back() && like.back() == inputs[0].shape().back())
        return {Value(make_node(node.op, {inputs[0].node()->inputs[1], inputs[1]}))};
    }
    return {};
  }

 private:
  // relu_gradient(y, g) by one of the equations above, or nothing. g is what `old` became; nothing else reads it.
  std::vector<Value> moved(const Value& y, const Value& g, const Value& old) {
    const std::vector<Value>& inputs = g.node()->inputs;
    const auto* scatter = op_as<MaxPoolScatter>(g);
    if (scatter && op_as<MaxPoolScatter>(old)) {
      const auto pool = pooled_.find({key_of(y), attributes_text(*scatter)});
      if (!(inputs[0] == y) || pool == pooled_.end()) return {};
      const Value& from = old.node()->inputs[1];
      return {apply(*scatter, {y, masked(pool->second, inputs[1], from, uses_.of(from) == 1)})};
    }
    const auto* part = op_as<ConcatenatePart>(g);
    if (part && op_as<ConcatenatePart>(old)) {
      const Value& from = old.node()->inputs[0];
      const auto found = parts_.find(key_of(y));
      if (found == parts_.end() || masked_parts_[key_of(from)] != uses_.of(from)) return {};
      const auto& [joined, axis, index] = found->second;
      if (axis != part->axis || index != part->index || !(joined.type() == inputs[0].type())) return {};
      std::vector<Value> masked_inputs = inputs;
      masked_inputs[0] = masked(joined, inputs[0], from, true);
      return {apply(*part, std::move(masked_inputs))};
    }
    return {};
  }

  // relu_gradient(y, g), moved on if nothing else reads g; once for each pair.
  Value masked(const Value& y, const Value& g, const Value& old, bool alone) {
    const auto [found, fresh] = masked_.try_emplace({key_of(y), key_of(g)});
    if (fresh) {
      const std::vector<Value> values = alone ? moved(y, g, old) : std::vector<Value>();
      found->second = values.empty() ? apply(ReluGradient(), {y, g}) : values[0];
    }
    return found->second;
  }

  const UseCounts uses_;
  std::map<Key, int> masked_parts_;
  std::map<std::pair<Key, std::string>, Value> pooled_;  // max_pool of a value with these attributes
  std::map<Key, Part> parts_;                            // what a value is a part of
  std::map<std::pair<Key, Key>, Value> masked_;
};

}  // namespace

Graph move_relu_gradients(const Graph& graph) {
  Mover mover(graph);
  return rewrite(graph,
                 [&](const Node& node, const std::vector<Value>& inputs) { return mover.rewritten(node, inputs); });
}

}  // namespace striate
