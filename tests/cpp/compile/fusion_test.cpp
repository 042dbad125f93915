// What the fusion passes make of graphs: the steps that are left, and the values against the same graph with every
// intermediate value an output, which keeps it from being fused.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "striate/device.h"
#include "striate/function.h"
#include "striate/ops.h"
#include "striate/random.h"
#include "support/tensors.h"

using namespace striate;
using namespace striate::test;

namespace {

// How many steps (prepare steps apart) a program has, and how many of one op.
int count_steps(const Function& f, const std::vector<Tensor>& inputs, const std::string& op = "") {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : inputs) shapes.push_back(tensor.shape());
  const std::string text = f.dump(shapes);
  int count = 0;
  for (size_t at = text.find("\nsteps:\n") + 7; (at = text.find("\n  ", at)) != std::string::npos; ++at) {
    const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    count += op.empty() || line.find("  " + op + " ") != std::string::npos;
  }
  return count;
}

void check_close(const Tensor& got, const Tensor& want, double tolerance) {
  REQUIRE(got.shape() == want.shape());
  double worst = 0;
  for (int64_t i = 0; i < got.elements(); ++i) {
    const double error = std::abs(got.as<float>()[i] - want.as<float>()[i]);
    worst = std::isnan(error) ? 1e30 : std::max(worst, error);
  }
  CHECK(worst <= tolerance);
}

// Runs fused and kept apart, with 1 and 3 threads: results close, and the same bits for any number of threads.
void check_same(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const std::vector<Value>& between,
                const std::vector<Tensor>& given, double tolerance) {
  std::vector<Value> all = outputs;
  all.insert(all.end(), between.begin(), between.end());
  const std::vector<Tensor> want = Function("apart", inputs, all).run(given);
  const int threads = num_threads();
  std::vector<Tensor> first;
  for (int count : {1, 3}) {
    set_num_threads(count);
    const std::vector<Tensor> got = Function("fused", inputs, outputs).run(given);
    for (size_t i = 0; i < got.size(); ++i) {
      check_close(got[i], want[i], tolerance);
      if (count > 1) CHECK(std::memcmp(got[i].data(), first[i].data(), got[i].bytes()) == 0);
    }
    if (count == 1) first = got;
  }
  set_num_threads(threads);
}

ops::ConvOptions same_padding() {
  ops::ConvOptions options;
  options.padding.mode = "same";
  return options;
}

// Sums of about 200 products of values up to 1.
constexpr double kTolerance = 2e-5;

}  // namespace

TEST_CASE("a convolution ends with its bias, a residual and a ReLU") {
  const Value x = input("x", DType::float32, {kUnknown, 7, 9, 20}),
              r = input("r", DType::float32, {kUnknown, 7, 9, 33});
  const Variable w("w", random({3, 3, 20, 33}, 1)), b("b", random({33}, 2));
  const std::vector<Tensor> given = {random({3, 7, 9, 20}, 3), random({3, 7, 9, 33}, 4)};
  const Value product = ops::conv(x, w.value(), same_padding()), biased = ops::add(product, b.value());
  const Value sum = ops::add(r, biased), y = ops::relu(sum);
  CHECK(count_steps(Function("f", {x, r}, {y}), given) == 1);
  check_same({x, r}, {y}, {product, biased, sum}, given, kTolerance);
}

TEST_CASE("a convolution ends with the pooling of its result, unless something else reads this") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 8, 5});
  const Variable w("w", random({3, 3, 5, 7}, 1)), b("b", random({7}, 2));
  const std::vector<Tensor> given = {random({3, 6, 8, 5}, 3)};
  ops::PoolOptions two;
  two.window = {2, 2};
  for (const bool max : {false, true}) {
    const Value product = ops::conv(x, w.value(), same_padding()), sum = ops::add(product, b.value());
    const Value active = max ? ops::relu(sum) : ops::tanh(sum);
    const Value y = max ? ops::max_pool(active, two) : ops::avg_pool(active, two);
    CHECK(count_steps(Function("f", {x}, {y}), given) == 1);
    CHECK(count_steps(Function("f", {x}, {y, active}), given) == 2);
    CHECK(count_steps(Function("f", {x}, {ops::relu(y)}), given) == 2);
    check_same({x}, {y}, {product, sum, active}, given, kTolerance);
    // Windows that overlap, or leave something out, stay steps of their own.
    ops::PoolOptions wide = two, odd = two;
    wide.strides = {1, 1};
    odd.window = {4, 3};
    for (const ops::PoolOptions& options : {wide, odd})
      CHECK(count_steps(Function("f", {x}, {ops::max_pool(active, options)}), given) == 2);
  }
}

