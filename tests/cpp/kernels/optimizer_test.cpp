// Optimizer updates on every ISA against double, several steps in place.
#include "kernels/optimizer.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

const std::vector<int64_t> kSizes = {1, 7, 16, 33, 64, 50003};

TEST_CASE("sgd") {
  for (int64_t n : kSizes) {
    const SgdShape s{n};
    const auto w = reals(n, 1), g = reals(n, 2);
    const double rate = 0.0625;
    std::vector<double> want(n);
    for (int64_t i = 0; i < n; ++i) want[i] = w[i] - rate * g[i];
    for_each_kernel(Family::optimizer, int(OptimizerFunction::sgd), &s,
                    [&](const Kernel& kernel, const std::string& label, auto* type) {
                      using T = TypeOf<decltype(type)>;
                      INFO(label, " n=", n);
                      const auto got = call(kernel, &s, {reals_as<T>(w), reals_as<T>(g), reals_as<T>({rate})},
                                            {n * int64_t(sizeof(T))}, {{0, 0}});
                      // The product with 2^-4 is exact, the difference rounds once.
                      check_close(values_of<T>(got[0]), want, [&](size_t) { return epsilon<T>(); });
                    });
  }
}

TEST_CASE("momentum, plain and Nesterov") {
  for (int64_t n : kSizes)
    for (bool nesterov : {false, true}) {
      const MomentumShape s{n, 0.9, nesterov};
      const auto w = reals(n, 1), v = reals(n, 2), g = reals(n, 3);
      for_each_kernel(Family::optimizer, int(OptimizerFunction::momentum), &s,
                      [&](const Kernel& kernel, const std::string& label, auto* type) {
                        using T = TypeOf<decltype(type)>;
                        INFO(label, " n=", n, " nesterov=", nesterov);
                        const double rate = double(T(0.01)), momentum = double(T(0.9));
                        std::vector<double> want_w(n), want_v(n);
                        for (int64_t i = 0; i < n; ++i) {
                          want_v[i] = momentum * v[i] - rate * g[i];
                          want_w[i] = w[i] + (nesterov ? momentum * want_v[i] - rate * g[i] : want_v[i]);
                        }
                        const int64_t bytes = n * int64_t(sizeof(T));
                        const auto got =
                            call(kernel, &s, {reals_as<T>(w), reals_as<T>(v), reals_as<T>(g), reals_as<T>({rate})},
                                 {bytes, bytes}, {{0, 0}, {1, 1}});
                        // At most five roundings of values below 2.
                        check_close(values_of<T>(got[0]), want_w, [&](size_t) { return 5 * epsilon<T>(); });
                        check_close(values_of<T>(got[1]), want_v, [&](size_t) { return 3 * epsilon<T>(); });
                      });
    }
}

TEST_CASE("adam over many steps") {
  for (int64_t n : kSizes) {
    const AdamShape s{n, 0.9, 0.999, 1e-7};
    for_each_kernel(
        Family::optimizer, int(OptimizerFunction::adam), &s,
        [&](const Kernel& kernel, const std::string& label, auto* type) {
          using T = TypeOf<decltype(type)>;
          INFO(label, " n=", n);
          const double rate = double(T(0.001));
          auto w = reals(n, 1);
          std::vector<double> m(n), v(n);
          auto got_w = reals_as<T>(w), got_m = reals_as<T>(m), got_v = reals_as<T>(v);
          for (int64_t step = 0; step < 12; ++step) {
            const auto g = reals(n, 10 + uint64_t(step));
            const double b1 = std::pow(s.beta1, double(step + 1)), b2 = std::pow(s.beta2, double(step + 1));
            for (int64_t i = 0; i < n; ++i) {
              m[i] += (g[i] - m[i]) * (1 - s.beta1);
              v[i] += (g[i] * g[i] - v[i]) * (1 - s.beta2);
              w[i] -= rate * std::sqrt(1 - b2) / (1 - b1) * m[i] / (std::sqrt(v[i]) + s.epsilon);
            }
            const int64_t bytes = n * int64_t(sizeof(T));
            const auto got =
                call(kernel, &s,
                     {got_w, got_m, got_v, reals_as<T>(g), reals_as<T>({rate}), bytes_of(std::vector<int64_t>{step})},
                     {bytes, bytes, bytes}, {{0, 0}, {1, 1}, {2, 2}});
            got_w = got[0], got_m = got[1], got_v = got[2];
            // m and v are averages of at most 1: 4 roundings a step. A step moves w by at most rate * about 3.2, with
            // the relative errors of m (cancelling: absolute over sqrt(v)) and v; w itself rounds once a step.
            const double steps = double(step + 1);
            check_close(values_of<T>(got_m), m, [&](size_t) { return 4 * steps * epsilon<T>(); });
            check_close(values_of<T>(got_v), v, [&](size_t i) { return 4 * steps * epsilon<T>() * (v[i] + 0.001); });
            check_close(values_of<T>(got_w), w,
                        [&](size_t i) { return steps * epsilon<T>() * (1 + rate * 64 / (std::sqrt(v[i]) + 1e-4)); });
          }
        });
  }
}

TEST_CASE("adam's bias correction stays right after millions of steps") {
  const AdamShape s{1, 0.9, 0.999, 0};
  for_each_kernel(
      Family::optimizer, int(OptimizerFunction::adam), &s,
      [&](const Kernel& kernel, const std::string& label, auto* type) {
        using T = TypeOf<decltype(type)>;
        INFO(label);
        const int64_t bytes = sizeof(T);
        const auto move = [&](int64_t step) {
          const Bytes one = reals_as<T>({1}), steps = bytes_of(std::vector<int64_t>{step});
          const auto got = call(kernel, &s, {reals_as<T>({0}), one, one, one, one, steps}, {bytes, bytes, bytes});
          return double(values_of<T>(got[0])[0]);
        };
        CHECK(move(1000) == doctest::Approx(-std::sqrt(1 - std::pow(0.999, 1001))).epsilon(8 * epsilon<T>()));
        CHECK(move(100000000) == -1);
      });
}

}  // namespace
