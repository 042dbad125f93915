#include "ops/normalization.h"

#include "ops/dropout.h"
#include "ops/softmax.h"

namespace striate {
namespace {

template <class OpType>
OpType with_epsilon(double epsilon) {
  OpType op;
  op.epsilon = epsilon;
  return op;
}

// Rows that sum to 1 and keep clear of the clipping at both ends.
Tensor probabilities(const Shape& shape, uint64_t seed) {
  Tensor p = uniform_sample(shape, seed, 0.2, 1);
  const int64_t n = shape.back();
  for (int64_t row = 0; row < p.elements() / n; ++row) {
    double* values = p.as<double>() + row * n;
    double sum = 0;
    for (int64_t k = 0; k < n; ++k) sum += values[k];
    for (int64_t k = 0; k < n; ++k) values[k] /= sum;
  }
  return p;
}

template <class OpType>
OpType from(bool from_logits) {
  OpType op;
  op.from_logits = from_logits;
  return op;
}

}  // namespace

std::vector<Sample> BatchNormTrain::samples() {
  return {make_sample(with_epsilon<BatchNormTrain>(1e-3),
                      {uniform_sample({2, 3, 2, 3}, 1), uniform_sample({3}, 2), uniform_sample({3}, 3)}, {0, 1, 2}),
          make_sample(with_epsilon<BatchNormTrain>(0.1),
                      {uniform_sample({7, 5}, 4), uniform_sample({5}, 5), uniform_sample({5}, 6)}, {0, 1, 2}),
          make_sample(with_epsilon<BatchNormTrain>(0.1),
                      {uniform_sample({1, 4, 1}, 7), uniform_sample({1}, 8), uniform_sample({1}, 9)}, {0, 1, 2})};
}

std::vector<Sample> BatchNormGradient::samples() {
  return {make_sample(with_epsilon<BatchNormGradient>(1e-2),
                      {uniform_sample({2, 3, 3}, 1), uniform_sample({3}, 2), uniform_sample({3}, 3),
                       uniform_sample({3}, 4, 0.5, 1), uniform_sample({2, 3, 3}, 5)},
                      {})};
}

std::vector<Sample> BatchNormInfer::samples() {
  return {make_sample(with_epsilon<BatchNormInfer>(1e-2),
                      {uniform_sample({2, 3, 5}, 1), uniform_sample({5}, 2), uniform_sample({5}, 3),
                       uniform_sample({5}, 4), uniform_sample({5}, 5, 0.5, 1)},
                      {0, 1, 2, 3, 4}),
          make_sample(with_epsilon<BatchNormInfer>(1e-3),
                      {uniform_sample({3, 1}, 6), uniform_sample({1}, 7), uniform_sample({1}, 8),
                       uniform_sample({1}, 9), uniform_sample({1}, 10, 0.5, 1)},
                      {0, 1, 2, 3, 4})};
}

std::vector<Sample> Dropout::samples() {
  Dropout op;
  op.rate = 0.4;
  op.stream = 0xfedcba9876543210;  // beyond int64, as hashes are
  const Tensor rng = integer_sample({2}, DType::int64, {17, 3});
  Dropout none = op;
  none.rate = 0;
  return {make_sample(op, {uniform_sample({3, 7}, 1), rng}, {0}),
          make_sample(none, {uniform_sample({5}, 2), rng}, {0})};
}

std::vector<Sample> Softmax::samples() {
  return {make_sample(Softmax(), {uniform_sample({3, 5}, 1, -3, 3)}, {0}),
          make_sample(Softmax(), {uniform_sample({2, 3, 17}, 2)}, {0}),
          make_sample(Softmax(), {uniform_sample({4}, 3)}, {0})};
}

std::vector<Sample> SoftmaxGradient::samples() {
  return {make_sample(SoftmaxGradient(), {probabilities({3, 5}, 1), uniform_sample({3, 5}, 2)}, {})};
}

std::vector<Sample> LogSoftmax::samples() {
  return {make_sample(LogSoftmax(), {uniform_sample({3, 5}, 1, -3, 3)}, {0}),
          make_sample(LogSoftmax(), {uniform_sample({2, 1, 17}, 2)}, {0})};
}

std::vector<Sample> CrossEntropy::samples() {
  const Tensor classes = integer_sample({3}, DType::int32, {4, 0, 2});
  return {make_sample(from<CrossEntropy>(true), {uniform_sample({3, 5}, 1, -3, 3), classes}, {0}),
          make_sample(from<CrossEntropy>(true), {uniform_sample({3, 5}, 2, -3, 3), probabilities({3, 5}, 3)}, {0, 1}),
          make_sample(from<CrossEntropy>(false), {uniform_sample({3, 5}, 4, 0.2, 1), classes}, {0}),
          make_sample(from<CrossEntropy>(false), {uniform_sample({2, 2, 7}, 5, 0.2, 1), probabilities({2, 2, 7}, 6)},
                      {0, 1})};
}

std::vector<Sample> CrossEntropyGradient::samples() {
  const Tensor classes = integer_sample({3}, DType::int32, {4, 0, 2});
  return {
      make_sample(from<CrossEntropyGradient>(true), {uniform_sample({3, 5}, 1), classes, uniform_sample({3}, 2)}, {}),
      make_sample(from<CrossEntropyGradient>(false),
                  {probabilities({3, 5}, 3), probabilities({3, 5}, 4), uniform_sample({3}, 5)}, {})};
}

}  // namespace striate
