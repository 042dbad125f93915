// Gradients of every op that ops.inc lists against central differences in double, on the op's own samples.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "graph/node.h"
#include "ops/families.h"
#include "striate/function.h"
#include "striate/ops.h"

using namespace striate;

namespace {

constexpr double kStep = 1e-5;        // truncation h^2 f'''/6 and rounding eps f/h are both about 1e-10
constexpr double kTolerance = 1e-6;   // relative to the largest element of a gradient
constexpr double kSmallScale = 1e-2;  // gradients below this are compared absolutely, to 1e-8

struct Traced {
  std::vector<Value> inputs;
  Value loss;  // a weighted sum of all floating outputs
};

// The sum of values times fixed weights, so that no element's error cancels another's.
Value weighted_sum(const std::vector<Value>& values, uint64_t seed) {
  Value total;
  for (const Value& value : values) {
    if (!is_floating(value.dtype())) continue;
    const Value weights = constant(uniform_sample(value.shape(), seed++, 0.5, 1.5).cast(value.dtype()));
    const Value part = ops::sum(ops::multiply(value, weights));
    total = total ? ops::add(total, part) : part;
  }
  return total;
}

Traced trace(const Sample& sample) {
  Traced traced;
  for (const Tensor& tensor : sample.inputs) {
    const std::string name = "x" + std::to_string(traced.inputs.size());
    traced.inputs.push_back(input(name, tensor.dtype(), tensor.shape()));
  }
  const auto node = make_node(sample.op, traced.inputs);
  std::vector<Value> outputs;
  for (size_t i = 0; i < node->types.size(); ++i) outputs.emplace_back(node, static_cast<int>(i));
  traced.loss = weighted_sum(outputs, 7);
  return traced;
}

std::vector<Value> checked_inputs(const Traced& traced, const Sample& sample) {
  std::vector<Value> wrt;
  for (int i : sample.differentiable) wrt.push_back(traced.inputs[i]);
  return wrt;
}

// The largest relative error over all checked inputs of d(loss)/d(input).
double gradient_error(const Traced& traced, const Sample& sample) {
  const std::vector<Value> wrt = checked_inputs(traced, sample);
  const std::vector<Tensor> analytic =
      Function("gradients", traced.inputs, gradients(traced.loss, wrt)).run(sample.inputs);
  const Function loss("loss", traced.inputs, {traced.loss});
  double worst = 0;
  for (size_t k = 0; k < wrt.size(); ++k) {
    std::vector<Tensor> inputs = sample.inputs;
    Tensor& x = inputs[sample.differentiable[k]];
    x = x.copy();
    double scale = kSmallScale, error = 0;
    for (int64_t i = 0; i < x.elements(); ++i) {
      const double centre = x.as<double>()[i];
      x.as<double>()[i] = centre + kStep;
      const double above = loss.run(inputs)[0].item();
      x.as<double>()[i] = centre - kStep;
      const double below = loss.run(inputs)[0].item();
      x.as<double>()[i] = centre;
      const double numeric = (above - below) / (2 * kStep), exact = analytic[k].as<double>()[i];
      scale = std::max({scale, std::abs(numeric), std::abs(exact)});
      // A NaN must not pass, whatever it is compared with.
      error = std::isfinite(numeric) && std::isfinite(exact) ? std::max(error, std::abs(numeric - exact)) : 1e300;
      if (error == 1e300) return error;
    }
    worst = std::max(worst, error / scale);
  }
  return worst;
}

template <class OpType>
constexpr bool is_differentiable() {
  if constexpr (requires { OpType::kDifferentiable; }) return OpType::kDifferentiable;
  return true;
}

template <class OpType>
constexpr bool is_twice_differentiable() {
  if constexpr (requires { OpType::kTwiceDifferentiable; }) return OpType::kTwiceDifferentiable;
  return is_differentiable<OpType>();
}

bool has_checked_inputs(const std::vector<Sample>& samples) {
  return std::any_of(samples.begin(), samples.end(),
                     [](const Sample& sample) { return !sample.differentiable.empty(); });
}

template <class OpType>
void check_gradients() {
  const std::vector<Sample> samples = OpType::samples();
  REQUIRE_MESSAGE(!samples.empty(), "an op without samples is an op without tests");
  CHECK(has_checked_inputs(samples) == is_differentiable<OpType>());
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].differentiable.empty()) continue;
    CAPTURE(i);
    CAPTURE(attributes_text(*samples[i].op));
    CHECK(gradient_error(trace(samples[i]), samples[i]) < kTolerance);
  }
}

