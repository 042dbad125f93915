// Functions held to a limit of memory: they take no more, and give the same bits.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "striate/device.h"
#include "striate/error.h"
#include "striate/function.h"
#include "striate/ops.h"
#include "striate/random.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

constexpr int64_t kBatch = 4, kSize = 16, kChannels = 16;
const std::vector<Shape> kShapes = {Shape{kBatch, kSize, kSize, kChannels}, Shape{kBatch}};

// Convolutions one after the other, with ReLUs, or with normalization and residuals, or pairs of them whose results are
// joined; dropout, a dense layer, momentum.
struct Net {
  bool residual, joined;
  int depth = 8;
  std::vector<Variable> variables;  // all that training changes
  Function train;

  explicit Net(bool residual_net, bool joined_net = false) : residual(residual_net), joined(joined_net) {
    std::vector<Variable> trained;
    std::vector<Update> updates;
    uint64_t stream = 1;
    const auto weight = [&](const Shape& shape) {
      trained.emplace_back("w" + std::to_string(stream), random(shape, stream, 0.5));
      ++stream;
      return trained.back().value();
    };
    Variable step("step", Tensor::zeros(DType::int64, {1}));
    const int64_t seed = 3;
    const Value rng = ops::concatenate({constant(Tensor::of<int64_t>({1}, std::span(&seed, 1))), step.value()}, 0);
    const Value image = input("x", DType::float32, {kUnknown, kSize, kSize, kChannels});
    const Value labels = input("labels", DType::int64, {kUnknown});
    ops::ConvOptions same;
    same.padding = {.mode = "same"};

    Value x = image;
    for (int i = 0; i < depth; ++i) {
      Value y = ops::conv(x, weight({3, 3, kChannels, joined ? kChannels / 2 : kChannels}), same);
      if (joined) y = ops::concatenate({y, ops::conv(x, weight({1, 1, kChannels, kChannels / 2}), same)}, 3);
      if (residual) {
        const auto normal = ops::batch_norm_train(y, weight({kChannels}), weight({kChannels}));
        Variable moving("moving" + std::to_string(i), Tensor::zeros(DType::float32, {kChannels}));
        updates.push_back({moving, ops::add(moving.value(), normal.mean)});
        y = i % 2 ? ops::add(normal.y, x) : normal.y;
      }
      x = ops::dropout(ops::relu(y), rng, 0.1, static_cast<uint64_t>(i));
    }
    const Value logits = ops::matmul(ops::mean(x, {1, 2}), weight({kChannels, 3}));
    const Value loss = ops::mean(ops::cross_entropy(logits, labels, true));

    std::vector<Value> wrt;
    for (const Variable& variable : trained) wrt.push_back(variable.value());
    const std::vector<Value> slopes = gradients(loss, wrt);
    const Value rate = constant(Tensor::scalar(0.05));
    for (size_t i = 0; i < trained.size(); ++i) {
      Variable velocity("v" + std::to_string(i), Tensor::zeros(DType::float32, trained[i].shape()));
      const auto next = ops::momentum_update(wrt[i], velocity.value(), slopes[i], rate, 0.9);
      updates.push_back({trained[i], next[0]});
      updates.push_back({velocity, next[1]});
    }
    updates.push_back({step, ops::increment(step.value())});
    for (const Update& update : updates) variables.push_back(update.variable);
    train = Function("train", {image, labels}, {loss}, updates);
  }

  // The losses of some steps, and what the variables are then.
  std::vector<Tensor> trained() const {
    Tensor labels(DType::int64, {kBatch});
    for (int64_t i = 0; i < kBatch; ++i) labels.as<int64_t>()[i] = i % 3;
    std::vector<Tensor> results;
    for (uint64_t i = 0; i < 4; ++i) results.push_back(train.run({random(kShapes[0], 100 + i, 0.5), labels})[0]);
    for (const Variable& variable : variables) results.push_back(variable.read());
    return results;
  }
};

bool same_results(const Net& a, const Net& b) {
  const std::vector<Tensor> x = a.trained(), y = b.trained();
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_bits);
}

// The least a function says it can do with.
int64_t least(const Function& function, const std::vector<Shape>& shapes) {
  function.set_max_memory(1);
  try {
    function.memory(shapes);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::memory);
    const std::string text = error.what(), words = "max_memory of at least ";
    CHECK_MESSAGE(text.starts_with("[" + function.name() + "] max_memory=1 bytes is not enough"), text);
    CHECK_MESSAGE(text.find(shapes[0].text()) != std::string::npos, text);
    CHECK_MESSAGE(text.find("Use a smaller batch, or") != std::string::npos, text);
    return std::stoll(text.substr(text.find(words) + words.size()));
  }
  FAIL("no error");
  return 0;
}

}  // namespace

