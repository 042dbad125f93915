// The builders of striate/ops.h, as the submodule _core.ops.
#include "striate/ops.h"

#include "bindings.h"
#include "tensor_arrays.h"

using namespace striate;
using namespace py::literals;

namespace {

using Sizes = std::vector<int64_t>;

ops::ConvOptions conv_options(Sizes strides, Sizes dilations, ops::Padding padding, int64_t groups, bool strict) {
  return {std::move(strides), std::move(dilations), std::move(padding), groups, strict};
}

ops::PoolOptions pool_options(Sizes window, Sizes strides, ops::Padding padding, bool ceil_mode, bool count_include_pad,
                              bool strict) {
  return {std::move(window), std::move(strides), std::move(padding), ceil_mode, count_include_pad, strict};
}

void bind_elementwise(py::module_& m) {
  m.def("add", &ops::add, "a"_a, "b"_a, "a + b.");
  m.def("subtract", &ops::subtract, "a"_a, "b"_a, "a - b.");
  m.def("multiply", &ops::multiply, "a"_a, "b"_a, "a * b.");
  m.def("divide", &ops::divide, "a"_a, "b"_a, "a / b.");
  m.def("maximum", &ops::maximum, "a"_a, "b"_a, "The larger of a and b.");
  m.def("minimum", &ops::minimum, "a"_a, "b"_a, "The smaller of a and b.");
  m.def("equal", &ops::equal, "a"_a, "b"_a, "1 where a == b.");
  m.def("not_equal", &ops::not_equal, "a"_a, "b"_a, "1 where a != b.");
  m.def("less", &ops::less, "a"_a, "b"_a, "1 where a < b.");
  m.def("less_equal", &ops::less_equal, "a"_a, "b"_a, "1 where a <= b.");
  m.def("greater", &ops::greater, "a"_a, "b"_a, "1 where a > b.");
  m.def("greater_equal", &ops::greater_equal, "a"_a, "b"_a, "1 where a >= b.");
  m.def("where", &ops::where, "condition"_a, "a"_a, "b"_a, "a where condition is not 0, else b.");
  m.def("negate", &ops::negate, "x"_a, "-x.");
  m.def("exp", &ops::exp, "x"_a, "e to the power of x.");
  m.def("log", &ops::log, "x"_a, "The natural logarithm.");
  m.def("sqrt", &ops::sqrt, "x"_a, "The square root.");
  m.def("square", &ops::square, "x"_a, "x * x.");
  m.def("abs", &ops::abs, "x"_a, "The absolute value.");
  m.def("reciprocal", &ops::reciprocal, "x"_a, "1 / x.");
  m.def("sign", &ops::sign, "x"_a, "-1, 0 or 1.");
  m.def("relu", &ops::relu, "x"_a, "max(x, 0).");
  m.def("sigmoid", &ops::sigmoid, "x"_a, "1 / (1 + exp(-x)).");
  m.def("tanh", &ops::tanh, "x"_a, "The hyperbolic tangent.");
}

void bind_shapes(py::module_& m) {
  m.def("cast", &ops::cast, "x"_a, "dtype"_a, "x in another element type.");
  m.def("increment", &ops::increment, "x"_a, "amount"_a = 1, "x + amount, for counters.");
  m.def("stop_gradient", &ops::stop_gradient, "x"_a, "x, through which no gradient flows.");
  m.def("reshape", &ops::reshape, "x"_a, "shape"_a, "Other sizes; -1: what is left, 0: as x has it there.");
  m.def("reshape_like", &ops::reshape_like, "x"_a, "like"_a, "The sizes of another value.");
  m.def("transpose", &ops::transpose, "x"_a, "axes"_a, "Axes in another order.");
  m.def("concatenate", &ops::concatenate, "values"_a, "axis"_a, "Values one behind the other.");
  m.def("pad", &ops::pad, "x"_a, "lo"_a, "hi"_a, "mode"_a = "constant", "value"_a = 0.0, "Margins around.");
  m.def("crop", &ops::crop, "x"_a, "lo"_a, "hi"_a, "Margins off.");
  m.def("broadcast_like", &ops::broadcast_like, "x"_a, "like"_a, "x repeated to another value's shape.");
  m.def("sum_to_like", &ops::sum_to_like, "x"_a, "like"_a, "The adjoint of broadcasting.");
  m.def("size_of", &ops::size_of, "x"_a, "axis"_a, "dtype"_a = DType::float32, "The size of an axis, a scalar.");
  m.def("count_like", &ops::count_like, "x"_a, "dtype"_a = DType::float32, "The number of elements, a scalar.");
  m.def("zeros_like", &ops::zeros_like, "x"_a, "Zeros of x's shape.");
  m.def("ones_like", &ops::ones_like, "x"_a, "Ones of x's shape.");
}

void bind_reductions(py::module_& m) {
  m.def("sum", &ops::sum, "x"_a, "axes"_a = Sizes(), "keepdims"_a = false, "The sum over axes, or all.");
  m.def("mean", &ops::mean, "x"_a, "axes"_a = Sizes(), "keepdims"_a = false, "The mean over axes, or all.");
  m.def("max", &ops::max, "x"_a, "axes"_a = Sizes(), "keepdims"_a = false, "The maximum over axes, or all.");
  m.def("min", &ops::min, "x"_a, "axes"_a = Sizes(), "keepdims"_a = false, "The minimum over axes, or all.");
  m.def("argmax", &ops::argmax, "x"_a, "axis"_a = -1, "Where the first maximum is.");
}

void bind_products(py::module_& m) {
  m.def("matmul", &ops::matmul, "a"_a, "b"_a, "transpose_a"_a = false, "transpose_b"_a = false, "The matrix product.");
  const Sizes one;
  const ops::Padding valid;
  m.def(
      "conv",
      [](const Value& x, const Value& kernel, Sizes strides, Sizes dilations, ops::Padding padding, int64_t groups,
         bool strict) {
        return ops::conv(x, kernel,
                         conv_options(std::move(strides), std::move(dilations), std::move(padding), groups, strict));
      },
      "x"_a, "kernel"_a, "strides"_a = one, "dilations"_a = one, py::arg_v("padding", "valid"), "groups"_a = 1,
      "strict"_a = false, "Convolution over the spatial axes.");
  m.def(
      "conv_transpose",
      [](const Value& x, const Value& kernel, Sizes strides, Sizes dilations, ops::Padding padding,
         const Sizes& output_padding) {
        return ops::conv_transpose(x, kernel,
                                   conv_options(std::move(strides), std::move(dilations), std::move(padding), 1, false),
                                   output_padding);
      },
      "x"_a, "kernel"_a, "strides"_a = one, "dilations"_a = one, py::arg_v("padding", "valid"),
      "output_padding"_a = Sizes(), "Convolution the other way round.");
  m.def(
      "max_pool",
      [](const Value& x, Sizes window, Sizes strides, ops::Padding padding, bool ceil_mode, bool strict) {
        return ops::max_pool(
            x, pool_options(std::move(window), std::move(strides), std::move(padding), ceil_mode, false, strict));
      },
      "x"_a, "window"_a, "strides"_a = Sizes(), py::arg_v("padding", "valid"), "ceil_mode"_a = false,
      "strict"_a = false, "The maximum of each window.");
  m.def(
      "avg_pool",
      [](const Value& x, Sizes window, Sizes strides, ops::Padding padding, bool ceil_mode, bool count_include_pad,
         bool strict) {
        return ops::avg_pool(x, pool_options(std::move(window), std::move(strides), std::move(padding), ceil_mode,
                                             count_include_pad, strict));
      },
      "x"_a, "window"_a, "strides"_a = Sizes(), py::arg_v("padding", "valid"), "ceil_mode"_a = false,
      "count_include_pad"_a = false, "strict"_a = false, "The mean of each window.");
}

void bind_training(py::module_& m) {
  m.def(
      "batch_norm_train",
      [](const Value& x, const Value& gamma, const Value& beta, double epsilon) {
        const ops::BatchNormResult result = ops::batch_norm_train(x, gamma, beta, epsilon);
        return py::make_tuple(result.y, result.mean, result.variance);
      },
      "x"_a, "gamma"_a, "beta"_a, "epsilon"_a = 1e-3, "(y, mean, biased variance) by the batch's statistics.");
  m.def("batch_norm_infer", &ops::batch_norm_infer, "x"_a, "gamma"_a, "beta"_a, "mean"_a, "variance"_a,
        "epsilon"_a = 1e-3, "Batch normalization by given statistics.");
  m.def("dropout", &ops::dropout, "x"_a, "rng"_a, "rate"_a, "stream"_a, "Zeros at random, the rest scaled up.");
  m.def("softmax", &ops::softmax, "x"_a, "axis"_a = -1, "exp(x) / sum(exp(x)).");
  m.def("log_softmax", &ops::log_softmax, "x"_a, "axis"_a = -1, "log(softmax(x)).");
  m.def("cross_entropy", &ops::cross_entropy, "x"_a, "labels"_a, "from_logits"_a = false, "One loss a row.");
  m.def("sgd_update", &ops::sgd_update, "weight"_a, "gradient"_a, "rate"_a, "The new weight.");
  m.def("momentum_update", &ops::momentum_update, "weight"_a, "velocity"_a, "gradient"_a, "rate"_a, "momentum"_a,
        "nesterov"_a = false, "[new weight, new velocity].");
  m.def("adam_update", &ops::adam_update, "weight"_a, "m"_a, "v"_a, "gradient"_a, "rate"_a, "step"_a, "beta1"_a = 0.9,
        "beta2"_a = 0.999, "epsilon"_a = 1e-7, "[new weight, new m, new v].");
}

}  // namespace

void bind_ops(py::module_& module) {
  py::module_ m = module.def_submodule("ops", "Builders of graph nodes.");
  bind_elementwise(m);
  bind_shapes(m);
  bind_reductions(m);
  bind_products(m);
  bind_training(m);
}
