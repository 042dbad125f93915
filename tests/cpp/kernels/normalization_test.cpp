// Batch normalization on every ISA against two-pass loops in double.
#include "kernels/normalization.h"

#include <algorithm>

#include "kernels/epilogue.h"
#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

struct Data {
  std::vector<double> x, gamma, beta, gy, residual;
};
// Channel j of x has mean `offset` + j % 5 - 2 and a spread of 1 + j % 3.
Data data(const BatchNormShape& s, double offset) {
  Data d{reals(s.rows * s.c, 1), reals(s.c, 2), reals(s.c, 3), reals(s.rows * s.c, 4),
         s.residual ? reals(s.rows * s.c, 5) : std::vector<double>()};
  for (int64_t i = 0; i < s.rows * s.c; ++i)
    d.x[i] = double(float(d.x[i] * double(1 + i % s.c % 3) + offset + double(i % s.c % 5 - 2)));
  return d;
}

struct Statistics {
  std::vector<double> mean, variance;
};
Statistics statistics(const BatchNormShape& s, const std::vector<double>& x) {
  Statistics t{std::vector<double>(s.c), std::vector<double>(s.c)};
  for (int64_t j = 0; j < s.c; ++j) {
    long double sum = 0, squares = 0;
    for (int64_t r = 0; r < s.rows; ++r) sum += x[r * s.c + j];
    const long double mean = sum / s.rows;
    for (int64_t r = 0; r < s.rows; ++r) squares += (x[r * s.c + j] - mean) * (x[r * s.c + j] - mean);
    t.mean[j] = double(mean);
    t.variance[j] = double(squares / s.rows);
  }
  return t;
}

std::vector<BatchNormShape> shapes() {
  std::vector<BatchNormShape> all = {{1, 5, 1e-3},     {20011, 1, 1e-3},  {9001, 6, 1e-3}, {7001, 10, 1e-5},
                                     {3000, 64, 1e-3}, {1500, 100, 1e-3}, {97, 512, 1e-3}, {2, 300, 1e-3}};
  for (int64_t c : kChannels)
    for (int64_t rows : {1, 3, 70, 515}) all.push_back({rows, c, 1e-3});
  return all;
}

// The shapes with every ending that a function has.
std::vector<BatchNormShape> shapes_of(NormalizationFunction f) {
  std::vector<BatchNormShape> all;
  for (BatchNormShape s : shapes()) {
    all.push_back(s);
    s.relu = true;
    if (f != NormalizationFunction::infer) all.push_back(s);
    s.residual = true;
    if (f == NormalizationFunction::train) all.push_back(s);
    s.relu = false;
    if (f == NormalizationFunction::train) all.push_back(s);
  }
  return all;
}

template <class Check>
void for_all(NormalizationFunction f, Check check) {
  for (const BatchNormShape& s : shapes_of(f))
    for (double offset : {0.0, 100.0})
      for_each_kernel(
          Family::normalization, int(f), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
            INFO(label, " rows=", s.rows, " c=", s.c, " offset=", offset, " relu=", s.relu, " residual=", s.residual);
            check(s, kernel, type, data(s, offset), offset);
          });
}

// A mean is a sum over blocks of 64, 16 of them in a chain, then merges: under 64 roundings of values up to
// offset + 5. The variance is that of centred values (spread 3), so an offset costs it only the mean's error squared.
constexpr double kRoundings = 64;
template <class T>
double mean_bound(double offset) {
  return kRoundings * epsilon<T>() * (offset + 5);
}
template <class T>
double variance_bound(double variance, double offset) {
  // Values near `offset` are themselves exact, but differences from a rounded mean are off by its half ulp.
  return kRoundings * epsilon<T>() * variance + 2 * std::sqrt(variance) * mean_bound<T>(offset);
}

