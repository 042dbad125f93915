// Types through unknown sizes, and the words in which ops refuse what does not fit.
#include <doctest/doctest.h>

#include <limits>

#include "core/check.h"
#include "graph/node.h"
#include "ops/families.h"
#include "ops/window.h"
#include "striate/function.h"
#include "striate/ops.h"

using namespace striate;

namespace {

constexpr int64_t None = kUnknown;

Value value(const Shape& shape, DType dtype = DType::float32) { return input("x", dtype, shape); }

std::vector<ValueType> types_of(const Sample& sample) {
  std::vector<ValueType> types;
  for (const Tensor& tensor : sample.inputs) types.push_back({tensor.dtype(), tensor.shape()});
  return types;
}

ValueType forget(const ValueType& type, bool all) {
  Shape shape = type.shape;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (all || axis == 0) shape = shape.with(axis, kUnknown);
  return {type.dtype, shape};
}

// What is inferred from less must not contradict what is inferred from all, and a run must keep to it.
template <class OpType>
void check_inference() {
  for (const Sample& sample : OpType::samples()) {
    CAPTURE(attributes_text(*sample.op));
    const std::vector<ValueType> known = sample.op->infer(types_of(sample));
    for (bool all : {false, true}) {
      std::vector<ValueType> inputs;
      for (const ValueType& type : types_of(sample)) inputs.push_back(forget(type, all));
      const std::vector<ValueType> partial = sample.op->infer(inputs);
      REQUIRE(partial.size() == known.size());
      for (size_t i = 0; i < known.size(); ++i) {
        CHECK(partial[i].dtype == known[i].dtype);
        CHECK_MESSAGE(compatible(known[i].shape, partial[i].shape), known[i].shape.text(), partial[i].shape.text());
      }
    }
    std::vector<Value> inputs;
    for (const ValueType& type : types_of(sample)) inputs.push_back(input("x", type.dtype, type.shape));
    const auto node = make_node(sample.op, inputs);
    std::vector<Value> outputs;
    for (size_t i = 0; i < node->types.size(); ++i) outputs.emplace_back(node, static_cast<int>(i));
    const std::vector<Tensor> results = Function("run", inputs, outputs).run(sample.inputs);
    for (size_t i = 0; i < known.size(); ++i) {
      CHECK(results[i].dtype() == known[i].dtype);
      CHECK(results[i].shape() == known[i].shape);
    }
    const Cost cost = sample.op->cost(types_of(sample), known);
    CHECK(cost.flops >= 0);
    CHECK(cost.bytes > 0);
  }
}

ops::Padding explicit_padding(std::vector<int64_t> lo, std::vector<int64_t> hi) {
  return {"explicit", std::move(lo), std::move(hi)};
}

int64_t pooled_size(int64_t n, int64_t window, int64_t stride, int64_t lo, int64_t hi, bool ceil_mode) {
  Windows windows;
  windows.size = {window};
  windows.strides = {stride};
  windows.padding = "explicit";
  windows.pad_lo = {lo};
  windows.pad_hi = {hi};
  windows.ceil_mode = ceil_mode;
  return place_windows("max_pool", {1, n, 1}, windows).out[0];
}

}  // namespace

TEST_CASE("every op infers through unknown sizes what it infers from known ones"){
#define STRIATE_OP(Type) \
  SUBCASE(std::string(Type::kName).c_str()) { check_inference<Type>(); }
#include "ops/ops.inc"
#undef STRIATE_OP
}

