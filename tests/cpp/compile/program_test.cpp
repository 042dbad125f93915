// Functions end to end: compile, run, update, share memory.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <thread>

#include "striate/device.h"
#include "striate/error.h"
#include "striate/function.h"
#include "striate/ops.h"
#include "striate/random.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

// A two-layer perceptron with momentum; the loss falls when it is trained.
struct Perceptron {
  Variable w1{"w1", random({5, 17}, 1)}, b1{"b1", Tensor::zeros(DType::float32, {17})};
  Variable w2{"w2", random({17, 3}, 2)}, b2{"b2", Tensor::zeros(DType::float32, {3})};
  Variable v{"v", Tensor::zeros(DType::float32, {5, 17})};
  Variable rate{"rate", Tensor::scalar(0.1)};
  Value x = input("x", DType::float32, {kUnknown, 5});
  Value y = input("y", DType::int64, {kUnknown});
  Workspace workspace;

  Value logits() const {
    const Value hidden = ops::relu(ops::add(ops::matmul(x, w1.value()), b1.value()));
    return ops::add(ops::matmul(hidden, w2.value()), b2.value());
  }
  Function predict() const { return Function("predict", {x}, {ops::softmax(logits())}, {}, workspace); }
  Function train() const {
    const Value loss = ops::mean(ops::cross_entropy(ops::softmax(logits()), y));
    const auto g = gradients(loss, {w1.value(), b1.value(), w2.value(), b2.value()});
    const auto first = ops::momentum_update(w1.value(), v.value(), g[0], rate.value(), 0.9);
    return Function("train", {x, y}, {loss},
                    {{w1, first[0]},
                     {v, first[1]},
                     {b1, ops::sgd_update(b1.value(), g[1], rate.value())},
                     {w2, ops::sgd_update(w2.value(), g[2], rate.value())},
                     {b2, ops::sgd_update(b2.value(), g[3], rate.value())}},
                    workspace);
  }
  static Tensor labels(int64_t n) {
    Tensor t(DType::int64, {n});
    for (int64_t i = 0; i < n; ++i) t.as<int64_t>()[i] = i % 3;
    return t;
  }
};

}  // namespace

TEST_CASE("a perceptron trains, for batches 1, 7 and 32 from one trace") {
  Perceptron net;
  const Function train = net.train();
  for (int64_t batch : {1, 7, 32}) {
    const Tensor x = random({batch, 5}, 10 + batch), y = Perceptron::labels(batch);
    const double first = train.run({x, y})[0].item();
    double last = first;
    for (int step = 0; step < 50; ++step) last = train.run({x, y})[0].item();
    CHECK(last < 0.5 * first);
  }
}

TEST_CASE("training gives the same bits for 1, 2, 3 and 4 threads") {
  const int before = num_threads();
  Tensor reference;
  for (int threads : {1, 2, 3, 4}) {
    set_num_threads(threads);
    Perceptron net;
    const Function train = net.train();
    const Tensor x = random({513, 5}, 3), y = Perceptron::labels(513);
    for (int step = 0; step < 5; ++step) train.run({x, y});
    if (threads == 1)
      reference = net.w1.read();
    else
      CHECK(same_bits(net.w1.read(), reference));
  }
  set_num_threads(before);
}

TEST_CASE("updates read what variables held at the start") {
  Variable a("a", Tensor::scalar(1)), b("b", Tensor::scalar(2));
  const Function swap("swap", {}, {a.value()}, {{a, b.value()}, {b, a.value()}});
  CHECK(swap.run({})[0].item() == 1);
  CHECK(a.read().item() == 2);
  CHECK(b.read().item() == 1);
}

TEST_CASE("a second update of a variable chains on the first") {
  Variable a("a", Tensor::scalar(1));
  const Value ten = constant(Tensor::scalar(10)), two = constant(Tensor::scalar(2));
  const Function f("f", {}, {}, {{a, ops::add(a.value(), ten)}, {a, ops::multiply(a.value(), two)}});
  f.run({});
  CHECK(a.read().item() == 22);
}

