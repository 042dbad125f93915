// 1x1 convolutions and input gradients that make what they read by a normalization's line: against both written out, to
// the bit on whole numbers.
#include <algorithm>

#include "kernels/conv.h"
#include "support/kernel_call.h"
#include "support/product_reference.h"

using namespace striate;
using namespace striate::test;

namespace {

ConvShape shape_of(int64_t n, int64_t c_in, int64_t c_out, int64_t h, int64_t w, const Epilogue& epilogue = {}) {
  ConvShape s{n, c_in, c_out, 1, {1, h, w}, {1, h, w}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, epilogue, false};
  s.normalized.any = true;
  return s;
}

// Of `count` elements: the line (mean, scale, shift) through x, as batch normalization's y.
Values on_lines(const NormalizedInput& how, const Values& x, const Values& tables, const Values& residual, int64_t c) {
  Values y(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t j = int64_t(i) % c;
    y[i] = (x[i] - tables[j]) * tables[c + j] + tables[2 * c + j] + (how.residual ? residual[i] : 0);
    if (how.relu) y[i] = std::max(y[i], 0.0);
  }
  return y;
}

// The line (mean, scale, shift, slope, level), as batch normalization's gradient.
Values gradient_on_lines(const NormalizedInput& how, const Values& gy, const Values& tables, const Values& x,
                         int64_t c) {
  Values gx(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t j = int64_t(i) % c;
    const double centred = x[i] - tables[j], line = centred * tables[c + j] + tables[4 * c + j];
    const double counted = how.relu && !(line > 0) ? 0 : gy[i];
    gx[i] = tables[c + j] * (counted - tables[2 * c + j] - centred * tables[3 * c + j]);
  }
  return gx;
}

Bytes signs_of(const Values& values) {
  Bytes signs(values.size() / 8);
  for (size_t i = 0; i < values.size(); ++i) signs[i / 8] |= static_cast<unsigned char>((values[i] > 0) << i % 8);
  return signs;
}

// Forward results are channels from `first` on of `whole`, if that is not 0.
void check(ConvShape s, bool gradient, int64_t first = 0, int64_t whole = 0) {
  const int64_t read = gradient ? y_size(s) : x_size(s), written = gradient ? x_size(s) : y_size(s);
  const int64_t c = gradient ? s.c_out : s.c_in, columns = gradient ? s.c_in : s.c_out;
  const NormalizedInput& how = s.normalized;
  const Values given = whole_numbers(read, 1), w = whole_numbers(w_size(s), 2), tables = whole_numbers(5 * c, 3);
  const Values beside = gradient || how.residual ? whole_numbers(read, 4) : Values{};
  const Epilogue& ending = s.epilogue;
  const Values bias = ending.bias ? whole_numbers(columns, 5) : Values{};
  const Values residual = ending.residual ? whole_numbers(written, 6) : Values{};
  const Values mask = ending.mask ? whole_numbers(written, 7) : Values{};
  const Values made =
      gradient ? gradient_on_lines(how, given, tables, beside, c) : on_lines(how, given, tables, beside, c);
  Values sums(written);
  for_each_product(s,
                   [&](int64_t i, int64_t j, int64_t k) { sums[gradient ? i : k] += made[gradient ? k : i] * w[j]; });
  reference_epilogue(ending, {bias, residual, mask}, sums, columns);
  s.epilogue.part = {first, whole};
  Values wider(whole > 0 ? written / columns * whole : written, kNaN);  // what is no part is not written
  for (int64_t i = 0; i < written; ++i) wider[whole > 0 ? i / columns * whole + first + i % columns : i] = sums[i];
  const auto function = gradient ? ConvFunction::input_gradient : ConvFunction::forward;
  for_each_kernel(Family::conv, int(function), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
    using T = TypeOf<decltype(type)>;
    INFO(label, ": n=", s.n, " c=", s.c_in, "->", s.c_out, " @", s.in[1], "x", s.in[2], " relu ", how.relu,
         " residual ", how.residual, " signs ", how.signs);
    const std::vector<Bytes> inputs = {reals_as<T>(given),
                                       reals_as<T>(w),
                                       reals_as<T>(bias),
                                       reals_as<T>(residual),
                                       ending.signs ? signs_of(mask) : reals_as<T>(mask),
                                       reals_as<T>(tables),
                                       reals_as<T>(beside)};
    const int64_t size = sizeof(T);
    std::vector<int64_t> sizes = {int64_t(wider.size()) * size, read * size};
    if (how.signs) sizes.push_back(read / 8);
    InPlace in_place = {{1, 0}};
    if (!beside.empty())
      CHECK(call_once(kernel, &s, inputs, sizes, Split::reversed_singles, {{1, 6}}) ==
            call_once(kernel, &s, inputs, sizes, Split::whole, {}));
    if (ending.residual) in_place.push_back({0, 3});
    const auto got = call(kernel, &s, inputs, sizes, in_place);
    check_equal(values_of<T>(got[0]), wider);
    check_equal(values_of<T>(got[1]), made);
    if (how.signs) CHECK(got[2] == signs_of(made));
  });
}

TEST_CASE("a 1x1 convolution makes its input by a normalization's line") {
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{1, 1}, {7, 9}, {13, 19}})
    for (const auto& [c_in, c_out] : {std::pair<int64_t, int64_t>{16, 32}, {16, 47}, {48, 33}, {112, 70}, {32, 300}})
      for (int how = 0; how < 8; ++how) {
        ConvShape s = shape_of(1 + h % 2, c_in, c_out, h, w);
        s.normalized.relu = how & 1;
        s.normalized.residual = how & 2;
        s.normalized.signs = how & 4;
        check(s, false);
      }
}

TEST_CASE("an input gradient makes its input by a normalization's gradient") {
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{1, 1}, {7, 9}, {13, 19}})
    for (const auto& [c_in, c_out] : {std::pair<int64_t, int64_t>{32, 16}, {47, 16}, {33, 48}, {70, 112}, {300, 32}})
      for (const bool relu : {false, true}) {
        ConvShape s = shape_of(1 + h % 2, c_in, c_out, h, w);
        s.normalized.relu = relu;
        check(s, true);
      }
}

TEST_CASE("and writes its results among the channels of wider memory, too") {
  for (const bool bias : {false, true}) {
    ConvShape s = shape_of(2, 48, 70, 5, 11);
    s.normalized.relu = s.normalized.residual = s.epilogue.bias = bias;
    check(s, false, 16, 128);
    check(s, false, 3, 75);
  }
}

TEST_CASE("and both end as others do") {
  std::vector<Epilogue> all = epilogues();
  for (const Epilogue& epilogue : sign_epilogues()) all.push_back(epilogue);
  for (const Epilogue& epilogue : all) {
    if (epilogue.activation == Activation::sigmoid || epilogue.activation == Activation::tanh) continue;
    for (const bool gradient : {false, true}) {
      ConvShape s = shape_of(2, 48, 80, 5, 11, epilogue);
      s.normalized.relu = true;
      s.normalized.residual = !gradient;
      check(s, gradient);
    }
  }
}

}  // namespace