TEST_CASE("unknown sizes pass through and cancel") {
  CHECK(ops::add(value({None, 3}), value({3})).shape() == Shape{None, 3});
  CHECK(ops::add(value({None, 1}), value({7, 3})).shape() == Shape{7, 3});
  CHECK(ops::reshape(value({None, 7, 7, 64}), {0, -1}).shape() == Shape{None, 3136});
  CHECK(ops::reshape(value({None, 10}), {-1, 5}).shape() == Shape{None, 5});
  CHECK(ops::reshape(value({2, None}), {0, 0, 1}).shape() == Shape{2, None, 1});
  CHECK(ops::matmul(value({None, 5}), value({5, 7})).shape() == Shape{None, 7});
  CHECK(ops::conv(value({None, None, 28, 1}), value({3, 3, 1, 8})).shape() == Shape{None, None, 26, 8});
  ops::ConvOptions same;
  same.strides = {2, 2};
  same.padding.mode = "same";
  CHECK(ops::conv(value({None, 7, None, 1}), value({3, 3, 1, 8}), same).shape() == Shape{None, 4, None, 8});
  CHECK(ops::mean(value({None, 4, 5, 3}), {1, 2}).shape() == Shape{None, 3});
  CHECK(ops::concatenate({value({None, 2}), value({4, None})}, 1).shape() == Shape{4, None});
  CHECK(ops::cross_entropy(value({None, 10}), value({None, 1}, DType::int64)).shape() == Shape{None});
}

TEST_CASE("window sizes are those of the textbook") {
  CHECK(pooled_size(7, 3, 3, 0, 0, false) == 2);
  CHECK(pooled_size(7, 3, 3, 0, 0, true) == 3);
  CHECK(pooled_size(5, 3, 2, 1, 1, false) == 3);
  CHECK(pooled_size(6, 2, 2, 0, 0, true) == 3);  // fits: nothing to round
  CHECK(pooled_size(6, 3, 2, 0, 0, true) == 3);  // the last one starts at 4 and holds 2 cells
  CHECK(pooled_size(5, 2, 3, 1, 1, true) == 2);  // a third window would start at 6 = 5 + 1, in the padding
}

TEST_CASE("windows that do not fit are refused with the arithmetic") {
  ops::PoolOptions pool;
  pool.window = {3, 3};
  CHECK_THROWS_WITH_AS(
      ops::max_pool(value({8, 2, 2, 64}), pool),
      doctest::Contains("[max_pool] window (3, 3) is larger than the padded input (2, 2): x.shape=(8, "
                        "2, 2, 64), padding=\"valid\". Use padding=\"same\" or a window of at most (2, 2)."),
      Error);
  pool.window = {2, 2};
  pool.padding = explicit_padding({2, 0}, {0, 0});
  CHECK_THROWS_WITH(ops::avg_pool(value({1, 4, 4, 1}), pool), doctest::Contains("not smaller than the window (2, 2)"));
  pool = {};
  pool.window = {2};
  CHECK_THROWS_WITH(ops::max_pool(value({1, 4, 4, 1}), pool),
                    doctest::Contains("window=(2,) has 1 entries for the 2 spatial axes"));
  pool.window = {3, 3};
  pool.strides = {3, 3};
  pool.strict = true;
  CHECK_THROWS_WITH(ops::max_pool(value({1, 7, 7, 1}), pool), doctest::Contains("(7 - 3) / 3 + 1 = 2.33333"));

  ops::ConvOptions conv;
  conv.dilations = {2, 2};
  CHECK_THROWS_WITH(ops::conv(value({1, 4, 4, 1}), value({3, 3, 1, 1}), conv),
                    doctest::Contains("kernel (3, 3) with dilation (2, 2) spans (5, 5)"));
  conv = {};
  conv.groups = 2;
  CHECK_THROWS_WITH(ops::conv(value({1, 4, 4, 2}), value({3, 3, 1, 2}), conv), doctest::Contains("comes later"));
  conv = {};
  CHECK_THROWS_WITH(ops::conv(value({1, 4, 4, 2}), value({3, 3, 3, 8})),
                    doctest::Contains("has 2 channels but kernel.shape=(3, 3, 3, 8) takes 3"));
  CHECK_THROWS_WITH(ops::conv(value({4, 4}), value({3, 3})), doctest::Contains("Expected 3 to 5"));
  CHECK_THROWS_WITH(ops::conv(value({1, 4, 4, 2}), value({3, 2, 8})), doctest::Contains("as many axes as x"));
  conv.padding.mode = "half";
  CHECK_THROWS_WITH(ops::conv(value({1, 4, 4, 2}), value({3, 3, 2, 8}), conv),
                    doctest::Contains("padding=\"half\" is unknown"));
}