TEST_CASE("a 1x1 convolution pools its input, unless something else reads this") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 9, 20});
  const Variable w("w", random({1, 1, 20, 40}, 1)), b("b", random({40}, 2));
  const std::vector<Tensor> given = {random({3, 6, 9, 20}, 3)};
  ops::PoolOptions around;
  around.window = {3, 3};
  around.strides = {1, 1};
  around.padding.mode = "same";
  const Value pooled = ops::max_pool(x, around), y = ops::relu(ops::add(ops::conv(pooled, w.value()), b.value()));
  CHECK(count_steps(Function("f", {x}, {y}), given) == 1);
  CHECK(count_steps(Function("f", {x}, {y, pooled}), given) == 2);
  CHECK(count_steps(Function("f", {x}, {ops::concatenate({y, ops::relu(x)}, 3)}), given, "max_pool") == 0);
  check_same({x}, {y}, {pooled}, given, 0);
  // Other windows, other kernels and narrow results stay steps of their own.
  const auto steps_of = [&](const ops::PoolOptions& options, const Shape& kernel) {
    const Value result = ops::conv(ops::max_pool(x, options), constant(random(kernel, 4)));
    return count_steps(Function("f", {x}, {result}), given);
  };
  ops::PoolOptions wide = around, strided = around, valid = around;
  wide.window = {3, 5};
  strided.strides = {2, 1};
  valid.padding.mode = "valid";
  CHECK(steps_of(around, {1, 1, 20, 32}) == 1);
  for (const ops::PoolOptions& options : {wide, strided, valid}) CHECK(steps_of(options, {1, 1, 20, 40}) == 2);
  CHECK(steps_of(around, {3, 1, 20, 40}) == 2);
  CHECK(steps_of(around, {1, 1, 20, 31}) == 2);
  CHECK(count_steps(Function("f", {x}, {ops::conv(ops::avg_pool(x, around), w.value())}), given) == 2);
}

TEST_CASE("convolutions write the channels of a concatenation that alone reads them") {
  const Value x = input("x", DType::float32, {2, 9, 8, 16});
  const auto branch = [&](int64_t size, int64_t channels, uint64_t seed) {
    const Value y = ops::conv(x, constant(random({size, size, 16, channels}, seed)), same_padding());
    return ops::relu(ops::add(y, constant(random({channels}, seed + 100))));
  };
  const Value a = branch(1, 24, 2), b = branch(3, 32, 3), c = branch(5, 16, 4);
  const Tensor given = random({2, 9, 8, 16}, 1);
  const auto then = [](const Value& joined) { return ops::multiply(joined, joined); };
  const auto check = [&](const Value& joined, int copies) {
    const std::vector<Value> outputs = {then(joined)};
    CHECK(count_steps(Function("parts", {x}, outputs), {given}, "concatenate") == copies);
    check_same({x}, outputs, {a, b, c}, {given}, 0);
  };
  check(ops::concatenate({a, b, c}, 3), 0);
  check(ops::concatenate({a, x, c}, -1), 1);                        // no convolution's
  check(ops::concatenate({b, a, b}, 3), 2);                         // read twice
  check(ops::concatenate({ops::concatenate({a, b}, 3), c}, 3), 1);  // written by no convolution
  check(ops::concatenate({branch(3, 16, 7), c}, 0), 2);             // of images
  CHECK(count_steps(Function("root", {x}, {ops::concatenate({a, b}, 3)}), {given}, "concatenate") == 2);
  CHECK(count_steps(Function("also", {x}, {then(ops::concatenate({a, b}, 3)), a}), {given}, "concatenate") == 1);
}