TEST_CASE("recompute: training within a limit takes no more and gives the same bits") {
  for (bool residual : {false, true}) {
    CAPTURE(residual);
    const MemoryReport free = Net(residual).train.memory(kShapes);
    int64_t before = free.arena;
    for (double share : {0.8, 0.6, 0.5}) {
      CAPTURE(share);
      const Net net(residual);
      const int64_t limit = free.total() - free.arena + static_cast<int64_t>(share * static_cast<double>(free.arena));
      net.train.set_max_memory(limit);
      const MemoryReport held = net.train.memory(kShapes);
      CHECK(held.total() <= limit);
      CHECK(held.arena < before);
      CHECK(held.total() - held.arena == free.total() - free.arena);
      CHECK(same_results(net, Net(residual)));
      before = held.arena;
    }
  }
}

TEST_CASE("recompute: the least that is named can be had, convolutions made again, for any number of threads") {
  const int threads_before = num_threads();
  for (bool residual : {false, true})
    for (int threads : {1, 3}) {
      CAPTURE(residual);
      CAPTURE(threads);
      set_num_threads(threads);
      const Net net(residual);
      const int64_t arena = net.train.memory(kShapes).arena;
      const int64_t limit = least(net.train, kShapes);
      net.train.set_max_memory(limit - 1);
      CHECK_THROWS_AS(net.train.memory(kShapes), Error);
      net.train.set_max_memory(limit);
      CHECK(net.train.memory(kShapes).total() == limit);
      CHECK(net.train.memory(kShapes).arena < arena / 2);
      const std::string steps = net.train.dump(kShapes);
      size_t again = 0, convolutions = 0;
      for (size_t at = 0, end = 0; (end = steps.find('\n', at)) != std::string::npos; at = end + 1) {
        const std::string line = steps.substr(at, end - at);
        again += line.find(" again]") != std::string::npos;
        convolutions += line.find(" again]") != std::string::npos && line.find("  conv [") != std::string::npos;
      }
      CHECK(again > convolutions);
      CHECK(convolutions > 0);
      CHECK(same_results(net, Net(residual)));
    }
  set_num_threads(threads_before);
}

TEST_CASE("recompute: convolutions that write parts of a concatenation are made again") {
  const Net net(false, true);
  net.train.set_max_memory(least(net.train, kShapes));
  const std::string steps = net.train.dump(kShapes);
  CHECK(steps.find("  concatenate [axis=3") == std::string::npos);
  CHECK(steps.find("  conv [") != std::string::npos);
  CHECK(steps.find(" again]") != std::string::npos);
  CHECK(same_results(net, Net(false, true)));
}

TEST_CASE("recompute: a limit holds for more threads than it was first met with") {
  const int threads_before = num_threads();
  const Net net(false);
  set_num_threads(4);
  const int64_t limit = net.train.memory(kShapes).total() - 1;
  net.train.set_max_memory(limit);
  for (const int threads : {1, 4}) {
    set_num_threads(threads);
    CHECK(net.train.memory(kShapes).total() <= limit);
  }
  set_num_threads(threads_before);
}

TEST_CASE("recompute: a limit that is no limit changes nothing") {
  const Net net(true);
  const MemoryReport free = net.train.memory(kShapes);
  const std::string steps = net.train.dump(kShapes);
  net.train.set_max_memory(free.total());
  CHECK(net.train.max_memory() == free.total());
  CHECK(net.train.dump(kShapes) == steps);
  net.train.set_max_memory(0);
  CHECK(net.train.dump(kShapes) == steps);
  CHECK_THROWS_WITH_AS(net.train.set_max_memory(-1), doctest::Contains("max_memory=-1 is negative"), Error);
}

TEST_CASE("recompute: what reads a variable is not made again once the variable is another") {
  Variable v("v", Tensor::scalar(2));
  const Value x = input("x", DType::float32, {1 << 16});
  const Value early = ops::multiply(x, v.value());  // v is then updated at once
  Value chain = ops::exp(early);
  for (int i = 0; i < 3; ++i) chain = ops::tanh(ops::add(ops::square(chain), ops::exp(chain)));
  const Value late = ops::add(ops::multiply(chain, early), ops::add(early, v.value()));
  const Function f("f", {x}, {late}, {{v, ops::add(v.value(), v.value())}});
  const Tensor given = random({1 << 16}, 7, 0.5);
  const Tensor expected = f.run({given})[0];
  v.assign(Tensor::scalar(2));
  f.set_max_memory(least(f, {given.shape()}));
  CHECK(same_bits(f.run({given})[0], expected));
  CHECK(v.read().item() == 4);
}

// It once looked for ever for something to make again.
TEST_CASE("max_memory: a function without activations is refused too") {
  const Value x = input("x", DType::float32, {kUnknown, 8});
  const Variable weight("w", random({8, 8}, 1, 0.5));
  const Function product("product", {x}, {ops::matmul(x, weight.value())});
  CHECK(least(product, {Shape{4, 8}}) >= 8 * 8 * 4 + 4 * 8 * 4);
}