TEST_CASE("a transposed convolution gives back the size a convolution took") {
  ops::ConvOptions options;
  options.strides = {2, 3};
  const auto sizes = [&](const Shape& x, std::vector<int64_t> output_padding = {}) {
    return ops::conv_transpose(value(x), value({3, 2, 4, 5}), options, output_padding).shape();
  };
  CHECK(sizes({7, 4, 4, 5}) == Shape{7, 9, 12, 4});
  CHECK(sizes({None, 4, 4, 5}, {1, 0}) == Shape{None, 10, 11, 4});
  CHECK(sizes({1, None, 4, None}) == Shape{1, None, 12, 4});
  options.padding.mode = "same";
  CHECK(sizes({1, 4, 4, 5}) == Shape{1, 8, 12, 4});
  CHECK(sizes({1, 4, 4, 5}, {0, 2}) == Shape{1, 7, 11, 4});
  options.padding = explicit_padding({1, 0}, {0, 1});
  CHECK(sizes({1, 4, 4, 5}, {1, 1}) == Shape{1, 9, 11, 4});
  CHECK_THROWS_WITH(sizes({1, 4, 4, 5}, {2, 0}),
                    doctest::Contains("output_padding=(2, 0) is not smaller than strides"));
  CHECK_THROWS_WITH(sizes({1, 4, 4, 5}, {0}), doctest::Contains("has 1 entries for the 2 spatial axes"));
  CHECK_THROWS_WITH(sizes({1, 4, 4, 2}), doctest::Contains("[conv_transpose] x.shape=(1, 4, 4, 2) has 2 channels but"));
  CHECK_THROWS_WITH(sizes({1, 4, 5}), doctest::Contains("Expected a kernel (spatial..., c_out, c_in)"));
  options.padding = explicit_padding({2, 0}, {1, 0});
  CHECK_THROWS_WITH(sizes({1, 1, 4, 5}), doctest::Contains("axis 1 of x.shape=(1, 1, 4, 5) becomes 0"));
}

TEST_CASE("shapes and types that do not fit are refused with what was received") {
  CHECK_THROWS_WITH_AS(ops::add(value({2, 3}), value({4})),
                       doctest::Contains("[add] shapes (2, 3) and (4,) do not broadcast"), Error);
  CHECK_THROWS_WITH(ops::add(value({2}), value({2}, DType::float64)),
                    doctest::Contains("a is float32 but b is float64"));
  CHECK_THROWS_WITH(ops::exp(value({2}, DType::int32)), doctest::Contains("[exp] x is int32. Expected float32 or"));
  CHECK_THROWS_WITH(ops::matmul(value({2, 3}), value({4, 5})), doctest::Contains("has 3 columns but b.shape=(4, 5)"));
  CHECK_THROWS_WITH(ops::matmul(value({3}), value({3, 5})), doctest::Contains("Expected at least 2"));
  CHECK_THROWS_WITH(ops::reshape(value({2, 3}), {4, -1}), doctest::Contains("6 elements do not divide by 4"));
  CHECK_THROWS_WITH(ops::reshape(value({2, 3}), {5}), doctest::Contains("6 elements do not make 5"));
  CHECK_THROWS_WITH(ops::reshape(value({2, 3}), {-1, -1}), doctest::Contains("more than one -1"));
  CHECK_THROWS_WITH(ops::transpose(value({2, 3}), {0, 0}), doctest::Contains("Expected a permutation"));
  CHECK_THROWS_WITH(ops::concatenate({value({2, 3}), value({4, 5})}, 1), doctest::Contains("does not join"));
  CHECK_THROWS_WITH(ops::concatenate({}, 1), doctest::Contains("got no values"));
  CHECK_THROWS_WITH(ops::crop(value({3, 3}), {2, 0}, {1, 0}), doctest::Contains("3 - 2 - 1 = 0"));
  CHECK_THROWS_WITH(ops::pad(value({3}), {3}, {0}, "reflect"), doctest::Contains("Expected a size of at least 4"));
  CHECK_THROWS_WITH(ops::pad(value({3}), {1}, {0}, "wrap"), doctest::Contains("mode=\"wrap\" is unknown"));
  CHECK_THROWS_WITH(ops::sum(value({2, 3}), {2}), doctest::Contains("axis 2 is out of range"));
  CHECK_THROWS_WITH(ops::sum(value({2, 3}), {1, -1}), doctest::Contains("name an axis twice"));
  CHECK_THROWS_WITH(ops::mean(value({0, 3}), {0}), doctest::Contains("axis 0 is empty"));
  CHECK_THROWS_WITH(ops::dropout(value({3}), value({2}, DType::int64), 1, 0), doctest::Contains("rate=1"));
  CHECK_THROWS_WITH(ops::batch_norm_train(value({4, 3}), value({4}), value({3})),
                    doctest::Contains("gamma.shape=(4,) does not fit. Expected (3,), one for each channel"));
  CHECK_THROWS_WITH(ops::cross_entropy(value({4, 3}), value({4, 3}, DType::int32)),
                    doctest::Contains("Cast one-hot labels to float32"));
  CHECK_THROWS_WITH(ops::cross_entropy(value({4, 3}), value({5}, DType::int32)),
                    doctest::Contains("labels.shape=(5,)"));
  CHECK_THROWS_WITH(ops::increment(value({})), doctest::Contains("Expected int64, a counter"));
  CHECK_THROWS_WITH(ops::sgd_update(value({3}), value({4}), value({})), doctest::Contains("the weight's shape"));
}