TEST_CASE("outputs that are views, leaves or shared are copies of their own") {
  Variable a("a", random({2, 3}, 1));
  const Value x = input("x", DType::float32, {2, 3});
  const Value sum = ops::add(x, a.value());
  const Function f("f", {x}, {ops::reshape(sum, {3, 2}), sum, x, a.value(), ops::reshape(a.value(), {6})});
  const Tensor given = random({2, 3}, 2);
  const auto out = f.run({given});
  CHECK(out[0].shape() == Shape{3, 2});
  CHECK(std::memcmp(out[0].data(), out[1].data(), 24) == 0);
  CHECK(same_bits(out[2], given));
  CHECK(out[2].data() != given.data());
  CHECK(same_bits(out[3], a.read()));
  CHECK(out[4].shape() == Shape{6});
}

TEST_CASE("two threads run one function at once and are right") {
  Perceptron net;
  const Function predict = net.predict();
  const Tensor x = random({64, 5}, 5);
  const Tensor expected = predict.run({x})[0];
  std::atomic<int> wrong{0};
  auto work = [&] {
    for (int i = 0; i < 200; ++i)
      if (!same_bits(predict.run({x})[0], expected)) wrong.fetch_add(1);
  };
  std::thread one(work), two(work);
  one.join();
  two.join();
  CHECK(wrong.load() == 0);
}

TEST_CASE("values are evaluated beside updates of what they read, in whatever order they read it") {
  Variable a("a", Tensor::scalar(0)), b("b", Tensor::scalar(0));
  const Value one = constant(Tensor::scalar(1));
  const Function update("update", {}, {}, {{a, ops::add(a.value(), one)}, {b, ops::add(b.value(), one)}});
  std::vector<std::thread> readers;
  for (const auto& [first, second] : {std::pair(a, b), std::pair(b, a)})
    readers.emplace_back([first = first, second = second] {
      for (int i = 0; i < 200; ++i) {
        const Tensor difference = evaluate({ops::subtract(first.value(), second.value())})[0];
        CHECK(*difference.as<float>() == 0);
      }
    });
  for (int i = 0; i < 200; ++i) update.run({});
  for (std::thread& reader : readers) reader.join();
  CHECK(*a.read().as<float>() == 200);
}

TEST_CASE("prepared weights follow assignments") {
  Perceptron net;
  const Function predict = net.predict();
  const Tensor x = random({40, 5}, 5);
  const Tensor before = predict.run({x})[0];
  net.w1.assign(random({5, 17}, 77));
  const Tensor after = predict.run({x})[0];
  CHECK(!same_bits(before, after));
  const Function fresh = net.predict();
  CHECK(same_bits(fresh.run({x})[0], after));
}

TEST_CASE("batches and images of other sizes share prepared weights") {
  Variable kernel("kernel", random_uniform({3, 3, 64, 64}, 1, 2, -0.1, 0.1));
  const Value x = input("x", DType::float32, {kUnknown, kUnknown, kUnknown, 64});
  const Function f("f", {x}, {ops::conv(x, kernel.value())});
  const Tensor eight = random_uniform({8, 12, 12, 64}, 1, 1, 0, 1), three = random_uniform({3, 9, 15, 64}, 1, 3, 0, 1);
  const int64_t prepared = f.memory({eight.shape()}).prepared;
  REQUIRE(prepared >= kernel.read().bytes());
  CHECK(f.memory({three.shape()}).prepared == prepared);
  f.run({eight});
  const int64_t settled = allocated_bytes();
  const Tensor shared = f.run({three})[0];
  CHECK(allocated_bytes() - settled < prepared);
  const Function fresh("f", {x}, {ops::conv(x, kernel.value())});
  CHECK(same_bits(fresh.run({three})[0], shared));
  kernel.assign(random_uniform({3, 3, 64, 64}, 1, 4, -0.1, 0.1));
  CHECK(!same_bits(f.run({three})[0], shared));
}

