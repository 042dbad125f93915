#include "compile/passes.h"
#include "compile/region.h"
#include "kernels/conv.h"
#include "ops/conv.h"
#include "ops/pool.h"

namespace striate {
namespace {

// Fewer channels are no full panel; then pooling costs as much as the product, too.
constexpr int64_t kLeastChannels = 32;
// Of a pooled row, which is to stay in L2: 256 KB.
constexpr int64_t kMostElements = 64 << 10;

bool can_pool(const Conv& conv, const Shape& x, const Shape& kernel) {
  ConvShape shape;
  return conv.shape(Conv::kName, x, kernel, shape) && is_pointwise(shape) && shape.c_out >= kLeastChannels &&
         shape.in[2] * shape.c_in <= kMostElements;
}

bool pools_around_pixels(const MaxPool& pool, const Shape& x) {
  const PoolShape shape = pool.shape(MaxPool::kName, x);
  for (int i = 1; i < 3; ++i)
    if (shape.window[i] != 3 || shape.stride[i] != 1 || shape.pad_lo[i] != 1 || shape.in[i] != shape.out[i])
      return false;
  return true;
}

}  // namespace

Graph fuse_input_pooling(const Graph& graph, const Backend& backend) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    const auto* conv = op_as<Conv>(node);
    const auto* pool = conv ? op_as<MaxPool>(inputs[0]) : nullptr;
    if (!pool || uses.of(node.inputs[0]) != 1) return {};
    const Value& x = inputs[0].node()->inputs[0];
    if (x.rank() != 4 || x.shape().elements() == 0 || !can_pool(*conv, x.shape(), inputs[1].shape()) ||
        !pools_around_pixels(*pool, x.shape()))
      return {};
    Region region = region_of<Conv>(conv->fused);
    region.pools_input = true;
    if (!backend.claim(region)) return {};
    Conv op = *conv;
    op.pools_input = true;
    std::vector<Value> operands = inputs;
    operands[0] = x;
    return {apply(std::move(op), std::move(operands))};
  });
}

}  // namespace striate
