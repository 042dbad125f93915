// A net built in C++ from ops alone, trained on two interleaved spirals, saved, loaded again.
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include <striate/striate.h>

using namespace striate;

namespace {

constexpr int64_t kPointsPerArm = 200;

// Points of arm c lie at angle 4r + pi c, for radius r in (0, 1).
void make_spirals(Tensor& x, Tensor& classes) {
  x = Tensor(DType::float32, {2 * kPointsPerArm, 2});
  classes = Tensor(DType::int64, {2 * kPointsPerArm});
  for (int64_t i = 0; i < 2 * kPointsPerArm; ++i) {
    const int64_t arm = i % 2;
    const double r = (static_cast<double>(i / 2) + 0.5) / kPointsPerArm, angle = 4 * r + 3.14159265358979 * arm;
    x.as<float>()[2 * i] = static_cast<float>(r * std::cos(angle));
    x.as<float>()[2 * i + 1] = static_cast<float>(r * std::sin(angle));
    classes.as<int64_t>()[i] = arm;
  }
}

// A dense layer's variables; He's initialisation.
struct Dense {
  Dense(const std::string& name, int64_t in, int64_t out, uint64_t seed)
      : kernel(name + "/kernel", random_normal({in, out}, seed, stream_id(name), 0, std::sqrt(2.0 / in))),
        bias(name + "/bias", Tensor::zeros(DType::float32, {out})) {}
  Value operator()(const Value& x) const { return ops::add(ops::matmul(x, kernel.value()), bias.value()); }
  Variable kernel, bias;
};

void run() {
  Tensor data, classes;
  make_spirals(data, classes);

  const Value x = input("x", DType::float32, {kUnknown, 2}), labels = input("labels", DType::int64, {kUnknown});
  const Dense hidden1("hidden1", 2, 32, 1), hidden2("hidden2", 32, 32, 1), output("output", 32, 2, 1);
  const Value logits = output(ops::relu(hidden2(ops::relu(hidden1(x)))));
  const Value correct = ops::equal(ops::cast(ops::argmax(logits), DType::float32), ops::cast(labels, DType::float32));

  TrainingGraph graph;
  graph.inputs = {x};
  graph.outputs = {ops::softmax(logits)};
  graph.labels = {labels};
  graph.loss = ops::mean(ops::cross_entropy(logits, labels, /*from_logits=*/true));
  graph.metrics = {{"accuracy", correct}};
  graph.trainable = {hidden1.kernel, hidden1.bias, hidden2.kernel, hidden2.bias, output.kernel, output.bias};
  Model model = make_model(graph, Adam{.learning_rate = 0.01}, TrainingState(42));

  FitOptions options;
  options.epochs = 60;
  options.batch_size = 32;
  options.on_epoch_end = [](const EpochLog& log) {
    if (log.epoch % 10 == 9)
      std::printf("epoch %2lld: loss %.4f accuracy %.4f\n", static_cast<long long>(log.epoch + 1),
                  log.metrics[0].second, log.metrics[1].second);
    return true;
  };
  model.fit(data, classes, options);
  const Metrics trained = model.evaluate(data, classes);
  std::printf("accuracy %.4f\n", trained[1].second);

  model.save("spirals.striate");
  const Metrics loaded = Model::load("spirals.striate").evaluate(data, classes);
  std::printf("loaded again: %s\n", loaded == trained ? "the same" : "different");
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_spirals: %s\n", error.what());
    return 1;
  }
}
