// Reverse mode: walk the graph backwards, ask each op for its inputs' gradients, add up where a value is used twice.
// It names no op but `add`, and the ones and zeros it starts with.
#include <unordered_map>
#include <unordered_set>

#include "core/check.h"
#include "graph/node.h"
#include "striate/ops.h"

namespace striate {

std::vector<Value> gradients(const Value& target, const std::vector<Value>& wrt) {
  STRIATE_CHECK(target && is_floating(target.dtype()), type, "gradients", "the target must be floating point");
  const auto order = topological_order({target});

  // Nodes through which some wrt value reaches the target.
  std::unordered_set<const Node*> reached;
  for (const Value& value : wrt) {
    STRIATE_CHECK(value && is_floating(value.dtype()), type, "gradients",
                  "can only differentiate with respect to floating-point values");
    reached.insert(value.node().get());
  }
  for (const auto& node : order)
    for (const Value& input : node->inputs)
      if (reached.count(input.node().get())) reached.insert(node.get());

  std::unordered_map<const Node*, std::vector<Value>> flowing;  // node -> gradient of each output, null while none
  auto accumulate = [&](const Value& value, const Value& gradient) {
    auto& slots = flowing[value.node().get()];
    slots.resize(value.node()->types.size());
    Value& slot = slots[value.index()];
    slot = slot ? ops::add(slot, gradient) : gradient;
  };
  accumulate(target, ops::ones_like(target));

  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const Node& node = **it;
    if (node.kind != NodeKind::op || !reached.count(&node)) continue;
    const auto found = flowing.find(&node);
    if (found == flowing.end()) continue;
    std::vector<bool> needed;
    bool any = false;
    for (const Value& input : node.inputs) {
      needed.push_back(reached.count(input.node().get()) && is_floating(input.dtype()));
      any = any || needed.back();
    }
    if (!any) continue;
    const NameScope scope(node.scope);
    const std::vector<Value> outputs = outputs_of(*it);
    const std::vector<Value> grads = node.op->gradient({node.inputs, outputs, found->second, needed});
    STRIATE_CHECK(grads.size() == node.inputs.size(), runtime, node.op->name(), "gave ", grads.size(),
                  " gradients for ", node.inputs.size(), " inputs");
    for (size_t i = 0; i < grads.size(); ++i)
      if (needed[i] && grads[i]) accumulate(node.inputs[i], grads[i]);
  }

  std::vector<Value> result;
  for (const Value& value : wrt) {
    const auto found = flowing.find(value.node().get());
    const bool has = found != flowing.end() && found->second[value.index()];
    result.push_back(has ? found->second[value.index()] : ops::zeros_like(value));
  }
  return result;
}

}  // namespace striate
