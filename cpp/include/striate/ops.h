// Builders of graph nodes. All data is channels-last: (n, spatial..., c); kernels (spatial..., c_in / groups, c_out).
// Each checks its arguments and infers its result through unknown sizes; what does not fit is an Error that names the
// op and the layer, shows the values and says how to fix it. Names are the same for 1, 2 and 3 spatial axes.
#pragma once

#include <string>
#include <vector>

#include "striate/export.h"
#include "striate/graph.h"

namespace striate::ops {

// "valid": none. "same": output = ceil(n / stride), the odd pixel after (TensorFlow's rule). "explicit": lo and hi,
// one per spatial axis.
struct Padding {
  std::string mode = "valid";
  std::vector<int64_t> lo, hi;
};

// Empty vectors mean 1 on every axis.
struct ConvOptions {
  std::vector<int64_t> strides, dilations;
  Padding padding;
  int64_t groups = 1;   // other values come later and raise
  bool strict = false;  // a stride that does not fit is an Error(shape)
};

// Empty strides mean the window.
struct PoolOptions {
  std::vector<int64_t> window, strides;
  Padding padding;
  bool ceil_mode = false;          // keep partial windows that start inside the input or its leading padding
  bool count_include_pad = false;  // average: divide by the whole window
  bool strict = false;
};

// --- elementwise; operands broadcast as in NumPy, types must agree ---------------------------------------------
STRIATE_API Value add(const Value& a, const Value& b);
STRIATE_API Value subtract(const Value& a, const Value& b);
STRIATE_API Value multiply(const Value& a, const Value& b);
STRIATE_API Value divide(const Value& a, const Value& b);
STRIATE_API Value maximum(const Value& a,
                          const Value& b);  // gradient: to a where a > b, to b where b > a, halves when equal
STRIATE_API Value minimum(const Value& a, const Value& b);
// 0 or 1 in the operands' type; no gradient flows.
STRIATE_API Value equal(const Value& a, const Value& b);
STRIATE_API Value not_equal(const Value& a, const Value& b);
STRIATE_API Value less(const Value& a, const Value& b);
STRIATE_API Value less_equal(const Value& a, const Value& b);
STRIATE_API Value greater(const Value& a, const Value& b);
STRIATE_API Value greater_equal(const Value& a, const Value& b);
STRIATE_API Value where(const Value& condition, const Value& a, const Value& b);  // condition != 0 ? a : b
STRIATE_API Value negate(const Value& x);
STRIATE_API Value exp(const Value& x);
STRIATE_API Value log(const Value& x);
STRIATE_API Value sqrt(const Value& x);
STRIATE_API Value square(const Value& x);
STRIATE_API Value abs(const Value& x);
STRIATE_API Value reciprocal(const Value& x);
STRIATE_API Value sign(const Value& x);
STRIATE_API Value relu(const Value& x);
STRIATE_API Value sigmoid(const Value& x);
STRIATE_API Value tanh(const Value& x);

// --- types, sizes, layout --------------------------------------------------------------------------------------
STRIATE_API Value cast(const Value& x, DType dtype);
STRIATE_API Value increment(const Value& x, int64_t amount = 1);  // int64
STRIATE_API Value stop_gradient(const Value& x);
// `shape` may hold one -1 (what is left) and 0 (the size x has on that axis).
STRIATE_API Value reshape(const Value& x, const std::vector<int64_t>& shape);
STRIATE_API Value reshape_like(const Value& x, const Value& like);
STRIATE_API Value transpose(const Value& x, const std::vector<int64_t>& axes);
STRIATE_API Value concatenate(const std::vector<Value>& values, int64_t axis);
// Constant padding with `value`, or mode "replicate" / "reflect"; lo and hi one per axis of x.
STRIATE_API Value pad(const Value& x, const std::vector<int64_t>& lo, const std::vector<int64_t>& hi,
                      const std::string& mode = "constant", double value = 0);
STRIATE_API Value crop(const Value& x, const std::vector<int64_t>& lo, const std::vector<int64_t>& hi);
STRIATE_API Value broadcast_like(const Value& x, const Value& like);
STRIATE_API Value sum_to_like(const Value& x, const Value& like);  // the adjoint of broadcasting
STRIATE_API Value size_of(const Value& x, int64_t axis,
                          DType dtype = DType::float32);                     // a scalar; axis -1 counts from the end
STRIATE_API Value count_like(const Value& x, DType dtype = DType::float32);  // the number of elements, a scalar
STRIATE_API Value zeros_like(const Value& x);
STRIATE_API Value ones_like(const Value& x);

// --- reductions; no axes means all -----------------------------------------------------------------------------
STRIATE_API Value sum(const Value& x, const std::vector<int64_t>& axes = {}, bool keepdims = false);
STRIATE_API Value mean(const Value& x, const std::vector<int64_t>& axes = {}, bool keepdims = false);
STRIATE_API Value max(const Value& x, const std::vector<int64_t>& axes = {}, bool keepdims = false);
STRIATE_API Value min(const Value& x, const std::vector<int64_t>& axes = {}, bool keepdims = false);
STRIATE_API Value argmax(const Value& x, int64_t axis = -1);  // int64, the first maximum; no gradient flows

// --- products, convolution, pooling ----------------------------------------------------------------------------
// Operands are seen as matrices, all axes but the last merged; the result keeps a's leading axes (unless transpose_a).
STRIATE_API Value matmul(const Value& a, const Value& b, bool transpose_a = false, bool transpose_b = false);
STRIATE_API Value conv(const Value& x, const Value& kernel, const ConvOptions& options = {});
// d(sum of conv(x, kernel) * gy)/dx and /dkernel; x_like and kernel_like give shapes alone.
STRIATE_API Value conv_input_gradient(const Value& gy, const Value& kernel, const Value& x_like,
                                      const ConvOptions& options = {});
STRIATE_API Value conv_kernel_gradient(const Value& x, const Value& gy, const Value& kernel_like,
                                       const ConvOptions& options = {});
// The convolution the other way round: its input gradient at x, with a kernel (spatial..., c_out, c_in). A size n
// becomes n * stride with padding "same", n * stride + max(kernel - stride, 0) with "valid"; output_padding, below the
// strides, says how many cells come at the end beyond those a kernel reaches (see ops/conv_transpose.h).
STRIATE_API Value conv_transpose(const Value& x, const Value& kernel, const ConvOptions& options = {},
                                 const std::vector<int64_t>& output_padding = {});
STRIATE_API Value max_pool(const Value& x, const PoolOptions& options);
STRIATE_API Value avg_pool(const Value& x, const PoolOptions& options);

// --- normalization, regularization, output ---------------------------------------------------------------------
struct BatchNormResult {
  Value y, mean, variance;
};
// Statistics over all axes but the last. gamma, beta, mean, variance: (c). Variance is biased.
STRIATE_API BatchNormResult batch_norm_train(const Value& x, const Value& gamma, const Value& beta,
                                             double epsilon = 1e-3);
STRIATE_API Value batch_norm_infer(const Value& x, const Value& gamma, const Value& beta, const Value& mean,
                                   const Value& variance, double epsilon = 1e-3);
// rng: int64 (2): seed and step. The mask is a function of (rng, stream) alone.
STRIATE_API Value dropout(const Value& x, const Value& rng, double rate, uint64_t stream);
STRIATE_API Value softmax(const Value& x, int64_t axis = -1);
STRIATE_API Value log_softmax(const Value& x, int64_t axis = -1);
// One loss a row, shape x.shape[:-1]. labels: x's shape and type (probabilities), or integers of shape x.shape[:-1] or
// x.shape[:-1] + (1,) (class numbers). Without from_logits x holds probabilities, renormalised and clipped to
// [1e-7, 1 - 1e-7] as Keras does; where x is a softmax's output, compiling makes it the stable form on logits.
STRIATE_API Value cross_entropy(const Value& x, const Value& labels, bool from_logits = false);

// --- optimizer updates: new values, for Updates ----------------------------------------------------------------
STRIATE_API Value sgd_update(const Value& weight, const Value& gradient, const Value& rate);
// {weight, velocity}
STRIATE_API std::vector<Value> momentum_update(const Value& weight, const Value& velocity, const Value& gradient,
                                               const Value& rate, double momentum, bool nesterov = false);
// {weight, m, v}; step: int64 scalar, updates done before this one
STRIATE_API std::vector<Value> adam_update(const Value& weight, const Value& m, const Value& v, const Value& gradient,
                                           const Value& rate, const Value& step, double beta1 = 0.9,
                                           double beta2 = 0.999, double epsilon = 1e-7);

}  // namespace striate::ops
