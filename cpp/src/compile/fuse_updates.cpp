#include "compile/passes.h"
#include "kernels/matmul.h"
#include "ops/lowering.h"
#include "ops/matmul.h"
#include "ops/optimizer.h"
#include "ops/types.h"

namespace striate {
namespace {

// Inputs (a, b, weight, velocity, rate), a and b as in matmul(a, b, transpose_a); outputs (weight, velocity). Only the
// compiler makes it.
struct MatmulMomentum : OpBase<MatmulMomentum> {
  static constexpr std::string_view kName = "matmul_momentum_update";
  double momentum = 0;
  bool nesterov = false;
  void attributes(AttributeVisitor& visit) override {
    visit("momentum", momentum);
    visit("nesterov", nesterov);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override { return {inputs[2], inputs[2]}; }
  void lower(Lowering& lowering) const override {
    const Shape &a = lowering.input_type(0).shape, &w = lowering.output_type(0).shape;
    MatmulUpdateShape shape{};
    shape.product.m = w[0];
    shape.product.n = w[1];
    shape.product.k = a.product(0, a.rank() - 1);
    shape.product.transpose_a = true;
    shape.momentum = momentum;
    shape.nesterov = nesterov;
    std::vector<BufferId> inputs;
    for (int i = 0; i < 5; ++i) inputs.push_back(lowering.input(i));
    lowering
        .call(Family::matmul, MatmulFunction::momentum, shape, std::move(inputs),
              {lowering.output(0), lowering.output(1)})
        .in_place = {{2, 0}, {3, 1}};
  }
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override {
    const double batch = static_cast<double>(inputs[0].shape.product(0, inputs[0].shape.rank() - 1));
    return streaming_cost(inputs, outputs, (2 * batch + 4) * static_cast<double>(outputs[0].shape.elements()));
  }
};

// Where the gradient's way to memory and back is what a step takes: products over more rows are worth packing.
// No more than one call of the micro-kernel sums (`depth` in matmul.cpp), so that the gradient's bits stay the same.
constexpr int64_t kMostRows = 64;
constexpr int64_t kLeastElements = 64 << 10;

}  // namespace

Graph fuse_updates(const Graph& graph) {
  const UseCounts uses(graph);
  return rewrite(graph, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
    const auto* update = op_as<MomentumUpdate>(node);
    if (!update || uses.of(node.inputs[2]) != 1) return {};
    const Value &weight = inputs[0], &velocity = inputs[1], &gradient = inputs[2], &rate = inputs[3];
    const auto* product = op_as<Matmul>(gradient);
    if (!product || product->fused.any() || !product->transpose_a || product->transpose_b) return {};
    const Value &a = gradient.node()->inputs[0], &b = gradient.node()->inputs[1];
    const int64_t rows = a.shape().product(0, a.rank() - 1);
    if (weight.rank() != 2 || rows == 0 || rows > kMostRows || weight.shape().elements() < kLeastElements) return {};
    auto op = std::make_shared<MatmulMomentum>();
    op->momentum = update->momentum;
    op->nesterov = update->nesterov;
    const auto made = make_node(std::move(op), {a, b, weight, velocity, rate});
    return {Value(made, 0), Value(made, 1)};
  });
}

}  // namespace striate