TEST_CASE("batch norm: training statistics and output") {
  for_all(NormalizationFunction::train,
          [](const BatchNormShape& s, const Kernel& kernel, auto* type, const Data& d, double offset) {
            using T = TypeOf<decltype(type)>;
            const Statistics t = statistics(s, d.x);
            const int64_t size = sizeof(T);
            const std::vector<Bytes> inputs = {reals_as<T>(d.x), reals_as<T>(d.gamma), reals_as<T>(d.beta),
                                               reals_as<T>(d.residual)};
            const std::vector<int64_t> sizes = {s.rows * s.c * size, s.c * size, s.c * size};
            const auto got = call(kernel, &s, inputs, sizes, {{0, 0}});
            if (s.residual) CHECK(got == call(kernel, &s, inputs, sizes, {{0, 3}}));
            if (s.c % kSignChannels == 0) {
              BatchNormShape with_signs = s;
              with_signs.signs = true;
              std::vector<int64_t> more = sizes;
              more.push_back(s.rows * s.c / 8);
              const auto again = call(kernel, &with_signs, inputs, more, {{0, 0}});
              CHECK(std::equal(got.begin(), got.end(), again.begin()));
              const auto y = values_of<T>(got[0]);
              Bytes signs(y.size() / 8);
              for (size_t i = 0; i < y.size(); ++i) signs[i / 8] |= static_cast<unsigned char>((y[i] > 0) << i % 8);
              CHECK(again[3] == signs);
            }
            check_close(values_of<T>(got[1]), t.mean, [&](size_t) { return mean_bound<T>(offset); });
            check_close(values_of<T>(got[2]), t.variance,
                        [&](size_t j) { return variance_bound<T>(t.variance[j], offset) + mean_bound<T>(offset); });
            std::vector<double> want(s.rows * s.c);
            for (int64_t i = 0; i < s.rows * s.c; ++i) {
              const int64_t j = i % s.c;
              want[i] = (d.x[i] - t.mean[j]) * d.gamma[j] / std::sqrt(t.variance[j] + s.epsilon) + d.beta[j];
              if (s.residual) want[i] += d.residual[i];
              if (s.relu) want[i] = std::max(want[i], 0.0);
            }
            // The errors of mean and variance through y, and its own few roundings.
            check_close(values_of<T>(got[0]), want, [&](size_t i) {
              const int64_t j = int64_t(i) % s.c;
              const double total = t.variance[j] + s.epsilon, deviation = std::sqrt(total);
              const double centred = std::abs(d.x[i] - t.mean[j]);
              return std::abs(d.gamma[j]) * (mean_bound<T>(offset) / deviation +
                                             centred / deviation * variance_bound<T>(t.variance[j], offset) / total) +
                     8 * epsilon<T>() * (2 + std::abs(d.gamma[j]) * centred / deviation);
            });
          });
}

TEST_CASE("batch norm: a large mean does not spoil the variance") {
  // Mean 10^4, deviation 1: E[x^2] - E[x]^2 would be off by 10^8 eps, 10 in float.
  const BatchNormShape s{4096, 16, 1e-3};
  auto x = reals(s.rows * s.c, 1);
  for (double& v : x) v = double(float(10000 + v));
  const Statistics t = statistics(s, x);
  const std::vector<double> ones(s.c, 1), zeros(s.c, 0);
  for_each_kernel(Family::normalization, int(NormalizationFunction::train), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label);
                    const int64_t size = sizeof(T);
                    const auto got = call(kernel, &s, {reals_as<T>(x), reals_as<T>(ones), reals_as<T>(zeros), {}},
                                          {s.rows * s.c * size, s.c * size, s.c * size});
                    check_close(values_of<T>(got[2]), t.variance, [&](size_t j) { return 0.001 * t.variance[j]; });
                  });
}

