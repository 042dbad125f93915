// Elementwise kernels of every ISA: each operation on each kind of broadcasting. All here is exact, since the reference
// computes in T too (exp, log, tanh and sigmoid are in math_test.cpp).
#include "kernels/elementwise.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

template <class T>
T reference(UnaryOp op, T x) {
  switch (op) {
    case UnaryOp::negate:
      return -x;
    case UnaryOp::sqrt:
      return std::sqrt(x);
    case UnaryOp::square:
      return x * x;
    case UnaryOp::abs:
      return std::abs(x);
    case UnaryOp::reciprocal:
      return 1 / x;
    case UnaryOp::sign:
      return std::isnan(x) ? x : T((x > 0) - (x < 0));
    default:
      return x < 0 ? 0 : x;  // relu
  }
}

template <class T>
T reference(BinaryOp op, T a, T b) {
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::subtract:
      return a - b;
    case BinaryOp::multiply:
      return a * b;
    case BinaryOp::divide:
      return a / b;
    case BinaryOp::maximum:
      return std::isnan(a) || std::isnan(b) ? T(kNaN) : std::max(a, b);
    case BinaryOp::minimum:
      return std::isnan(a) || std::isnan(b) ? T(kNaN) : std::min(a, b);
    case BinaryOp::equal:
      return a == b;
    case BinaryOp::not_equal:
      return a != b;
    case BinaryOp::less:
      return a < b;
    case BinaryOp::less_equal:
      return a <= b;
    case BinaryOp::greater:
      return a > b;
    case BinaryOp::greater_equal:
      return a >= b;
    case BinaryOp::relu_gradient:
      return a > 0 ? b : 0;
    case BinaryOp::sigmoid_gradient:
      return b * a * (1 - a);
    default:
      return b * (1 - a * a);  // tanh_gradient
  }
}

constexpr BinaryOp kBinaryOps[] = {BinaryOp::add,           BinaryOp::subtract,         BinaryOp::multiply,
                                   BinaryOp::divide,        BinaryOp::maximum,          BinaryOp::minimum,
                                   BinaryOp::equal,         BinaryOp::not_equal,        BinaryOp::less,
                                   BinaryOp::less_equal,    BinaryOp::greater,          BinaryOp::greater_equal,
                                   BinaryOp::relu_gradient, BinaryOp::sigmoid_gradient, BinaryOp::tanh_gradient};

// Some values meet NaN, the infinities, both zeros and their equals.
std::vector<double> with_specials(std::vector<double> values, uint64_t phase) {
  const double specials[] = {kNaN, kInf, -kInf, 0.0, -0.0, 1.0, -1.0};
  for (size_t i = 0; i < values.size(); i += 3) values[i] = specials[(i / 3 * 5 + phase) % 7];
  return values;
}

template <class T>
std::vector<double> as_doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

TEST_CASE("unary: every operation, sizes around vectors and items") {
  for (UnaryOp op : {UnaryOp::negate, UnaryOp::sqrt, UnaryOp::square, UnaryOp::abs, UnaryOp::reciprocal, UnaryOp::sign,
                     UnaryOp::relu})
    for (int64_t n : {1, 2, 7, 16, 31, 33, 64, 40003}) {
      const UnaryShape s{op, n};
      const auto x = with_specials(reals(n, 1), 0);
      for_each_kernel(
          Family::elementwise, int(ElementwiseFunction::unary), &s,
          [&](const Kernel& kernel, const std::string& label, auto* type) {
            using T = TypeOf<decltype(type)>;
            INFO(label, " op ", int(op), " n=", n);
            std::vector<double> want;
            for (double v : x) want.push_back(double(reference(op, T(v))));
            check_equal(values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {n * int64_t(sizeof(T))}, {{0, 0}})[0]), want);
          });
    }
}

// One way of broadcasting: sizes of y, and per axis whether a and b have it.
struct Case {
  std::vector<int64_t> size;
  std::vector<int> in_a, in_b;
};

struct Operand {
  std::vector<int64_t> stride;
  int64_t elements = 1;
};
Operand operand(const std::vector<int64_t>& size, const std::vector<int>& present) {
  Operand o;
  o.stride.resize(size.size());
  for (size_t axis = size.size(); axis-- > 0;) {
    o.stride[axis] = present[axis] ? o.elements : 0;
    if (present[axis]) o.elements *= size[axis];
  }
  return o;
}

std::vector<Case> cases() {
  std::vector<Case> all = {{{1}, {1}, {1}},
                           {{40003}, {1}, {1}},
                           {{19}, {1}, {0}},
                           {{19}, {0}, {1}},
                           {{40003}, {0}, {1}},
                           {{5}, {0}, {0}},
                           {{5, 4, 3}, {1, 0, 1}, {0, 1, 1}},
                           {{3, 5, 7}, {1, 1, 0}, {1, 0, 1}},
                           {{2, 3, 2, 3, 5}, {1, 0, 1, 0, 1}, {0, 1, 0, 1, 0}}};
  for (int64_t c : kChannels) {
    all.push_back({{13, c}, {1, 1}, {0, 1}});  // (n, c) + (c)
    all.push_back({{13, c}, {0, 1}, {1, 1}});
    all.push_back({{13, c}, {1, 1}, {1, 0}});  // (n, c) - (n, 1)
    all.push_back({{13, c}, {1, 0}, {0, 1}});  // outer product
  }
  all.push_back({{3000, 20}, {1, 1}, {0, 1}});
  return all;
}

