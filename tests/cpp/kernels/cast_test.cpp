// Conversions between all pairs of types, exactly.
#include "kernels/cast.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

template <class To, class From>
To reference(From v) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Limits = std::numeric_limits<To>;
    if (std::isnan(v)) return 0;
    const long double t = std::trunc(static_cast<long double>(v));
    if (t < static_cast<long double>(Limits::min())) return Limits::min();
    if (t > static_cast<long double>(Limits::max())) return Limits::max();
    return static_cast<To>(t);
  } else {
    return static_cast<To>(v);
  }
}

template <class T>
constexpr ElementType kType = ElementType::float32;
template <>
constexpr ElementType kType<double> = ElementType::float64;
template <>
constexpr ElementType kType<int32_t> = ElementType::int32;
template <>
constexpr ElementType kType<int64_t> = ElementType::int64;
template <>
constexpr ElementType kType<uint8_t> = ElementType::uint8;

template <class From>
std::vector<From> inputs(int64_t n) {
  std::vector<From> x;
  const std::vector<double> specials = {0,
                                        -0.0,
                                        0.5,
                                        -0.5,
                                        1.9,
                                        -1.9,
                                        254.9,
                                        255,
                                        255.5,
                                        256,
                                        -1,
                                        1e9,
                                        2147483647.0,
                                        2147483648.0,
                                        -2147483648.0,
                                        -2147483649.0,
                                        3e9,
                                        9.2e18,
                                        9223372036854775808.0,
                                        -9223372036854775808.0,
                                        -1e19,
                                        1e30,
                                        kInf,
                                        -kInf,
                                        kNaN};
  for (int64_t i = 0; i < n; ++i) {
    const double v = specials[i % specials.size()];
    if constexpr (std::is_floating_point_v<From>)
      x.push_back(From(v));
    else
      x.push_back(From(i * 2654435761 - 77));
  }
  return x;
}

template <class To, class From>
void check_cast() {
  for (int64_t n : {1, 7, 25, 70001}) {
    const CastShape s{kType<From>, kType<To>, n};
    const auto x = inputs<From>(n);
    std::vector<To> want;
    for (From v : x) want.push_back(reference<To>(v));
    for_each_kernel(Family::cast, int(CastFunction::cast), &s,
                    [&](const Kernel& kernel, const std::string& label, auto*) {
                      INFO(label, " from ", int(s.from), " to ", int(s.to), " n=", n);
                      const auto got = values_of<To>(call(kernel, &s, {bytes_of(x)}, {n * int64_t(sizeof(To))})[0]);
                      for (int64_t i = 0; i < n; ++i) {
                        if (got[i] == want[i] || (got[i] != got[i] && want[i] != want[i])) continue;
                        FAIL_CHECK("element ", i, ": ", x[i], " became ", +got[i], ", want ", +want[i]);
                        break;
                      }
                    });
  }
}

template <class From>
void check_from() {
  check_cast<float, From>();
  check_cast<double, From>();
  check_cast<int32_t, From>();
  check_cast<int64_t, From>();
  check_cast<uint8_t, From>();
}

TEST_CASE("cast: every pair of types") {
  check_from<float>();
  check_from<double>();
  check_from<int32_t>();
  check_from<int64_t>();
  check_from<uint8_t>();
}

TEST_CASE("increment counts, in place too") {
  const IncrementShape s{3, 41};
  const std::vector<int64_t> x = {-41, 0, int64_t{1} << 40};
  for_each_kernel(Family::cast, int(CastFunction::increment), &s,
                  [&](const Kernel& kernel, const std::string& label, auto*) {
                    INFO(label);
                    const auto y = values_of<int64_t>(call(kernel, &s, {bytes_of(x)}, {24}, {{0, 0}})[0]);
                    CHECK(y == std::vector<int64_t>{0, 41, (int64_t{1} << 40) + 41});
                  });
}

}  // namespace