TEST_CASE("a concatenation that becomes a variable is not written while the variable is still read") {
  const std::vector<int64_t> shape = {2, 9, 8, 32}, flat = {2 * 9 * 8 * 32};
  for (const bool viewed : {false, true}) {
    const Variable v("v", random(viewed ? Shape{flat[0]} : Shape{2, 9, 8, 32}, 5));
    const Value x = input("x", DType::float32, {2, 9, 8, 16});
    const Value first = ops::conv(x, constant(random({1, 1, 16, 16}, 4)));
    const Value other = ops::conv(x, constant(random({1, 1, 16, 16}, 2)));  // runs before `last` reads v
    const Value last = ops::conv(ops::add(ops::reshape(v.value(), shape), ops::concatenate({first, first}, 3)),
                                 constant(random({1, 1, 32, 16}, 3)));
    const Value joined = ops::concatenate({other, last}, 3), next = viewed ? ops::reshape(joined, flat) : joined;
    const Tensor given = random({2, 9, 8, 16}, 1);
    const Tensor want = Function("apart", {x}, {next, other, last}).run({given})[0];
    Function("update", {x}, {}, {{v, next}}).run({given});
    check_close(v.read(), want, 0);
  }
}

TEST_CASE("an activation or a sum after a ReLU stays a step of its own") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 5}), r = input("r", DType::float32, {kUnknown, 6, 7});
  const Variable w("w", random({3, 5, 7}, 1));
  const std::vector<Tensor> given = {random({2, 6, 5}, 3), random({2, 6, 7}, 4)};
  const Value product = ops::conv(x, w.value(), same_padding()), active = ops::relu(product);
  const Value y = ops::tanh(ops::add(active, r));
  CHECK(count_steps(Function("f", {x, r}, {y}), given) == 3);
  check_same({x, r}, {y}, {product, active}, given, kTolerance);
}

TEST_CASE("of two convolutions added, the second ends with the sum") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 5});
  const Variable u("u", random({3, 5, 7}, 1)), w("w", random({1, 5, 7}, 2));
  const std::vector<Tensor> given = {random({2, 6, 5}, 3)};
  const Value a = ops::conv(x, u.value(), same_padding()), b = ops::conv(x, w.value(), same_padding());
  const Value y = ops::relu(ops::add(a, b));
  CHECK(count_steps(Function("f", {x}, {y}), given) == 2);
  check_same({x}, {y}, {a, b}, given, kTolerance);
}

TEST_CASE("a residual that is the convolution's or the product's input too is not written over") {
  for (const int64_t window : {1, 3, 7}) {
    const Value x = input("x", DType::float32, {kUnknown, 20, 20, 32});
    const Value h = ops::square(x);
    const Value sum = ops::add(ops::conv(h, constant(random({window, window, 32, 32}, 1, 0.1)), same_padding()), h);
    check_same({x}, {ops::mean(sum, {1, 2})}, {h, sum}, {random({2, 20, 20, 32}, 2)}, kTolerance);
  }
  const Value x = input("x", DType::float32, {kUnknown, 64});
  const Value h = ops::square(x);
  const Value sum = ops::add(ops::matmul(h, constant(random({64, 64}, 1))), h);
  check_same({x}, {ops::mean(sum, {1})}, {h, sum}, {random({256, 64}, 2)}, kTolerance);
}

TEST_CASE("logits that are their own labels are not written over by their gradient") {
  const Value x = input("x", DType::float32, {kUnknown, 64});
  const Value h = ops::square(x);
  const Value gradient = gradients(ops::sum(ops::cross_entropy(h, h, true)), {h})[0];
  check_same({x}, {ops::mean(gradient, {1})}, {h, gradient}, {random({256, 64}, 2)}, kTolerance);
}

TEST_CASE("a residual block at inference: its normalizations folded, nothing but convolutions left") {
  const Value x = input("x", DType::float32, {kUnknown, 8, 8, 16});
  const auto normalized = [&](const Value& v, uint64_t stream) {
    const auto vector = [&](double low, uint64_t s) {
      return Variable("v", random_uniform({16}, 1, 100 * stream + s, low, low + 1)).value();
    };
    return ops::batch_norm_infer(v, vector(0.5, 1), vector(-0.5, 2), vector(-0.5, 3), vector(0.5, 4), 1e-3);
  };
  const Variable u("u", random({3, 3, 16, 16}, 1)), w("w", random({3, 3, 16, 16}, 2));
  const std::vector<Tensor> given = {random({2, 8, 8, 16}, 3)};
  const Value a = ops::conv(x, u.value(), same_padding()), hidden = ops::relu(normalized(a, 1));
  const Value b = ops::conv(hidden, w.value(), same_padding()), line = normalized(b, 2);
  const Value y = ops::relu(ops::add(line, x));
  const Function f("f", {x}, {y});
  CHECK(count_steps(f, given) == 2);
  CHECK(count_steps(f, given, "conv") == 2);
  check_same({x}, {y}, {a, hidden, b, line}, given, 1e-4);
}

