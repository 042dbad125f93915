// Values of ops whose lowering is more than one plain kernel call, against loops over indices.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "ops/sample.h"
#include "striate/function.h"
#include "striate/ops.h"

using namespace striate;

namespace {

using Index = std::vector<int64_t>;

// All indices of a shape in row-major order.
template <class Visit>
void for_each_index(const Shape& shape, Visit visit) {
  if (shape.elements() == 0) return;
  Index index(shape.rank(), 0);
  while (true) {
    visit(index);
    int axis = shape.rank() - 1;
    for (; axis >= 0 && ++index[axis] == shape[axis]; --axis) index[axis] = 0;
    if (axis < 0) return;
  }
}

int64_t offset(const Shape& shape, const Index& index) {
  int64_t at = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) at = at * shape[axis] + index[axis];
  return at;
}

double at(const Tensor& x, const Index& index) { return x.as<double>()[offset(x.shape(), index)]; }

Tensor run(const Value& value) { return evaluate({value})[0]; }

// y[index] must be expected(index), exactly.
template <class Expected>
void check_values(const Tensor& y, Expected expected) {
  for_each_index(y.shape(), [&](const Index& index) {
    CAPTURE(offset(y.shape(), index));
    CHECK(at(y, index) == expected(index));
  });
}

}  // namespace

TEST_CASE("broadcasting repeats along any axes") {
  const Tensor a = uniform_sample({4, 1, 3}, 1), b = uniform_sample({2, 1, 5, 1}, 2), c = uniform_sample({3}, 3);
  const Tensor sum = run(ops::add(constant(a), constant(b)));
  REQUIRE(sum.shape() == Shape{2, 4, 5, 3});
  check_values(sum, [&](const Index& i) { return at(a, {i[1], 0, i[3]}) + at(b, {i[0], 0, i[2], 0}); });
  const Tensor chosen =
      run(ops::where(ops::greater(constant(a), constant(Tensor::scalar(0, DType::float64))), constant(b), constant(c)));
  check_values(chosen, [&](const Index& i) {
    return at(a, {i[1], 0, i[3]}) > 0 ? at(b, {i[0], 0, i[2], 0}) : at(c, {i[3]});
  });
  const Tensor repeated = run(ops::broadcast_like(constant(a), constant(sum)));
  check_values(repeated, [&](const Index& i) { return at(a, {i[1], 0, i[3]}); });
}

TEST_CASE("reductions over axes that lie apart agree with loops") {
  const Shape shape{3, 2, 5, 1, 4};
  const Tensor x = uniform_sample(shape, 1);
  for (const std::vector<int64_t>& axes :
       {Index{}, Index{0}, Index{1, 2}, Index{0, 2}, Index{0, 2, 4}, Index{1, 4}, Index{3}, Index{-1, 0}}) {
    CAPTURE(axes.size());
    std::vector<bool> reduced(5, axes.empty());
    for (int64_t axis : axes) reduced[axis < 0 ? axis + 5 : axis] = true;
    const Tensor sum = run(ops::sum(constant(x), axes, true)), mean = run(ops::mean(constant(x), axes, true));
    const Tensor max = run(ops::max(constant(x), axes, true)), min = run(ops::min(constant(x), axes, true));
    const Tensor flat = run(ops::sum(constant(x), axes));
    CHECK(flat.elements() == sum.elements());
    for_each_index(sum.shape(), [&](const Index& kept) {
      double total = 0, largest = -1e9, smallest = 1e9;
      int64_t count = 0;
      for_each_index(shape, [&](const Index& i) {
        for (int axis = 0; axis < 5; ++axis)
          if (!reduced[axis] && i[axis] != kept[axis]) return;
        total += at(x, i);
        largest = std::max(largest, at(x, i));
        smallest = std::min(smallest, at(x, i));
        ++count;
      });
      // 120 additions of values below 1: 120 * 120 * 1.1e-16 bounds the difference of two orders.
      CHECK(std::abs(at(sum, kept) - total) < 1.6e-12);
      CHECK(at(sum, kept) == flat.as<double>()[offset(sum.shape(), kept)]);
      CHECK(std::abs(at(mean, kept) - total / static_cast<double>(count)) < 1.6e-12);
      CHECK(at(max, kept) == largest);
      CHECK(at(min, kept) == smallest);
    });
  }
}

