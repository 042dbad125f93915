// exp, log, tanh and sigmoid against the C library in long double: at most 2 ulp in float (tanh: 2.5), 4 in double,
// over dense sweeps of the whole range, and the right limits.
#include <algorithm>

#include "kernels/elementwise.h"
#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

long double exact(UnaryOp op, long double x) {
  switch (op) {
    case UnaryOp::exp:
      return std::exp(x);
    case UnaryOp::log:
      return std::log(x);
    case UnaryOp::tanh:
      return std::tanh(x);
    default:
      return 1 / (1 + std::exp(-x));
  }
}

// |got - want| in units of the last place of want. Results below the least normal number may be flushed to 0.
template <class T>
double ulps(T got, long double want) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(want)) return std::isnan(got) ? 0 : kInf;
  if (std::isinf(static_cast<T>(want))) return got == static_cast<T>(want) ? 0 : kInf;
  if (std::abs(want) < Limits::min()) return std::abs(got) <= Limits::min() ? 0 : kInf;
  int exponent = 0;
  std::frexp(want, &exponent);
  return double(std::abs(static_cast<long double>(got) - want) / std::ldexp(1.0L, exponent - Limits::digits));
}

template <class T>
std::vector<T> sweep(UnaryOp op) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  const auto line = [&](double from, double to, int64_t n) {
    for (int64_t i = 0; i <= n; ++i) x.push_back(T(from + (to - from) * double(i) / double(n)));
  };
  if (op == UnaryOp::log) {
    line(0.3, 3, 60000);
    for (int e = Limits::min_exponent; e < Limits::max_exponent; ++e)
      for (double m : {0.5, 0.6, 0.7071067, 0.7071069, 0.83, 0.999999}) x.push_back(T(std::ldexp(m, e)));
  } else {
    const double far = sizeof(T) == 4 ? 110 : 760;
    line(-far, far, 60000);
    line(-1, 1, 60000);
    line(-20, 20, 60000);
    for (int e = -60; e < 0; ++e)
      for (double m : {-0.9, -0.5, 0.5, 0.9}) x.push_back(T(std::ldexp(m, e)));
  }
  return x;
}

void check_ulps(UnaryOp op, double most = 2) {
  const UnaryShape any{op, 1};
  for_each_kernel(
      Family::elementwise, int(ElementwiseFunction::unary), &any,
      [&](const Kernel& kernel, const std::string& label, auto* type) {
        using T = TypeOf<decltype(type)>;
        INFO(label);
        const std::vector<T> x = sweep<T>(op);
        const UnaryShape s{op, int64_t(x.size())};
        const auto y = values_of<T>(call(kernel, &s, {bytes_of(x)}, {int64_t(x.size() * sizeof(T))}, {{0, 0}})[0]);
        double worst = 0;
        T at = 0;
        for (size_t i = 0; i < x.size(); ++i) {
          const double error = ulps(y[i], exact(op, x[i]));
          if (error > worst) worst = error, at = x[i];
        }
        INFO("worst at ", at);
        CHECK(worst <= (sizeof(T) == 4 ? most : 4));
      });
}

TEST_CASE("exp is within its ulps") { check_ulps(UnaryOp::exp); }
TEST_CASE("log is within its ulps") { check_ulps(UnaryOp::log); }
TEST_CASE("tanh is within its ulps") { check_ulps(UnaryOp::tanh, 2.5); }
TEST_CASE("sigmoid is within its ulps") { check_ulps(UnaryOp::sigmoid); }

TEST_CASE("exp, log, tanh and sigmoid have the right limits") {
  struct Limit {
    UnaryOp op;
    std::vector<double> x, y;
  };
  const double huge = 1e30;
  for (const Limit& limit : std::vector<Limit>{
           {UnaryOp::exp,
            {kInf, -kInf, kNaN, 0, -0.0, huge, -huge, 1000, -1000},
            {kInf, 0, kNaN, 1, 1, kInf, 0, kInf, 0}},
           {UnaryOp::log, {kInf, -kInf, kNaN, 0, -0.0, 1, -1}, {kInf, kNaN, kNaN, -kInf, -kInf, 0, kNaN}},
           {UnaryOp::tanh, {kInf, -kInf, kNaN, 0, huge, -huge}, {1, -1, kNaN, 0, 1, -1}},
           {UnaryOp::sigmoid, {kInf, -kInf, kNaN, 0, huge, -huge}, {1, 0, kNaN, 0.5, 1, 0}}}) {
    const UnaryShape s{limit.op, int64_t(limit.x.size())};
    for_each_kernel(Family::elementwise, int(ElementwiseFunction::unary), &s,
                    [&](const Kernel& kernel, const std::string& label, auto* type) {
                      using T = TypeOf<decltype(type)>;
                      INFO(label, " op ", int(limit.op));
                      check_equal(values_of<T>(call(kernel, &s, {reals_as<T>(limit.x)}, {s.n * int64_t(sizeof(T))})[0]),
                                  limit.y);
                    });
  }
}

TEST_CASE("tanh keeps the sign of zero and never leaves [-1, 1]") {
  const UnaryShape s{UnaryOp::tanh, 4001};
  std::vector<double> x(s.n);
  for (int64_t i = 0; i < s.n; ++i) x[i] = double(i - 2000) / 64;  // 0 is x[2000]
  x[0] = -0.0;
  for_each_kernel(Family::elementwise, int(ElementwiseFunction::unary), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label);
                    const auto y = values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {s.n * int64_t(sizeof(T))})[0]);
                    CHECK(std::signbit(y[0]));
                    CHECK_FALSE(std::signbit(y[2000]));
                    CHECK(*std::max_element(y.begin(), y.end()) <= 1);
                    CHECK(*std::min_element(y.begin(), y.end()) >= -1);
                  });
}

}  // namespace
