#include "compile/passes.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/normalization.h"
#include "striate/ops.h"

namespace striate {
namespace {

bool is_stored(const Value& value) {
  return value.node()->kind == NodeKind::variable || value.node()->kind == NodeKind::constant;
}

// BN(conv(x, w) + b) = conv(x, w * s) + ((b - mean) * s + beta), s = gamma / sqrt(variance + epsilon).
template <class Anchor>
std::vector<Value> folded(const Value& anchored, const std::vector<Value>& bn, double epsilon) {
  const auto* anchor = op_as<Anchor>(anchored);
  if (!anchor || anchor->fused.activation != "none" || anchor->fused.residual || anchor->fused.mask ||
      anchor->fused.pooling != "none")
    return {};
  const std::vector<Value>& args = anchored.node()->inputs;
  for (size_t i = 1; i < args.size(); ++i)
    if (!is_stored(args[i])) return {};
  if constexpr (requires { anchor->transpose_b; })
    if (anchor->transpose_b || anchor->transpose_a) return {};  // channels must be the kernel's last axis
  const Value &gamma = bn[1], &beta = bn[2], &mean = bn[3], &variance = bn[4];
  const Value eps = constant(Tensor::scalar(epsilon, gamma.dtype()));
  const Value scale = ops::divide(gamma, ops::sqrt(ops::add(variance, eps)));
  const Value centred = args.size() == 3 ? ops::subtract(args[2], mean) : ops::negate(mean);
  const Value shift = ops::add(ops::multiply(centred, scale), beta);
  Anchor with_bias = *anchor;
  with_bias.fused.bias = true;
  return {apply(std::move(with_bias), {args[0], ops::multiply(args[1], scale), shift})};
}

}  // namespace

Graph fold_batch_norm(const Graph& graph) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    const auto* bn = op_as<BatchNormInfer>(node);
    if (!bn || uses.of(node.inputs[0]) != 1) return {};
    for (int i = 1; i < 5; ++i)
      if (!is_stored(inputs[i])) return {};
    auto values = folded<Conv>(inputs[0], inputs, bn->epsilon);
    if (values.empty()) values = folded<Matmul>(inputs[0], inputs, bn->epsilon);
    return values;
  });
}

}  // namespace striate