TEST_CASE("argmax finds the first maximum along any axis") {
  const Tensor x = Tensor::of<double>({2, 3, 2}, std::vector<double>{1, 5, 7, 5, 7, 2, /**/ 0, 0, -1, 3, -2, 3});
  const Tensor middle = run(ops::argmax(constant(x), 1));
  REQUIRE(middle.shape() == Shape{2, 2});
  const std::vector<int64_t> expected{1, 0, 0, 1};
  for (int i = 0; i < 4; ++i) CHECK(middle.as<int64_t>()[i] == expected[i]);
  CHECK(run(ops::argmax(constant(x), -1)).as<int64_t>()[2] == 0);
}

TEST_CASE("transposing moves every element, of any type") {
  const Tensor x = uniform_sample({2, 3, 5, 7}, 1);
  check_values(run(ops::transpose(constant(x), {3, 1, 0, 2})), [&](const Index& i) {
    return at(x, {i[2], i[1], i[3], i[0]});
  });
  for (DType dtype : {DType::float32, DType::int32, DType::int64, DType::uint8}) {
    std::vector<int64_t> counting(6);
    std::iota(counting.begin(), counting.end(), 0);
    const Tensor y = run(ops::transpose(constant(integer_sample({2, 3}, dtype, counting)), {1, 0})).cast(DType::int64);
    for (int i = 0; i < 6; ++i) CHECK(y.as<int64_t>()[i] == (i % 2) * 3 + i / 2);
  }
}

TEST_CASE("concatenating puts parts side by side along any axis") {
  for (int axis : {0, 1, 2}) {
    CAPTURE(axis);
    std::vector<Tensor> parts;
    for (int64_t size : {3, 1, 4}) parts.push_back(uniform_sample(Shape{2, 5, 3}.with(axis, size), size));
    const Tensor y = run(ops::concatenate({constant(parts[0]), constant(parts[1]), constant(parts[2])}, axis));
    check_values(y, [&](const Index& i) {
      Index own = i;
      size_t part = 0;
      for (; own[axis] >= parts[part].shape()[axis]; ++part) own[axis] -= parts[part].shape()[axis];
      return at(parts[part], own);
    });
  }
}

TEST_CASE("padding fills, repeats the edge or mirrors; cropping takes it off again") {
  const Tensor x = uniform_sample({3, 4, 2}, 1);
  const Index lo{1, 3, 0}, hi{2, 0, 1};
  for (const std::string mode : {"constant", "replicate", "reflect"}) {
    CAPTURE(mode);
    const Tensor y = run(ops::pad(constant(x), lo, hi, mode, 0.25));
    REQUIRE(y.shape() == Shape{6, 7, 3});
    check_values(y, [&](const Index& i) {
      Index source = i;
      for (int axis = 0; axis < 3; ++axis) {
        int64_t& at = source[axis];
        const int64_t last = x.shape()[axis] - 1;
        at -= lo[axis];
        if (at >= 0 && at <= last) continue;
        if (mode == "constant") return 0.25;
        if (mode == "replicate")
          at = at < 0 ? 0 : last;
        else
          at = at < 0 ? -at : 2 * last - at;
      }
      return at(x, source);
    });
    check_values(run(ops::crop(constant(y), lo, hi)), [&](const Index& i) { return at(x, i); });
  }
  const Tensor labels = run(ops::pad(constant(integer_sample({2}, DType::int32, {5, 6})), {1}, {2}, "constant", -3));
  const std::vector<int32_t> expected{-3, 5, 6, -3, -3};
  for (int i = 0; i < 5; ++i) CHECK(labels.as<int32_t>()[i] == expected[i]);
}