TEST_CASE("gradients of activations and sums end the input gradients that give them") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 6, 8});
  const Variable u("u", random({3, 3, 8, 16}, 1)), w("w", random({3, 3, 16, 16}, 2)), v("v", random({1, 1, 16, 16}, 3));
  const Value hidden = ops::relu(ops::conv(x, u.value(), same_padding()));
  const Value y = ops::add(ops::conv(hidden, w.value(), same_padding()), ops::conv(hidden, v.value(), same_padding()));
  const Value loss = ops::sum(ops::square(y));
  const std::vector<Value> g = gradients(loss, {u.value(), w.value(), v.value(), hidden});
  const std::vector<Tensor> given = {random({3, 6, 6, 8}, 4)};
  const Function f("f", {x}, {g[0], g[1], g[2]});
  CHECK(count_steps(f, given, "relu_gradient") == 0);
  CHECK(count_steps(f, given, "add") == 1);                  // the doubling of y
  check_same({x}, {g[0], g[1], g[2]}, {g[3]}, given, 2e-2);  // values of thousands
}

TEST_CASE("a transposed convolution ends with its bias and ReLU, also where one window covers the result") {
  for (int64_t size : {1, 4}) {
    const Value x = input("x", DType::float32, {kUnknown, size, size, 6});
    const Value like = constant(Tensor::zeros(DType::float32, {2, 2 * size, 2 * size, 5}));
    const Variable w("w", random({2, 2, 5, 6}, 1)), b("b", random({5}, 2));
    ops::ConvOptions options;
    options.strides = {2, 2};
    const Value spread = ops::conv_input_gradient(x, w.value(), like, options);
    const Value sum = ops::add(spread, b.value()), y = ops::relu(sum);
    const std::vector<Tensor> given = {random({2, size, size, 6}, 3)};
    CHECK(count_steps(Function("f", {x}, {y}), given) == 1);
    check_same({x}, {y}, {spread, sum}, given, kTolerance);
  }
}

namespace {

// A residual block in training: conv, normalization, ReLU; conv, normalization; a projection of the input, normalized
// or not; their sum and its ReLU. Gives the loss and all gradients.
struct TrainedBlock {
  Value x = input("x", DType::float32, {kUnknown, 6, 5, 12});
  std::vector<Variable> variables;
  std::vector<Value> outputs, between;

  explicit TrainedBlock(bool project, bool first_operand) {
    const auto variable = [&](const Shape& shape, double low, double high) {
      variables.emplace_back("v", random_uniform(shape, 7, variables.size(), low, high));
      return variables.back().value();
    };
    const auto normalized = [&](const Value& v) {
      const Value gamma = variable({v.shape().back()}, 0.5, 1.5), beta = variable({v.shape().back()}, -0.5, 0.5);
      const ops::BatchNormResult result = ops::batch_norm_train(v, gamma, beta, 1e-3);
      outputs.push_back(result.mean);
      outputs.push_back(result.variance);
      between.push_back(result.y);
      return result.y;
    };
    const auto conv = [&](const Value& v, int64_t kernel, int64_t c) {
      return ops::conv(v, variable({kernel, kernel, v.shape().back(), c}, -0.3, 0.3), same_padding());
    };
    const Value stem = ops::relu(normalized(conv(x, 3, 20)));
    const Value hidden = ops::relu(normalized(conv(stem, 3, 20)));
    const Value line = normalized(conv(hidden, 3, 20));
    const Value beside = project ? normalized(conv(stem, 1, 20)) : stem;
    const Value sum = first_operand ? ops::add(line, beside) : ops::add(beside, line);
    const Value y = ops::relu(sum);
    const Value weights = constant(random_uniform({6, 5, 20}, 7, 99, -1, 1));
    std::vector<Value> wrt;
    for (const Variable& v : variables) wrt.push_back(v.value());
    for (const Value& g : gradients(ops::sum(ops::multiply(ops::square(y), weights)), wrt)) outputs.push_back(g);
    for (const Value& v : {stem, hidden, sum}) between.push_back(v);
  }
};

}  // namespace

