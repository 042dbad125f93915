#include "compile/passes.h"
#include "compile/region.h"
#include "ops/conv.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/pool.h"

namespace striate {
namespace {

// What one more fusion makes of an epilogue: with one more operand, or another activation.
struct Fusion {
  FusedEpilogue epilogue;
  Value operand;     // null for an activation
  int position = 0;  // among the fused operands
};

bool bias_of(const Value& bias, const Value& y) {
  return bias.rank() == 1 && bias.shape()[0] == y.shape().back() && bias.dtype() == y.dtype();
}

// y = activation(sum + bias + residual), kept where mask > 0: each part only while what comes after it is not there.
bool fuse_sum(const Value& y, const Value& other, Fusion& fusion) {
  FusedEpilogue& to = fusion.epilogue;
  fusion.operand = other;
  if (to.mask || to.activation != "none" || to.residual || to.pooling != "none") return false;
  if (!to.bias && bias_of(other, y)) {
    to.bias = true;
    fusion.position = 0;
    return true;
  }
  to.residual = other.type() == y.type();
  fusion.position = to.bias;
  return to.residual;
}

bool fuse_activation(std::string_view op, Fusion& fusion) {
  FusedEpilogue& to = fusion.epilogue;
  if (to.mask || to.activation != "none" || to.pooling != "none") return false;
  to.activation = op;
  return true;
}

bool fuse_mask(const Value& y, const Value& mask, Fusion& fusion) {
  FusedEpilogue& to = fusion.epilogue;
  if (to.mask || to.activation != "none" || to.pooling != "none" || !(mask.type() == y.type())) return false;
  to.mask = true;
  fusion.operand = mask;
  fusion.position = to.bias + to.residual;
  return true;
}

// Windows of 2x2 that tile an image of even sizes.
template <class Pool>
bool fuse_pooling(const Pool& pool, const Value& y, Fusion& fusion) {
  FusedEpilogue& to = fusion.epilogue;
  if (to.mask || to.residual || to.pooling != "none" || y.rank() != 4 || y.shape().elements() == 0) return false;
  const PoolShape shape = pool.shape(Pool::kName, y.shape());
  for (int i = 1; i < 3; ++i)
    if (shape.window[i] != 2 || shape.stride[i] != 2 || shape.pad_lo[i] != 0 || shape.in[i] != 2 * shape.out[i])
      return false;
  to.pooling = std::is_same_v<Pool, MaxPool> ? "max" : "average";
  return true;
}

// The anchor with the fusion that `extend` finds for it, if it is an Anchor.
template <class Anchor, class Extend>
std::vector<Value> fused(const Value& anchored, const Backend& backend, Extend extend) {
  const auto* anchor = op_as<Anchor>(anchored);
  if (!anchor) return {};
  Fusion fusion{anchor->fused, {}};
  if (!extend(fusion)) return {};
  if (!backend.claim(region_of<Anchor>(fusion.epilogue))) return {};
  std::vector<Value> inputs = anchored.node()->inputs;
  const auto operands = inputs.end() - anchor->fused.operand_count();
  if (fusion.operand) inputs.insert(operands + fusion.position, fusion.operand);
  Anchor op = *anchor;
  op.fused = fusion.epilogue;
  return {apply(std::move(op), std::move(inputs))};
}

template <class Extend>
std::vector<Value> fused_any(const Value& anchored, const Backend& backend, Extend extend) {
  std::vector<Value> values = fused<Conv>(anchored, backend, extend);
  if (values.empty()) values = fused<ConvInputGradient>(anchored, backend, extend);
  if (values.empty()) values = fused<Matmul>(anchored, backend, extend);
  return values;
}

bool leaves_pixels(const Value& value) {
  const auto* gradient = op_as<ConvInputGradient>(value);
  return gradient && gradient->leaves_pixels(*value.node());
}

}  // namespace

// An anchor read by one node alone can end with that node's arithmetic. What stands beside it then cannot depend on it,
// or there would be another reader.
Graph fuse_epilogues(const Graph& graph, const Backend& backend) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    const auto once = [&](int i) { return uses.of(node.inputs[i]) == 1; };
    if (op_as<Add>(node)) {
      // Of two anchors the later one's result is added to the earlier's, but that of a strided one to any other's,
      // which has touched all pixels.
      const bool first = leaves_pixels(inputs[0]) && !leaves_pixels(inputs[1]);
      for (int i : {!first, first}) {
        if (!once(i)) continue;
        auto values =
            fused_any(inputs[i], backend, [&](Fusion& fusion) { return fuse_sum(inputs[i], inputs[1 - i], fusion); });
        if (!values.empty()) return values;
      }
    } else if ((op_as<Relu>(node) || op_as<Sigmoid>(node) || op_as<Tanh>(node)) && once(0)) {
      return fused_any(inputs[0], backend, [&](Fusion& fusion) { return fuse_activation(node.op->name(), fusion); });
    } else if (op_as<ReluGradient>(node) && once(1)) {
      return fused_any(inputs[1], backend, [&](Fusion& fusion) { return fuse_mask(inputs[1], inputs[0], fusion); });
    } else if (const auto* max = op_as<MaxPool>(node); max && once(0)) {
      return fused<Conv>(inputs[0], backend, [&](Fusion& fusion) { return fuse_pooling(*max, inputs[0], fusion); });
    } else if (const auto* mean = op_as<AvgPool>(node); mean && once(0)) {
      return fused<Conv>(inputs[0], backend, [&](Fusion& fusion) { return fuse_pooling(*mean, inputs[0], fusion); });
    }
    return {};
  });
}

}  // namespace striate
