// A net with a convolution, batch norm, dropout and a dense layer, on made-up images of 6x5.
#pragma once

#include "striate/striate.h"

namespace striate::test {

struct Data {
  Tensor x, labels;
};

inline Data small_data(int64_t samples) {
  Data data{random_uniform({samples, 6, 5, 1}, 3, 1, 0, 1), Tensor(DType::int64, {samples})};
  for (int64_t i = 0; i < samples; ++i) data.labels.as<int64_t>()[i] = i * i % 3;
  return data;
}

inline Model small_model(uint64_t seed = 5, const Optimizer& optimizer = Adam{.learning_rate = 0.01}) {
  const Value x = input("x", DType::float32, {kUnknown, 6, 5, 1}), labels = input("labels", DType::int64, {kUnknown});
  const TrainingState state(seed);
  const auto ones = [](const char* name) { return Variable(name, Tensor::full(DType::float32, {4}, 1)); };
  const auto zeros = [](const char* name, int64_t n) { return Variable(name, Tensor::zeros(DType::float32, {n})); };
  Variable conv_kernel("conv/kernel", random_uniform({3, 3, 1, 4}, seed, 1, -0.5, 0.5));
  Variable gamma = ones("norm/gamma"), beta = zeros("norm/beta", 4);
  Variable mean = zeros("norm/moving_mean", 4), variance = ones("norm/moving_variance");
  Variable dense_kernel("dense/kernel", random_uniform({4 * 4 * 3, 3}, seed, 2, -0.3, 0.3));
  Variable dense_bias = zeros("dense/bias", 3);

  const auto head = [&](const Value& features) {
    return ops::add(ops::matmul(ops::reshape(features, {0, -1}), dense_kernel.value()), dense_bias.value());
  };
  const Value features = ops::conv(x, conv_kernel.value());
  const auto norm = ops::batch_norm_train(features, gamma.value(), beta.value());
  const Value training = head(ops::dropout(ops::relu(norm.y), state.rng(), 0.25, stream_id("dropout")));
  const Value inference =
      head(ops::relu(ops::batch_norm_infer(features, gamma.value(), beta.value(), mean.value(), variance.value())));
  const auto loss = [&](const Value& logits) { return ops::mean(ops::cross_entropy(logits, labels, true)); };
  const auto accuracy = [&](const Value& logits) {
    return std::vector<Metric>{
        {"accuracy", ops::equal(ops::cast(ops::argmax(logits), DType::float32), ops::cast(labels, DType::float32))}};
  };
  const auto moving = [](const Variable& average, const Value& batch) {
    const Value keep = constant(Tensor::scalar(0.9)), take = constant(Tensor::scalar(0.1));
    return Update{average, ops::add(ops::multiply(average.value(), keep), ops::multiply(batch, take))};
  };

  TrainingGraph graph;
  graph.inputs = {x};
  graph.labels = {labels};
  graph.outputs = {ops::softmax(training)};
  graph.loss = loss(training);
  graph.metrics = accuracy(training);
  graph.trainable = {conv_kernel, gamma, beta, dense_kernel, dense_bias};
  graph.updates = {moving(mean, norm.mean), moving(variance, norm.variance)};
  graph.inference_outputs = {ops::softmax(inference)};
  graph.inference_loss = loss(inference);
  graph.inference_metrics = accuracy(inference);
  return make_model(graph, optimizer, state);
}

}  // namespace striate::test