TEST_CASE("normalization, residual and ReLU are one step, and two in the gradient") {
  for (bool project : {false, true})
    for (bool first_operand : {false, true}) {
      const TrainedBlock block(project, first_operand);
      const std::vector<Tensor> given = {random({3, 6, 5, 12}, 4)};
      const Function f("f", {block.x}, block.outputs);
      CHECK(count_steps(f, given, "relu") == 0);
      CHECK(count_steps(f, given, "relu_gradient") == 1);  // of the last, whose gradient no convolution gives
      CHECK(count_steps(f, given, "batch_norm_train") == (project ? 4 : 3));
      CHECK(count_steps(f, given, "batch_norm_gradient") == (project ? 4 : 3));
      CHECK(count_steps(f, given, "add") == 1);                          // the doubling of y
      check_same({block.x}, block.outputs, block.between, given, 2e-3);  // sums over 90 pixels, and squares
    }
}

TEST_CASE("masks that a normalization makes are bits, where channels fill whole vectors") {
  for (const int64_t channels : {16, 20, 48}) {
    const Value x = input("x", DType::float32, {kUnknown, 6, 5, channels});
    const Variable w("w", random({1, 1, channels, 24}, 1)), v("v", random({3, 3, channels, 24}, 2)),
        gamma("gamma", random({channels}, 3)), beta("beta", random({channels}, 4));
    const Value normalized = ops::batch_norm_train(x, gamma.value(), beta.value(), 1e-3).y;
    const Value sum = ops::add(normalized, x), y = ops::relu(sum);
    const Value z = ops::add(ops::conv(y, w.value(), same_padding()), ops::conv(y, v.value(), same_padding()));
    const std::vector<Value> g = gradients(ops::sum(ops::square(z)), {w.value(), v.value(), gamma.value(), x, y});
    const std::vector<Tensor> given = {random({3, 6, 5, channels}, 5)};
    const std::vector<Value> wanted = {g[0], g[1], g[2], g[3]};
    const Function f("f", {x}, wanted);
    CHECK(count_steps(f, given, "relu_gradient") == 0);
    CHECK((f.dump({given[0].shape()}).find("signs=true") != std::string::npos) == (channels % 16 == 0));
    check_same({x}, wanted, {g[4], sum}, given, 5e-2);  // values of ten thousands
  }
}

TEST_CASE("1x1 convolutions make the normalizations they read, to the same bits") {
  // 93,025 pixels of 48 channels: 17.9 MB, and no whole item at the end.
  for (const bool residual : {false, true})
    for (const bool relu : {false, true}) {
      const Value x = input("x", DType::float32, {kUnknown, 305, 305, 40}),
                  r = input("r", DType::float32, {kUnknown, 305, 305, 48});
      const Variable w("w", random({1, 1, 40, 48}, 1)), v("v", random({1, 1, 48, 72}, 2)),
          gamma("gamma", random({48}, 3)), beta("beta", random({48}, 4)), b("b", random({72}, 5));
      const auto normal = ops::batch_norm_train(ops::conv(x, w.value()), gamma.value(), beta.value(), 1e-3);
      const Value sum = residual ? ops::add(normal.y, r) : normal.y, y = relu ? ops::relu(sum) : sum;
      const Value z = ops::add(ops::conv(y, v.value()), b.value());
      std::vector<Value> wanted = {y, z, normal.mean, normal.variance};
      for (const Value& g : gradients(ops::sum(ops::square(z)), {x, w.value(), v.value(), gamma.value(), beta.value()}))
        wanted.push_back(g);
      const std::vector<Tensor> given = {random({1, 305, 305, 40}, 6), random({1, 305, 305, 48}, 7)};
      const Function fused("fused", {x, r}, wanted), apart("apart", {x, r}, wanted);
      apart.set_max_memory(int64_t{1} << 40);  // with any limit normalizations stay steps of their own
      const auto made = [&](const Function& f) {
        const std::string text = f.dump({given[0].shape(), given[1].shape()});
        return std::pair(text.find("conv.forward normalized input") != std::string::npos,
                         text.find("conv.input_gradient normalized input") != std::string::npos);
      };
      CHECK(made(fused) == std::pair(true, true));
      CHECK(made(apart) == std::pair(false, false));
      const int threads = num_threads();
      const std::vector<Tensor> want = apart.run(given);
      for (int count : {1, 3}) {
        set_num_threads(count);
        const std::vector<Tensor> got = Function("fused", {x, r}, wanted).run(given);
        for (size_t i = 0; i < got.size(); ++i) {
          CAPTURE(i);
          CHECK(std::memcmp(got[i].data(), want[i].data(), got[i].bytes()) == 0);
        }
      }
      set_num_threads(threads);
    }
}