// Offset of y's element i in an operand.
int64_t offset(const Case& c, const Operand& o, int64_t i) {
  int64_t at = 0;
  for (size_t axis = c.size.size(); axis-- > 0;) {
    at += i % c.size[axis] * o.stride[axis];
    i /= c.size[axis];
  }
  return at;
}

int64_t elements(const Case& c) { return operand(c.size, std::vector<int>(c.size.size(), 1)).elements; }

TEST_CASE("binary: every operation, every broadcasting") {
  for (const Case& c : cases())
    for (BinaryOp op : kBinaryOps) {
      const Operand a = operand(c.size, c.in_a), b = operand(c.size, c.in_b);
      const int64_t n = elements(c);
      BinaryShape s{op, int(c.size.size()), {}, {}, {}};
      std::copy(c.size.begin(), c.size.end(), s.size);
      std::copy(a.stride.begin(), a.stride.end(), s.stride_a);
      std::copy(b.stride.begin(), b.stride.end(), s.stride_b);
      const auto va = with_specials(reals(a.elements, 1), 0), vb = with_specials(reals(b.elements, 2), 3);
      InPlace in_place;
      if (a.elements == n) in_place.push_back({0, 0});
      if (b.elements == n && in_place.empty()) in_place.push_back({0, 1});
      for_each_kernel(
          Family::elementwise, int(ElementwiseFunction::binary), &s,
          [&](const Kernel& kernel, const std::string& label, auto* type) {
            using T = TypeOf<decltype(type)>;
            INFO(label, " op ", int(op), " rank ", s.rank, " last ", c.size.back());
            std::vector<double> want(n);
            for (int64_t i = 0; i < n; ++i)
              want[i] = double(reference(op, T(va[offset(c, a, i)]), T(vb[offset(c, b, i)])));
            const auto got = call(kernel, &s, {reals_as<T>(va), reals_as<T>(vb)}, {n * int64_t(sizeof(T))}, in_place);
            check_equal(values_of<T>(got[0]), want);
          });
    }
}

TEST_CASE("binary: an operand read across its rows") {
  // b is a transposed view: stride 1 down, 5 across.
  const BinaryShape s{BinaryOp::subtract, 2, {5, 19}, {19, 1}, {1, 5}};
  const auto a = reals(95, 1), b = reals(95, 2);
  for_each_kernel(Family::elementwise, int(ElementwiseFunction::binary), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label);
                    std::vector<double> want(95);
                    for (int64_t i = 0; i < 5; ++i)
                      for (int64_t j = 0; j < 19; ++j) want[i * 19 + j] = double(T(a[i * 19 + j]) - T(b[j * 5 + i]));
                    check_equal(
                        values_of<T>(call(kernel, &s, {reals_as<T>(a), reals_as<T>(b)}, {95 * int64_t(sizeof(T))})[0]),
                        want);
                  });
}

TEST_CASE("where: the condition decides, NaN counts as true") {
  for (const Case& c : cases()) {
    const Operand full = operand(c.size, std::vector<int>(c.size.size(), 1));
    const Operand a = operand(c.size, c.in_a), b = operand(c.size, c.in_b);
    const int64_t n = full.elements;
    WhereShape s{int(c.size.size()), {}, {}, {}, {}};
    std::copy(c.size.begin(), c.size.end(), s.size);
    std::copy(full.stride.begin(), full.stride.end(), s.stride_c);
    std::copy(a.stride.begin(), a.stride.end(), s.stride_a);
    std::copy(b.stride.begin(), b.stride.end(), s.stride_b);
    auto condition = whole_numbers(n, 3);
    if (n > 4) condition[4] = kNaN;
    const auto va = with_specials(reals(a.elements, 1), 0), vb = with_specials(reals(b.elements, 2), 3);
    std::vector<double> want(n);
    for (int64_t i = 0; i < n; ++i) want[i] = condition[i] != 0 ? va[offset(c, a, i)] : vb[offset(c, b, i)];
    for_each_kernel(Family::elementwise, int(ElementwiseFunction::where), &s,
                    [&](const Kernel& kernel, const std::string& label, auto* type) {
                      using T = TypeOf<decltype(type)>;
                      INFO(label, " rank ", s.rank, " last ", c.size.back());
                      const auto got = call(kernel, &s, {reals_as<T>(condition), reals_as<T>(va), reals_as<T>(vb)},
                                            {n * int64_t(sizeof(T))}, {{0, 0}});
                      check_equal(values_of<T>(got[0]), want);
                    });
  }
}

}  // namespace