TEST_CASE("numbers with which no size can be computed are refused") {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max(), k30 = int64_t{1} << 30, k32 = int64_t{1} << 32;
  const char *steps = "and at most 1073741824", *elements = "more elements than memory could ever hold";
  CHECK_THROWS_WITH_AS(ops::reshape(value({4, 4}), {k32, k32, -1}), doctest::Contains(elements), Error);
  CHECK_THROWS_WITH(ops::crop(value({4, 4}), {kMost, 0}, {kMost, 0}), doctest::Contains(steps));
  CHECK_THROWS_WITH(ops::pad(value({4, 4}), {kMost, 0}, {kMost, 0}), doctest::Contains(steps));
  CHECK_THROWS_WITH(ops::pad(value({1, 4, 4}), {0, k30, k30}, {0, k30, k30}), doctest::Contains(elements));
  CHECK_THROWS_WITH(value({0, k32, k32}), doctest::Contains(elements));
  const Value x = value({1, 8, 1}), kernel = value({9, 1, 1});
  ops::ConvOptions conv;
  conv.padding.mode = "same";
  conv.strides = {kMost};
  CHECK_THROWS_WITH(ops::conv(x, kernel, conv), doctest::Contains(steps));
  CHECK_THROWS_WITH(ops::conv_transpose(x, kernel, conv), doctest::Contains(steps));
  conv = {};
  conv.dilations = {int64_t{1} << 61};
  CHECK_THROWS_WITH(ops::conv(x, kernel, conv), doctest::Contains(steps));
  conv.dilations = {k30};
  CHECK_THROWS_WITH(ops::conv(x, kernel, conv), doctest::Contains("spans (8589934593,)"));
  conv = {};
  conv.padding = explicit_padding({kMost}, {kMost});
  CHECK_THROWS_WITH(ops::conv(x, kernel, conv), doctest::Contains(steps));
  conv = {};
  conv.strides = {k30};
  CHECK_THROWS_WITH(ops::conv_transpose(value({1, k30, 1}), kernel, conv), doctest::Contains(elements));
}

TEST_CASE("errors name the layer they come from") {
  const NameScope scope("dense_1");
  CHECK_THROWS_WITH(ops::matmul(value({2, 3}), value({4, 5})), doctest::Contains("(layer 'dense_1')"));
}