TEST_CASE("a strided input gradient leaves pixels alone that it does not reach") {
  for (const int64_t steps : {2, 3}) {
    const Value x = input("x", DType::float32, {kUnknown, 13, 8, 12});
    const Variable first("first", random({1, 1, 12, 32}, 1)), w("w", random({3, 3, 32, 20}, 2)),
        v("v", random({1, 1, 32, 48}, 3));
    ops::ConvOptions strided;
    strided.strides = {steps, steps};
    const Value sum = ops::conv(x, first.value()), y = ops::relu(sum);
    const Value line = ops::conv(y, w.value(), same_padding()), beside = ops::conv(y, v.value(), strided);
    const Value loss = ops::add(ops::sum(ops::square(line)), ops::sum(ops::square(beside)));
    const std::vector<Value> g = gradients(loss, {first.value(), v.value(), w.value(), y, sum});
    const std::vector<Tensor> given = {random({3, 13, 8, 12}, 5)};
    const Function f("f", {x}, {g[0], g[1], g[2]});
    CHECK(count_steps(f, given, "relu_gradient") == 0);
    CHECK(f.dump({given[0].shape()}).find("masked_residual=true") != std::string::npos);
    check_same({x}, {g[0], g[1], g[2]}, {g[3]}, given, 5e-2);  // values of ten thousands
    // As an output the other gradient has a second reader, and is not masked.
    const Function apart("apart", {x}, {g[0], g[3]});
    CHECK(apart.dump({given[0].shape()}).find("masked_residual=true") == std::string::npos);
  }
}

TEST_CASE("the gradient of a ReLU before a max pooling is taken on the pooled side") {
  for (int64_t window : {2, 3}) {
    const Value x = input("x", DType::float32, {kUnknown, 8, 8, 3});
    const Variable u("u", random({3, 3, 3, 20}, 1)), b("b", random({20}, 2)), w("w", random({3, 3, 20, 10}, 3));
    ops::PoolOptions pool;
    pool.window = {window, window};
    pool.strides = {2, 2};
    pool.padding.mode = "same";
    const Value y = ops::relu(ops::add(ops::conv(x, u.value(), same_padding()), b.value()));
    const Value pooled = ops::max_pool(y, pool);
    const Value loss = ops::sum(ops::square(ops::conv(pooled, w.value(), same_padding())));
    const std::vector<Value> g = gradients(loss, {u.value(), b.value(), w.value(), y, pooled});
    const std::vector<Tensor> given = {random({3, 8, 8, 3}, 4)};
    const std::vector<Value> wanted = {loss, g[0], g[1], g[2]};
    const Function f("f", {x}, wanted);
    CHECK(count_steps(f, given, "relu_gradient") == 0);
    // convolutions 2, pooling, squares and their sum, twice the result times the gradient 2; gradients: input, scatter,
    // bias, kernels 2
    INFO(f.dump({given[0].shape()}));
    CHECK(count_steps(f, given, "max_pool_scatter") == 1);
    check_same({x}, wanted, {g[3], g[4]}, given, 2e-2);  // values of thousands
  }
}