TEST_CASE("batch norm: gradients") {
  for_all(NormalizationFunction::backward, [](const BatchNormShape& s, const Kernel& kernel, auto* type, const Data& d,
                                              double offset) {
    using T = TypeOf<decltype(type)>;
    Statistics t = statistics(s, d.x);
    for (auto* v : {&t.mean, &t.variance})
      for (double& value : *v) value = double(T(value));  // what the kernel is given
    std::vector<double> gx(s.rows * s.c), ggamma(s.c), gbeta(s.c), size_gamma(s.c);
    // With a ReLU the sign is that of the line as train's kernels round it, so it is computed in T and alike.
    std::vector<double> gy = d.gy;
    for (int64_t i = 0; s.relu && i < s.rows * s.c; ++i) {
      const int64_t j = i % s.c;
      const T inverse = T(1) / std::sqrt(T(t.variance[j]) + T(s.epsilon));
      const T line = std::fma(T(d.x[i]) - T(t.mean[j]), T(d.gamma[j]) * inverse, T(d.beta[j]));
      if (!(line > 0)) gy[i] = 0;
    }
    for (int64_t i = 0; i < s.rows * s.c; ++i) {
      const int64_t j = i % s.c;
      const double normalized = (d.x[i] - t.mean[j]) / std::sqrt(t.variance[j] + s.epsilon);
      gbeta[j] += gy[i];
      ggamma[j] += gy[i] * normalized;
      size_gamma[j] += std::abs(gy[i] * normalized);
    }
    for (int64_t i = 0; i < s.rows * s.c; ++i) {
      const int64_t j = i % s.c;
      const double inverse = 1 / std::sqrt(t.variance[j] + s.epsilon);
      const double normalized = (d.x[i] - t.mean[j]) * inverse;
      gx[i] = d.gamma[j] * inverse * (gy[i] - (gbeta[j] + normalized * ggamma[j]) / double(s.rows));
    }
    const int64_t size = sizeof(T);
    const auto got = call(kernel, &s,
                          {reals_as<T>(d.x), reals_as<T>(d.gamma), reals_as<T>(t.mean), reals_as<T>(t.variance),
                           reals_as<T>(d.gy), s.relu ? reals_as<T>(d.beta) : Bytes()},
                          {s.rows * s.c * size, s.c * size, s.c * size}, {{0, 4}});
    const double sum_error = kRoundings * epsilon<T>();
    (void)offset;
    check_close(values_of<T>(got[2]), gbeta, [&](size_t) { return sum_error * double(s.rows); });
    check_close(values_of<T>(got[1]), ggamma, [&](size_t j) { return sum_error * size_gamma[j] + epsilon<T>(); });
    check_close(values_of<T>(got[0]), gx, [&](size_t i) {
      const int64_t j = int64_t(i) % s.c;
      const double inverse = 1 / std::sqrt(t.variance[j] + s.epsilon);
      const double normalized = std::abs(d.x[i] - t.mean[j]) * inverse;
      return sum_error * std::abs(d.gamma[j]) * inverse * (2 + normalized * (1 + size_gamma[j] / double(s.rows)));
    });
  });
}

TEST_CASE("batch norm: many channels have the same bits however they are shared out") {
  // Enough of them for several items of the phase that merges parts, as in a ResNet's last block.
  const BatchNormShape s{784, 2048, 1e-3};
  const auto x = reals(s.rows * s.c, 1), gy = reals(s.rows * s.c, 2);
  const std::vector<double> ones(s.c, 1), zeros(s.c, 0);
  for (auto f : {NormalizationFunction::train, NormalizationFunction::backward})
    for_each_kernel(Family::normalization, int(f), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
      using T = TypeOf<decltype(type)>;
      INFO(label);
      const int64_t size = sizeof(T);
      CHECK(kernel.items(&s, 1) > 1);
      const std::vector<int64_t> sizes = {s.rows * s.c * size, s.c * size, s.c * size};
      std::vector<Bytes> inputs = {reals_as<T>(x), reals_as<T>(ones)};
      if (f == NormalizationFunction::train)
        inputs.insert(inputs.end(), {reals_as<T>(zeros), Bytes()});
      else
        inputs.insert(inputs.end(), {reals_as<T>(zeros), reals_as<T>(ones), reals_as<T>(gy), Bytes()});
      call(kernel, &s, inputs, sizes);  // whole and item by item, which it compares
    });
}

// (x - mean), the product with the scale (three roundings of its own) and the sum: each rounds once.
TEST_CASE("batch norm: inference") {
  for_all(NormalizationFunction::infer,
          [](const BatchNormShape& s, const Kernel& kernel, auto* type, const Data& d, double offset) {
            using T = TypeOf<decltype(type)>;
            std::vector<double> mean(s.c), variance(s.c), want(s.rows * s.c), size(s.rows * s.c);
            for (int64_t j = 0; j < s.c; ++j)
              mean[j] = offset + 0.25 * double(j % 7), variance[j] = 0.5 + double(j % 3);
            for (int64_t i = 0; i < s.rows * s.c; ++i) {
              const int64_t j = i % s.c;
              const double term = (d.x[i] - mean[j]) * d.gamma[j] / std::sqrt(variance[j] + s.epsilon);
              want[i] = term + d.beta[j];
              size[i] = std::abs(term) + std::abs(d.beta[j]);
            }
            const auto got = call(
                kernel, &s,
                {reals_as<T>(d.x), reals_as<T>(d.gamma), reals_as<T>(d.beta), reals_as<T>(mean), reals_as<T>(variance)},
                {s.rows * s.c * int64_t(sizeof(T))}, {{0, 0}});
            check_close(values_of<T>(got[0]), want, [&](size_t i) { return 8 * epsilon<T>() * size[i]; });
          });
}

}  // namespace