TEST_CASE("softmax works along any axis") {
  const Tensor x = uniform_sample({2, 5, 3}, 1, -4, 4);
  const Tensor y = run(ops::softmax(constant(x), 1)), log_y = run(ops::log_softmax(constant(x), 1));
  for_each_index(x.shape(), [&](const Index& i) {
    double sum = 0;
    for (int64_t k = 0; k < 5; ++k) sum += std::exp(at(x, {i[0], k, i[2]}));
    CHECK(at(y, i) == doctest::Approx(std::exp(at(x, i)) / sum).epsilon(1e-14));
    CHECK(at(log_y, i) == doctest::Approx(at(x, i) - std::log(sum)).epsilon(1e-13));
  });
}

TEST_CASE("class numbers of any integer type and either shape give one loss") {
  const Value x = constant(uniform_sample({3, 5}, 1, -2, 2));
  const Tensor expected = run(ops::cross_entropy(x, constant(integer_sample({3}, DType::int32, {4, 0, 2})), true));
  for (DType dtype : {DType::int64, DType::uint8, DType::int32})
    for (const Shape& shape : {Shape{3}, Shape{3, 1}}) {
      const Tensor loss = run(ops::cross_entropy(x, constant(integer_sample(shape, dtype, {4, 0, 2})), true));
      check_values(loss, [&](const Index& i) { return at(expected, i); });
    }
}

TEST_CASE("sizes, counts and fills are exact in every type") {
  const Value x = input("x", DType::float32, {kUnknown, 3});
  for (DType dtype : {DType::float32, DType::float64, DType::int32, DType::int64, DType::uint8}) {
    const Function f("sizes", {x},
                     {ops::size_of(x, 0, dtype), ops::count_like(x, dtype), ops::ones_like(ops::cast(x, dtype))});
    for (int64_t n : {1, 7, 32}) {
      const auto results = f.run({Tensor::zeros(DType::float32, {n, 3})});
      CHECK(results[0].item() == n);
      CHECK(results[1].item() == 3 * n);
      CHECK(results[2].slice(n - 1, n).cast(DType::int64).as<int64_t>()[2] == 1);
    }
  }
}

// No attribute holds a batch size: one traced step runs for any, and gives what separate samples give.
TEST_CASE("one traced graph with gradients runs for batches 1, 7 and 32") {
  const Value x = input("x", DType::float64, {kUnknown, 6, 6, 2}), labels = input("labels", DType::int32, {kUnknown});
  const Value kernel = constant(uniform_sample({3, 3, 2, 3}, 1)), bias = constant(uniform_sample({3}, 2)),
              weight = constant(uniform_sample({12, 4}, 3));
  ops::PoolOptions pool;
  pool.window = {2, 2};
  const Value features = ops::max_pool(ops::relu(ops::add(ops::conv(x, kernel), bias)), pool);
  const Value logits = ops::matmul(ops::reshape(features, {0, -1}), weight);
  const Value loss = ops::mean(ops::cross_entropy(logits, labels, true));
  std::vector<Value> outputs = gradients(loss, {x, kernel, bias, weight});
  outputs.push_back(loss);
  const Function step("step", {x, labels}, outputs);
  for (int64_t n : {1, 7, 32}) {
    CAPTURE(n);
    const Tensor images = uniform_sample({n, 6, 6, 2}, 9);
    std::vector<int64_t> classes(n);
    for (int64_t i = 0; i < n; ++i) classes[i] = i % 4;
    const Tensor targets = integer_sample({n}, DType::int32, classes);
    const auto together = step.run({images, targets});
    std::vector<double> sums(5, 0);
    std::vector<Tensor> apart;
    for (int64_t i = 0; i < n; ++i) {
      const auto one = step.run({images.slice(i, i + 1), targets.slice(i, i + 1)});
      for (int k = 1; k < 5; ++k) sums[k] += one[k].as<double>()[0] / static_cast<double>(n);
      CHECK(together[0].as<double>()[i * 72 + 5] == doctest::Approx(one[0].as<double>()[5] / static_cast<double>(n)));
    }
    for (int k = 1; k < 5; ++k) CHECK(together[k].as<double>()[0] == doctest::Approx(sums[k]));
  }
}
