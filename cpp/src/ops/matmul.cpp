#include "ops/matmul.h"

#include "graph/node.h"
#include "kernels/matmul.h"
#include "ops/lowering.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

struct Matrix {
  int64_t rows, columns;
};

// As stored, then as used.
Matrix matrix_of(const Shape& shape, bool transpose) {
  const Matrix stored{shape.product(0, shape.rank() - 1), shape.back()};
  return transpose ? Matrix{stored.columns, stored.rows} : stored;
}

}  // namespace

std::vector<ValueType> Matmul::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2, 5);
  check_same_dtype(kName, "a", inputs[0], "b", inputs[1]);
  check_floating(kName, "a", inputs[0]);
  const Shape &a_shape = inputs[0].shape, &b_shape = inputs[1].shape;
  for (const Shape* shape : {&a_shape, &b_shape})
    STRIATE_CHECK(shape->rank() >= 2, shape, kName, shape == &a_shape ? "a" : "b", ".shape=", shape->text(), " has ",
                  shape->rank(), " axes. Expected at least 2. Reshape it to a matrix.");
  const Matrix a = matrix_of(a_shape, transpose_a), b = matrix_of(b_shape, transpose_b);
  STRIATE_CHECK(a.columns == b.rows || a.columns == kUnknown || b.rows == kUnknown, shape, kName,
                "a.shape=", a_shape.text(), transpose_a ? " (transposed)" : "", " has ", a.columns,
                " columns but b.shape=", b_shape.text(), transpose_b ? " (transposed)" : "", " has ", b.rows,
                " rows. Expected the same number.");
  const ValueType y{inputs[0].dtype,
                    transpose_a ? Shape{a.rows, b.columns} : a_shape.with(a_shape.rank() - 1, b.columns)};
  fused.check(kName, inputs, 2, y);
  return {y};
}

// With A and B as used, Y = A B, so gA = gY B' and gB = A' gY; where an operand is stored transposed, its gradient is
// the transpose of that, which again is one product.
std::vector<Value> Matmul::gradient(const GradientArgs& args) const {
  fused.check_unfused(kName);
  const Value &a = args.inputs[0], &b = args.inputs[1], &g = args.output_gradients[0];
  const auto shaped_like = [](const Value& gradient, const Value& operand) {
    const bool is_matrix = gradient.rank() == 2 && operand.rank() == 2;
    return is_matrix ? gradient : ops::reshape_like(gradient, operand);
  };
  std::vector<Value> result(2);
  if (args.needed[0])
    result[0] =
        shaped_like(transpose_a ? ops::matmul(b, g, transpose_b, true) : ops::matmul(g, b, false, !transpose_b), a);
  if (args.needed[1])
    result[1] =
        shaped_like(transpose_b ? ops::matmul(g, a, true, transpose_a) : ops::matmul(a, g, !transpose_a, false), b);
  return result;
}

void Matmul::lower(Lowering& lowering) const {
  const Matrix a = matrix_of(lowering.input_type(0).shape, transpose_a);
  const Matrix b = matrix_of(lowering.input_type(1).shape, transpose_b);
  if (a.rows == 0 || b.columns == 0) return;
  MatmulShape shape{};
  shape.m = a.rows;
  shape.n = b.columns;
  shape.k = a.columns;
  shape.transpose_a = transpose_a;
  shape.transpose_b = transpose_b;
  shape.epilogue = fused.epilogue(kName);
  fused.call(lowering, Family::matmul, MatmulFunction::product, shape, 2);
}

Cost Matmul::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  const int64_t k = matrix_of(inputs[0].shape, transpose_a).columns;
  return streaming_cost(inputs, outputs, 2.0 * static_cast<double>(outputs[0].shape.elements() * k));
}

namespace ops {

Value matmul(const Value& a, const Value& b, bool transpose_a, bool transpose_b) {
  Matmul op;
  op.transpose_a = transpose_a;
  op.transpose_b = transpose_b;
  return apply(std::move(op), {a, b});
}

}  // namespace ops
}  // namespace striate
