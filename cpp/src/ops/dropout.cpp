#include "ops/dropout.h"

#include "graph/node.h"
#include "kernels/dropout.h"
#include "ops/lowering.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {

std::vector<ValueType> Dropout::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  check_floating(kName, "x", inputs[0]);
  STRIATE_CHECK(rate >= 0 && rate < 1, value, kName, "rate=", rate, ". Expected 0 <= rate < 1, the share dropped.");
  STRIATE_CHECK(inputs[1].dtype == DType::int64, type, kName, "rng is ", dtype_name(inputs[1].dtype),
                ". Expected int64: the seed and the step.");
  check_shape(kName, "rng", inputs[1], Shape{2}, "the seed and the step");
  return {inputs[0]};
}

std::vector<Value> Dropout::gradient(const GradientArgs& args) const {
  return {apply(*this, {args.output_gradients[0], args.inputs[1]}), Value()};
}

void Dropout::lower(Lowering& lowering) const {
  const int64_t n = lowering.output_type(0).shape.elements();
  if (rate == 0) return lowering.alias(0, 0);
  if (n == 0) return;
  lowering
      .call(Family::dropout, DropoutFunction::apply, DropoutShape{n, rate, stream},
            {lowering.input(0), lowering.input(1)}, {lowering.output(0)})
      .in_place = {{0, 0}};
}

Cost Dropout::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return streaming_cost(inputs, outputs, static_cast<double>(outputs[0].shape.elements()));
}

namespace ops {

Value dropout(const Value& x, const Value& rng, double rate, uint64_t stream) {
  Dropout op;
  op.rate = rate;
  op.stream = stream;
  return apply(std::move(op), {x, rng});
}

}  // namespace ops
}  // namespace striate