// The loss of the second check is a weighted sum of the first gradients.
template <class OpType>
void check_second_gradients() {
  const std::vector<Sample> samples = OpType::samples();
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].differentiable.empty()) continue;
    CAPTURE(i);
    CAPTURE(attributes_text(*samples[i].op));
    Traced traced = trace(samples[i]);
    traced.loss = weighted_sum(gradients(traced.loss, checked_inputs(traced, samples[i])), 77);
    CHECK(gradient_error(traced, samples[i]) < kTolerance);
  }
}

// Ops whose gradient is one fused kernel say so when it is differentiated again.
template <class OpType>
void check_refuses_second_gradients() {
  const Sample sample = OpType::samples()[0];
  const Traced traced = trace(sample);
  const std::vector<Value> wrt = checked_inputs(traced, sample);
  const Value again = weighted_sum(gradients(traced.loss, wrt), 77);
  CHECK_THROWS_WITH_AS(gradients(again, wrt), doctest::Contains("is not twice differentiable"), Error);
}

}  // namespace

TEST_CASE("the gradient of every op agrees with central differences"){
#define STRIATE_OP(Type) \
  SUBCASE(std::string(Type::kName).c_str()) { check_gradients<Type>(); }
#include "ops/ops.inc"
#undef STRIATE_OP
}

TEST_CASE("second derivatives agree with central differences, or are refused"){
#define STRIATE_OP(Type)                           \
  SUBCASE(std::string(Type::kName).c_str()) {      \
    if constexpr (is_twice_differentiable<Type>()) \
      check_second_gradients<Type>();              \
    else if constexpr (is_differentiable<Type>())  \
      check_refuses_second_gradients<Type>();      \
  }
#include "ops/ops.inc"
#undef STRIATE_OP
}

TEST_CASE("gradients flow into the statistics of batch normalization") {
  const Value x = input("x", DType::float64, {3, 2, 2}), gamma = input("gamma", DType::float64, {2}),
              beta = input("beta", DType::float64, {2});
  const ops::BatchNormResult result = ops::batch_norm_train(x, gamma, beta);
  const Sample sample{nullptr, {uniform_sample({3, 2, 2}, 1), uniform_sample({2}, 2), uniform_sample({2}, 3)}, {0}};
  CHECK(gradient_error({{x, gamma, beta}, weighted_sum({result.mean, result.variance}, 5)}, sample) < kTolerance);
}

TEST_CASE("equal operands of maximum share the gradient, ties of max share it too") {
  const Value a = constant(Tensor::full(DType::float64, {3}, 2)), b = constant(Tensor::full(DType::float64, {}, 2));
  const auto shares = evaluate(gradients(ops::sum(ops::maximum(a, b)), {a, b}));
  for (int i = 0; i < 3; ++i) CHECK(shares[0].as<double>()[i] == 0.5);
  CHECK(shares[1].item() == 1.5);
  const auto ties = evaluate(gradients(ops::max(a), {a}));
  for (int i = 0; i < 3; ++i) CHECK(ties[0].as<double>()[i] == doctest::Approx(1.0 / 3));
}

TEST_CASE("a cast between floating types passes gradients on in the type of its input") {
  const Value x = constant(Tensor::full(DType::float64, {3}, 0.25));
  const auto gradient = evaluate(gradients(ops::sum(ops::square(ops::cast(x, DType::float32))), {x}))[0];
  CHECK(gradient.dtype() == DType::float64);
  CHECK(gradient.as<double>()[2] == 0.5);
}

TEST_CASE("no gradient flows through stop_gradient, comparisons or integers") {
  const Value x = constant(Tensor::full(DType::float64, {2}, 3));
  for (const Value& y : {ops::stop_gradient(x), ops::greater(x, ops::stop_gradient(x)), ops::sign(x),
                         ops::cast(ops::argmax(x), DType::float64)})
    for (int i : {0, 1}) CHECK(evaluate(gradients(ops::sum(y), {x}))[0].as<double>()[i] == 0);
}