TEST_CASE("memory is known before the first run and is what the counter sees") {
  auto net = std::make_unique<Perceptron>();
  const int64_t net_bytes = [&] {
    int64_t total = 0;
    for (const Variable& v : {net->w1, net->b1, net->w2, net->b2, net->v, net->rate}) total += v.read().bytes();
    return total;
  }();
  const Function train = net->train();
  const Tensor x = random({128, 5}, 3), y = Perceptron::labels(128);
  const MemoryReport report = train.memory({x.shape(), y.shape()});
  CHECK(report.variables == net_bytes);
  const int64_t before = allocated_bytes();
  reset_peak_allocated_bytes();
  const auto out = train.run({x, y});
  CHECK(peak_allocated_bytes() - before == report.arena + report.scratch + report.outputs);
  reset_peak_allocated_bytes();
  const int64_t settled = allocated_bytes();
  for (int i = 0; i < 20; ++i) train.run({x, y});
  CHECK(allocated_bytes() == settled);
}

TEST_CASE("what does not fit is refused with the input's name") {
  Perceptron net;
  const Function predict = net.predict();
  CHECK_THROWS_WITH_AS(predict.run({random({3, 6}, 1)}),
                       doctest::Contains("input 'x' takes shape (None, 5), received (3, 6)"), Error);
  CHECK_THROWS_WITH_AS(predict.run({Tensor::zeros(DType::float64, {3, 5})}),
                       doctest::Contains("takes float32, received float64"), Error);
  CHECK_THROWS_WITH_AS(predict.run({Tensor::zeros(DType::float32, {0, 5})}), doctest::Contains("empty"), Error);
  CHECK_THROWS_WITH_AS(predict.run({}), doctest::Contains("takes 1 inputs, received 0"), Error);
  CHECK_THROWS_WITH_AS(Function("f", {}, {net.x}), doctest::Contains("'x'"), Error);
  CHECK_THROWS_WITH_AS(Function("f", {net.x}, {}, {{net.w1, net.x}}), doctest::Contains("'w1'"), Error);
}

// The memory of a variable has one size, and what does not have it would be written past its end.
TEST_CASE("an update whose shape follows the batch is refused once it is another than the variable's") {
  const Value x = input("x", DType::float32, {kUnknown});
  const Variable kept("kept", Tensor::zeros(DType::float32, {3}));
  const Function f("f", {x}, {}, {{kept, ops::add(x, x)}});
  f.run({Tensor::full(DType::float32, {3}, 1)});
  CHECK(kept.read().as<float>()[2] == 2);
  CHECK_THROWS_WITH_AS(f.run({Tensor::zeros(DType::float32, {1000})}),
                       doctest::Contains("[f] the update of 'kept' has shape (1000,) here, the variable (3,)"), Error);
}

TEST_CASE("empty handles say that they are") {
  CHECK_THROWS_WITH_AS(Function().run({}), doctest::Contains("this Function is empty"), Error);
  CHECK_THROWS_WITH_AS(Function().name(), doctest::Contains("this Function is empty"), Error);
  CHECK_THROWS_WITH_AS(Variable().value(), doctest::Contains("this Variable is empty"), Error);
  CHECK_THROWS_WITH_AS(Variable().assign(Tensor::scalar(1)), doctest::Contains("this Variable is empty"), Error);
}

TEST_CASE("a million nodes in a row are let go without a million calls in each other") {
  const Value x = input("x", DType::float32, {2});
  Value y = x, middle;
  for (int i = 0; i < 1000000; ++i) {
    y = ops::negate(y);
    if (i == 10) middle = y;
  }
  y = Value();
  // What is still held is whole.
  const Function f("f", {x}, {middle});
  CHECK(f.run({Tensor::full(DType::float32, {2}, 3)})[0].as<float>()[0] == -3);
}

TEST_CASE("dump says what was fused") {
  Perceptron net;
  const std::string text = net.train().dump({{32, 5}, {32}});
  CHECK(text.find("from_logits=true") != std::string::npos);
  CHECK(text.find("activation=relu") != std::string::npos);
  CHECK(text.find("softmax.forward") == std::string::npos);
}

TEST_CASE("evaluate finds programs again by structure") {
  for (int i = 0; i < 3; ++i) {
    const Value a = constant(Tensor::full(DType::float32, {2, 2}, i)), b = constant(Tensor::scalar(3));
    const Tensor sum = evaluate({ops::add(a, b)})[0];
    for (int k = 0; k < 4; ++k) CHECK(sum.as<float>()[k] == i + 3);
  }
}
