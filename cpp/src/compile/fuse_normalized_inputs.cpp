#include "compile/passes.h"
#include "compile/region.h"
#include "kernels/conv.h"
#include "ops/conv.h"
#include "ops/normalization.h"

namespace striate {
namespace {

// Of results, fewer of which are no full panel.
constexpr int64_t kLeastColumns = 32;
// Of what is made: less lies in L3 when it is read again.
constexpr int64_t kLeastBytes = 16 << 20;
// Of the kernel, which stays in L2 beside what an item makes and what the next one will: 512 -> 128 channels.
constexpr int64_t kMostKernelBytes = 256 << 10;

// The op reads values that are large enough for it, by a kernel small enough.
template <class Op>
bool is_worth_it(const Op& op, const Value& image, const Value& made, const Value& kernel, int64_t columns) {
  ConvShape shape;
  return op.shape(Op::kName, image.shape(), kernel.shape(), shape) && is_pointwise(shape) &&
         made.shape().back() % kSignChannels == 0 && columns >= kLeastColumns &&
         made.shape().elements() * dtype_bytes(made.dtype()) >= kLeastBytes &&
         kernel.shape().elements() * dtype_bytes(kernel.dtype()) <= kMostKernelBytes;
}

// The normalization, or gradient of one, whose result is the first operand of this, and may be made in it; or null.
const Node* maker_of(const Node& node, const Backend& backend) {
  if (node.kind != NodeKind::op) return nullptr;
  const Value& made = node.inputs[0];
  const auto claimed = [&](Region region) {
    region.normalizes_input = true;
    return backend.claim(region);
  };
  if (const auto* conv = op_as<Conv>(node)) {
    const bool fits = op_as<BatchNormTrain>(made) && made.index() == 0 && conv->fused.pooling == "none" &&
                      !conv->pools_input && is_worth_it(*conv, made, made, node.inputs[1], node.types[0].shape.back());
    return fits && claimed(region_of<Conv>(conv->fused)) ? made.node().get() : nullptr;
  }
  if (const auto* gradient = op_as<ConvInputGradient>(node)) {
    const bool fits = op_as<BatchNormGradient>(made) && made.index() == 0 &&
                      is_worth_it(*gradient, node.inputs[2], made, node.inputs[1], node.types[0].shape.back());
    return fits && claimed(region_of<ConvInputGradient>(gradient->fused)) ? made.node().get() : nullptr;
  }
  return nullptr;
}

// The convolution with the operands that make its input, which come before those fused onto it.
template <class Op>
std::shared_ptr<const Node> with_normalized_input(const Node& conv, std::vector<Value> inputs,
                                                  const FusedNormalization& normalized,
                                                  const std::vector<Value>& operands) {
  auto op = std::make_shared<Op>(*op_as<Op>(conv));
  const size_t own = inputs.size() - static_cast<size_t>(op->fused.operand_count());
  op->normalized = normalized;
  inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(own), operands.begin(), operands.end());
  return make_node(std::move(op), std::move(inputs));
}

}  // namespace

Graph fuse_normalized_inputs(const Graph& graph, const Backend& backend) {
  std::unordered_map<const Node*, const Node*> readers;  // by maker
  Besides besides;                                       // what the reader takes but for what is made
  for (const auto& node : topological_order(graph.roots())) {
    const Node* maker = maker_of(*node, backend);
    if (!maker || readers.count(maker)) continue;
    const std::vector<Value> others(node->inputs.begin() + 1, node->inputs.end());
    bool free = true;
    for (const Value& other : others) free = free && !depends_on(other, maker, besides);
    if (!free) continue;
    readers[maker] = node.get();
    besides[maker] = others;
  }
  if (readers.empty()) return graph;

  const auto rule = [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    // The reader was made with its maker.
    if (node.kind == NodeKind::op && !node.inputs.empty())
      if (const auto made = readers.find(node.inputs[0].node().get()); made != readers.end() && made->second == &node)
        return {Value(inputs[0].node(), 0)};
    const auto found = readers.find(&node);
    if (found == readers.end()) return {};
    const std::vector<Value> own(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(node.inputs.size()));
    std::vector<Value> conv_inputs(inputs.begin() + static_cast<std::ptrdiff_t>(own.size()), inputs.end());
    if (const auto* forward = op_as<BatchNormTrain>(node)) {
      auto line = std::make_shared<BatchNormTrain>(*forward);
      line->relu = line->residual = line->signs = false;
      line->line = true;
      const auto statistics = make_node(std::move(line), {own[0], own[1], own[2]});
      std::vector<Value> operands = {Value(statistics, 0)};
      if (forward->residual) operands.push_back(own[3]);
      conv_inputs.insert(conv_inputs.begin(), own[0]);
      const auto conv = with_normalized_input<Conv>(*found->second, std::move(conv_inputs),
                                                    {true, forward->relu, forward->signs, forward->residual}, operands);
      std::vector<Value> values = {Value(conv, 1), Value(statistics, 1), Value(statistics, 2)};
      if (forward->signs) values.push_back(Value(conv, 2));
      return values;
    }
    const auto* gradient = op_as<BatchNormGradient>(node);
    auto line = std::make_shared<BatchNormGradient>(*gradient);
    line->line = true;
    const auto sums = make_node(std::move(line), own);
    conv_inputs.insert(conv_inputs.begin(), own[4]);
    const auto conv = with_normalized_input<ConvInputGradient>(
        *found->second, std::move(conv_inputs), {true, gradient->relu, false, true}, {Value(sums, 0), own[0]});
    return {Value(conv, 1), Value(sums, 1), Value(sums, 2)};
  };
  return rewrite(graph, rule, besides);
}

}  // namespace striate