TEST_CASE("the gradients of ReLUs that are joined are taken at once") {
  const Value x = input("x", DType::float32, {kUnknown, 6, 6, 4});
  const Variable u("u", random({1, 1, 4, 20}, 1)), v("v", random({3, 3, 4, 12}, 2)), w("w", random({3, 3, 32, 10}, 3));
  ops::PoolOptions pool;
  pool.window = {2, 2};
  const Value a = ops::relu(ops::conv(x, u.value(), same_padding()));
  const Value b = ops::relu(ops::conv(x, v.value(), same_padding()));
  const Value joined = ops::concatenate({a, b}, -1);
  for (bool pools : {false, true}) {
    const Value next = pools ? ops::max_pool(joined, pool) : joined;
    const Value loss = ops::sum(ops::square(ops::conv(next, w.value(), same_padding())));
    const std::vector<Value> g = gradients(loss, {u.value(), v.value(), w.value(), a, b});
    const std::vector<Tensor> given = {random({3, 6, 6, 4}, 4)};
    const std::vector<Value> wanted = {g[0], g[1], g[2]};
    const Function f("f", {x}, wanted);
    CHECK(count_steps(f, given, "relu_gradient") == 0);
    check_same({x}, wanted, {g[3], g[4]}, given, 2e-2);
    // Where one part's gradient is wanted unmasked, parts are masked one by one.
    CHECK(count_steps(Function("f", {x}, {g[0], g[1], g[4]}), given, "relu_gradient") == 2);
  }
}

TEST_CASE("a dense layer's update takes its gradient as a product, to the same bits") {
  const auto trained = [](bool apart, int threads) {
    set_num_threads(threads);
    const Value x = input("x", DType::float32, {kUnknown, 300});
    Variable w("w", random({300, 250}, 1)), v("v", Tensor::zeros(DType::float32, {300, 250}));
    const Value y = ops::relu(ops::matmul(x, w.value()));
    const Value gradient = gradients(ops::sum(ops::square(y)), {w.value()})[0];
    const auto update = ops::momentum_update(w.value(), v.value(), gradient, constant(Tensor::scalar(1e-3)), 0.9);
    std::vector<Value> outputs{ops::sum(y)};
    if (apart) outputs.push_back(gradient);
    const Function f("f", {x}, outputs, {{w, update[0]}, {v, update[1]}});
    const std::vector<Tensor> given = {random({8, 300}, 3)};
    CHECK(count_steps(f, given, "matmul_momentum_update") == (apart ? 0 : 1));
    CHECK(count_steps(f, given, "commit") == 0);
    for (int step = 0; step < 3; ++step) f.run(given);
    return w.read();
  };
  const int threads = num_threads();
  const Tensor want = trained(true, 1), one = trained(false, 1), three = trained(false, 3);
  CHECK(std::memcmp(one.data(), want.data(), want.bytes()) == 0);
  CHECK(std::memcmp(three.data(), want.data(), want.bytes()) == 0);
  set_num_threads(threads);
}

TEST_CASE("results written past the caches are those of float64") {
  // 66 * 32 * 32 * 64 floats are more than the 16 MB from which on they are.
  const Shape shape{66, 32, 32, 64};
  const Tensor x = random(shape, 1), r = random(shape, 2), w = random({3, 3, 64, 64}, 3), u = random({64, 64}, 4);
  const Tensor gamma = random({64}, 5), beta = random({64}, 6);
  const auto results = [&](DType dtype) {
    const auto typed = [&](const Tensor& tensor) { return ops::cast(constant(tensor), dtype); };
    const Value given = typed(x), beside = typed(r);
    const Value weights = ops::reshape(typed(u), {1, 1, 64, 64});
    const ops::BatchNormResult normal = ops::batch_norm_train(given, typed(gamma), typed(beta), 1e-3);
    std::vector<Value> all = {ops::relu(ops::add(normal.y, beside)),
                              ops::relu(ops::add(ops::conv(given, typed(w), same_padding()), beside)),
                              ops::relu(ops::add(ops::conv(given, weights), beside)),
                              ops::relu(ops::add(ops::conv_input_gradient(given, weights, given), beside)),
                              ops::relu(ops::add(ops::matmul(ops::reshape(given, {66 * 1024, 64}), typed(u)),
                                                 ops::reshape(beside, {66 * 1024, 64})))};
    for (Value& value : all) value = ops::cast(value, DType::float32);
    return evaluate(all);
  };
  const std::vector<Tensor> got = results(DType::float32), want = results(DType::float64);
  for (size_t i = 0; i < got.size(); ++i)
    check_close(got[i], want[i], i == 1 ? 5e-4 : 2e-5);  // Winograd's of 576 terms
}
