// 1x1 convolutions that pool their input: against both written out, to the bit on whole numbers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/conv.h"
#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

ConvShape shape_of(int64_t n, int64_t c_in, int64_t c_out, int64_t h, int64_t w, const Epilogue& epilogue = {}) {
  ConvShape s{n, c_in, c_out, 1, {1, h, w}, {1, h, w}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, epilogue, true};
  return s;
}

// The largest of the pixels around each, itself among them; a NaN is larger than all.
Values pooled(const ConvShape& s, const Values& x) {
  Values y(x.size(), -std::numeric_limits<double>::infinity());
  const int64_t high = s.in[1], wide = s.in[2];
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t i = 0; i < high; ++i)
      for (int64_t j = 0; j < wide; ++j)
        for (int64_t c = 0; c < s.c_in; ++c) {
          double& best = y[((n * high + i) * wide + j) * s.c_in + c];
          for (int64_t k = std::max<int64_t>(i - 1, 0); k <= std::min(i + 1, high - 1); ++k)
            for (int64_t l = std::max<int64_t>(j - 1, 0); l <= std::min(j + 1, wide - 1); ++l) {
              const double v = x[((n * high + k) * wide + l) * s.c_in + c];
              if (std::isnan(v) || v > best) best = v;
              if (std::isnan(best)) break;
            }
        }
  return y;
}

void check(const ConvShape& s, const Values& x, int64_t first = 0, int64_t whole = 0) {
  const Values w = whole_numbers(w_size(s), 2), bias = s.epilogue.bias ? whole_numbers(s.c_out, 3) : Values{};
  const Values residual = s.epilogue.residual ? whole_numbers(y_size(s), 4) : Values{};
  const Values in = pooled(s, x);
  Values sums(y_size(s));
  for_each_product(s, [&](int64_t i, int64_t j, int64_t k) { sums[k] += in[i] * w[j]; });
  reference_epilogue(s.epilogue, {bias, residual, {}}, sums, s.c_out);
  ConvShape shape = s;
  shape.epilogue.part = {first, whole};
  const int64_t row = whole > 0 ? whole : s.c_out;
  for_each_kernel(
      Family::conv, int(ConvFunction::forward), &shape,
      [&](const Kernel& kernel, const std::string& label, auto* type) {
        using T = std::remove_pointer_t<decltype(type)>;
        INFO(label, ": n=", s.n, " c=", s.c_in, "->", s.c_out, " @", s.in[1], "x", s.in[2], " channels ", first, " of ",
             whole);
        const std::vector<std::vector<T>> inputs = {cast<T>(x), cast<T>(w), cast<T>(bias), cast<T>(residual), {}};
        for (const Split split : {Split::whole, Split::reversed_singles}) {
          const auto y = run_kernel<T>(kernel, &shape, inputs, y_size(s) / s.c_out * row, split);
          bool same = true;
          for (int64_t i = 0; i < int64_t(y.size()); ++i) {
            const int64_t c = i % row - first;
            const double expected =
                c >= 0 && c < s.c_out ? sums[i / row * s.c_out + c] : std::nan("");  // never written
            same = same && (std::isnan(expected) ? std::isnan(y[i]) : double(y[i]) == expected);
          }
          CHECK(same);
        }
      });
}

TEST_CASE("a 1x1 convolution pools its input first") {
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{14, 14}, {7, 7}, {1, 1}, {1, 9}, {5, 1}, {3, 31}, {2, 2}})
    for (const auto& [c_in, c_out] : {std::pair<int64_t, int64_t>{1, 32}, {17, 33}, {40, 64}, {16, 47}, {30, 300}}) {
      const ConvShape s = shape_of(1 + h % 3, c_in, c_out, h, w);
      check(s, whole_numbers(x_size(s), 1));
    }
}

TEST_CASE("and ends as others do, among the channels of wider memory, too") {
  for (const Activation activation : {Activation::none, Activation::relu}) {
    const ConvShape s = shape_of(2, 20, 70, 6, 11, {true, activation});
    const Values x = whole_numbers(x_size(s), 1);
    check(s, x);
    check(s, x, 16, 128);
    check(s, x, 3, 75);
    const ConvShape beside = shape_of(2, 20, 70, 6, 11, {true, activation, true});
    check(beside, x);
  }
}

TEST_CASE("a NaN in the input reaches all windows that hold it") {
  const ConvShape s = shape_of(1, 18, 40, 6, 6);
  Values x = whole_numbers(x_size(s), 1);
  x[(2 * 6 + 3) * 18 + 17] = std::nan("");
  check(s, x);
}

}  // namespace
