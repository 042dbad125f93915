#include "ops/cast.h"

#include "graph/node.h"
#include "kernels/cast.h"
#include "ops/lowering.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

ElementType element_type(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return ElementType::float32;
    case DType::float64:
      return ElementType::float64;
    case DType::int32:
      return ElementType::int32;
    case DType::int64:
      return ElementType::int64;
    case DType::uint8:
      return ElementType::uint8;
  }
  return ElementType::float32;
}

}  // namespace

void Cast::attributes(AttributeVisitor& visit) { visit_dtype(visit, dtype); }

std::vector<ValueType> Cast::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {{dtype, inputs[0].shape}};
}

std::vector<Value> Cast::gradient(const GradientArgs& args) const {
  const DType from = args.inputs[0].dtype();
  if (!is_floating(from) || !is_floating(dtype)) return {Value()};
  return {ops::cast(args.output_gradients[0], from)};
}

void Cast::lower(Lowering& lowering) const {
  const ValueType& x = lowering.input_type(0);
  if (x.dtype == dtype) return lowering.alias(0, 0);
  if (x.shape.elements() == 0) return;
  const CastShape shape{element_type(x.dtype), element_type(dtype), x.shape.elements()};
  lowering.call(Family::cast, CastFunction::cast, shape, {lowering.input(0)}, {lowering.output(0)});
}

std::vector<ValueType> Increment::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  STRIATE_CHECK(inputs[0].dtype == DType::int64, type, kName, "x is ", dtype_name(inputs[0].dtype),
                ". Expected int64, a counter. Use add for other types.");
  return {inputs[0]};
}

void Increment::lower(Lowering& lowering) const {
  const int64_t n = lowering.output_type(0).shape.elements();
  if (n == 0) return;
  lowering
      .call(Family::cast, CastFunction::increment, IncrementShape{n, amount}, {lowering.input(0)}, {lowering.output(0)})
      .in_place = {{0, 0}};
}

std::vector<ValueType> StopGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 1);
  return {inputs[0]};
}

void StopGradient::lower(Lowering& lowering) const { lowering.alias(0, 0); }

namespace ops {

Value cast(const Value& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Cast op;
  op.dtype = dtype;
  return apply(std::move(op), {x});
}

Value increment(const Value& x, int64_t amount) {
  Increment op;
  op.amount = amount;
  return apply(std::move(op), {x});
}

Value stop_gradient(const Value& x) { return apply(StopGradient(), {x}); }

}  // namespace ops
}  // namespace striate
