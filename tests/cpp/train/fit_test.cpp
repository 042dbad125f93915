#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "io/temporary_folder.h"
#include "support/small_model.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

bool same_variables(const Model& a, const Model& b) {
  bool same = true;
  for (const Variable& variable : a.variables()) {
    const Tensor left = variable.read(), right = b.variable(variable.name()).read();
    const bool equal = std::memcmp(left.data(), right.data(), static_cast<size_t>(left.bytes())) == 0;
    CHECK_MESSAGE(equal, variable.name());
    same &= equal;
  }
  return same;
}

}  // namespace

TEST_CASE("fit: 3 epochs, a file, 2 epochs = 5 epochs, to the bit") {
  TemporaryFolder folder;
  const Data data = small_data(23);  // batches of 7, 7, 7 and 2
  for (const Optimizer& optimizer : {Optimizer(Adam{.learning_rate = 0.01}),
                                     Optimizer(Sgd{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true})}) {
    Model straight = small_model(9, optimizer), first = small_model(9, optimizer);
    straight.fit(data.x, data.labels, {.epochs = 5, .batch_size = 7});
    first.fit(data.x, data.labels, {.epochs = 3, .batch_size = 7});
    first.save(folder.file("half"));
    Model second = Model::load(folder.file("half"));
    const TrainHistory history = second.fit(data.x, data.labels, {.epochs = 2});  // the file knows the batch size
    CHECK(history.epochs[0].epoch == 3);
    CHECK(history.epochs[1].steps == 4);
    CHECK(same_variables(straight, second));
    CHECK(*second.variable("training/epoch").read().as<int64_t>() == 5);
    CHECK(*second.variable("training/step").read().as<int64_t>() == 20);
  }
}

TEST_CASE("fit: the loss falls, metrics are means over samples") {
  const Data data = small_data(20);
  Model model = small_model();
  const TrainHistory history = model.fit(data.x, data.labels, {.epochs = 30, .batch_size = 6});
  CHECK(history.epochs.size() == 30);
  CHECK(history.epochs.back().metrics[0].second < 0.8 * history.epochs.front().metrics[0].second);
  const Metrics by_three = model.evaluate(data.x, data.labels, 3), at_once = model.evaluate(data.x, data.labels, 20);
  CHECK(at_once[0].first == "loss");
  CHECK(at_once[1].first == "accuracy");
  CHECK(by_three[0].second == doctest::Approx(at_once[0].second).epsilon(1e-6));
  CHECK(by_three[1].second == at_once[1].second);
  const Tensor y = model.predict(data.x);
  int64_t right = 0;
  for (int64_t i = 0; i < 20; ++i) {
    const float* row = y.as<float>() + 3 * i;
    right += (std::max_element(row, row + 3) - row) == data.labels.as<int64_t>()[i];
  }
  CHECK(at_once[1].second == doctest::Approx(right / 20.0));
}

TEST_CASE("fit: shuffling is keyed by seed and epoch, and can be left out") {
  const Data data = small_data(12);
  Model a = small_model(1), b = small_model(1), c = small_model(1);
  a.fit(data.x, data.labels, {.epochs = 1, .batch_size = 4});
  b.fit(data.x, data.labels, {.epochs = 1, .batch_size = 4});
  CHECK(same_variables(a, b));
  c.fit(data.x, data.labels, {.epochs = 1, .batch_size = 4, .shuffle = false});
  const Tensor shuffled = a.variable("dense/kernel").read(), ordered = c.variable("dense/kernel").read();
  CHECK(std::memcmp(shuffled.data(), ordered.data(), static_cast<size_t>(ordered.bytes())) != 0);
}

TEST_CASE("fit: a callback ends it") {
  const Data data = small_data(8);
  Model model = small_model();
  int calls = 0;
  FitOptions options;
  options.epochs = 10;
  options.on_epoch_end = [&](const EpochLog& log) { return ++calls, log.epoch < 2; };
  CHECK(model.fit(data.x, data.labels, options).epochs.size() == 3);
  CHECK(calls == 3);
}

TEST_CASE("model: tensors are cast and given their channel axis") {
  const Data data = small_data(5);
  const Model model = small_model();
  Tensor bytes(DType::uint8, {5, 6, 5});
  for (int64_t i = 0; i < bytes.elements(); ++i) bytes.as<uint8_t>()[i] = static_cast<uint8_t>(i % 251);
  const Tensor floats = bytes.cast(DType::float32).reshaped({5, 6, 5, 1});
  CHECK(same_bits(model.predict(bytes), model.predict(floats)));
  CHECK(same_bits(model.predict(floats.cast(DType::float64)), model.predict(floats)));
  CHECK(model.evaluate(data.x, data.labels.cast(DType::uint8).reshaped({5, 1})) == model.evaluate(data.x, data.labels));
  CHECK(model.predict(data.x, 2).shape() == Shape{5, 3});
}

TEST_CASE("model: what cannot work says so") {
  const Data data = small_data(4);
  Model model = small_model();
  const auto throws = [](const char* words, ErrorKind kind, auto run) {
    try {
      run();
      FAIL_CHECK("no error: " << words);
    } catch (const Error& error) {
      CHECK_MESSAGE(std::string(error.what()).find(words) != std::string::npos, error.what());
      CHECK_MESSAGE(error.kind() == kind, error.what());
    }
  };
  throws("expected (None, 6, 5, 1)", ErrorKind::shape, [&] {
    model.predict(Tensor::zeros(DType::float32, {4, 5, 6, 1}));
  });
  throws("different numbers of samples", ErrorKind::value, [&] { model.fit(data.x, data.labels.slice(0, 3)); });
  throws("there is no function 'dream'; there are: predict, evaluate, train_step", ErrorKind::value,
         [&] { model.function("dream"); });
  throws("there is no variable 'x'", ErrorKind::value, [&] { model.variable("x"); });
  throws("epochs=-1", ErrorKind::value, [&] { model.fit(data.x, data.labels, {.epochs = -1}); });
  throws("batch_size=0", ErrorKind::value, [&] { model.predict(data.x, 0); });
  throws("received no samples", ErrorKind::value, [&] { model.fit(data.x.slice(0, 0), data.labels.slice(0, 0)); });
  throws("compile() and train a step", ErrorKind::value, [&] { Model().train_step(data.x, data.labels); });
  Tensor broken = data.x.copy();
  broken.as<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  const Tensor kernel = model.variable("dense/kernel").read();
  throws("the loss is nan at step 0 of epoch 0", ErrorKind::runtime, [&] { model.fit(broken, data.labels); });
  const Tensor after = model.variable("dense/kernel").read();
  CHECK(std::memcmp(after.data(), kernel.data(), static_cast<size_t>(kernel.bytes())) == 0);
  CHECK(*model.variable("training/step").read().as<int64_t>() == 0);
  throws("must be a scalar", ErrorKind::shape, [&] {
    const Variable w("w", Tensor::zeros(DType::float32, {2}));
    minimize(w.value(), {w}, Sgd{}, w);
  });
}

TEST_CASE("model: an output that has no row for each sample is not put together from batches") {
  const Value x = input("x", DType::float32, {kUnknown, 3});
  const Model model = Model::from_functions({Function("predict", {x}, {ops::mean(x), ops::multiply(x, x)})});
  const Tensor given = random_uniform({20, 3}, 1, 1, 0, 1);
  CHECK(model.predict(std::vector<Tensor>{given}, 20)[0].shape() == Shape{});
  CHECK_THROWS_WITH_AS(model.predict(std::vector<Tensor>{given}, 1),
                       doctest::Contains("[predict] an output of shape () a batch has 0 rows for 20 samples"), Error);
}

TEST_CASE("model: figures of one name are refused") {
  const Value x = input("x", DType::float32, {kUnknown, 2});
  TrainingGraph graph;
  graph.inputs = {x};
  graph.outputs = {x};
  graph.loss = ops::mean(x);
  for (const char* name : {"m", "loss"}) {
    graph.metrics = {{"m", ops::mean(x, {1})}, {name, ops::mean(x, {1})}};
    CHECK_THROWS_WITH_AS(make_model(graph, Sgd{}), doctest::Contains("two figures are named"), Error);
  }
}

TEST_CASE("model: metadata that is no object is refused by name") {
  const Data data = small_data(4);
  Model model = small_model();
  model.set_metadata("training", "[]");
  CHECK_THROWS_WITH_AS(model.fit(data.x, data.labels, {.batch_size = 2}), doctest::Contains("metadata 'training'"),
                       Error);
}

TEST_CASE("model: memory is known for every function") {
  const Model model = small_model();
  const MemoryReport one = model.memory("predict", 1), many = model.memory("train_step", 64);
  CHECK(one.variables > 0);
  CHECK(many.total() > one.total());
}
