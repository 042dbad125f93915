// The Winograd convolutions of every ISA against sums in double. They round differently from the sum they stand for, so
// what is asked is an error small against the largest result; in float64 that is close enough to find any wrong term.
#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/conv.h"
#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

// Largest error allowed, in epsilons of the type, against the largest sum: 5e-6 and 2e-5 in float32; of sums of 5x5
// taps, with their 64 points, 1e-5. Sums of thousands of terms are allowed twice as much, of 50,000 three times.
constexpr double kWeightGradientError = 168;
double sum_error(const ConvShape& s) { return s.kernel[1] == 5 ? 84 : 42; }

struct Image {
  int64_t h, w;
};
struct Case {
  int64_t n, c_in, c_out;
  Image in;
  int64_t kernel, pad_before, pad_after;
  Epilogue epilogue = {};
  int64_t planes = 1, stride = 1;
};

ConvShape shape_of(const Case& c) {
  const auto out = [&](int64_t in) { return (in + c.pad_before + c.pad_after - c.kernel) / c.stride + 1; };
  return {c.n,
          c.c_in,
          c.c_out,
          1,
          {c.planes, c.in.h, c.in.w},
          {c.planes, out(c.in.h), out(c.in.w)},
          {1, c.kernel, c.kernel},
          {1, c.stride, c.stride},
          {1, 1, 1},
          {0, c.pad_before, c.pad_before},
          c.epilogue};
}

double largest(const Values& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

// Runs every Winograd kernel of a function; `sums` are the results before the epilogue.
void check(ConvFunction function, const ConvShape& s, const std::vector<Values>& inputs, const Values& want,
           const Values& sums, double epsilons) {
  int checked = 0;
  for_each_kernel(Family::conv, int(function), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (!kernel.winograd) return;
    ++checked;
    const auto cast_inputs = epilogue_inputs<T>(s.epilogue, inputs);
    const auto got = run_kernel<T>(kernel, &s, cast_inputs, int64_t(want.size()), Split::whole);
    const double allowed = epsilons * double(std::numeric_limits<T>::epsilon()) * largest(sums);
    double worst = 0;
    for (size_t i = 0; i < want.size(); ++i) {
      const double error = std::abs(double(got[i]) - want[i]);
      worst = std::max(worst, std::isnan(error) ? std::numeric_limits<double>::infinity() : error);
    }
    INFO(label, ": n=", s.n, " c=", s.c_in, "->", s.c_out, " in ", s.in[1], "x", s.in[2], " out ", s.out[1], "x",
         s.out[2], " kernel ", s.kernel[1], " pad ", s.pad[1], " activation ", int(s.epilogue.activation));
    CHECK(worst <= allowed);
    const auto again = run_kernel<T>(kernel, &s, cast_inputs, int64_t(want.size()), Split::reversed_singles);
    CHECK_MESSAGE(std::memcmp(got.data(), again.data(), got.size() * sizeof(T)) == 0, "bits depend on the split");
  });
  CHECK_MESSAGE(checked > 0, "no Winograd kernel can do this shape");
}

Beside beside_of(const Epilogue& epilogue, int64_t size, int64_t channels) {
  return {epilogue.bias ? reals(channels, 4) : Values{}, epilogue.residual ? reals(size, 5) : Values{},
          epilogue.mask ? reals(size, 6) : Values{}};
}

void check_all(const Case& c, double rounding = 1) {
  const ConvShape s = shape_of(c);
  REQUIRE(s.out[1] > 0);
  const Values x = reals(x_size(s), 1), w = reals(w_size(s), 2), gy = reals(y_size(s), 3);
  const Beside forward = beside_of(s.epilogue, y_size(s), s.c_out);
  const Beside backward = beside_of(s.epilogue, x_size(s), s.c_in);
  ConvShape plain = s;
  plain.epilogue = {};
  check(ConvFunction::forward, s, {x, w, forward.bias, forward.residual, forward.mask},
        reference_forward(s, x, w, forward), reference_forward(plain, x, w, {}), rounding * sum_error(s));
  check(ConvFunction::input_gradient, s, {gy, w, backward.bias, backward.residual, backward.mask},
        reference_input_gradient(s, gy, w, backward), reference_input_gradient(plain, gy, w, {}),
        rounding * sum_error(s));
  const Values gw = reference_weight_gradient(s, x, gy);
  check(ConvFunction::weight_gradient, s, {x, gy}, gw, gw, kWeightGradientError);
}

constexpr int64_t kChannels[] = {16, 17, 31, 33, 48, 64};

TEST_CASE("winograd: every size, padding and channel count") {
  int i = 0;
  for (int64_t h = 1; h <= 17; ++h)
    for (const int64_t pad : {0, 1, 2}) {
      ++i;
      const int64_t w = (h * 5 + pad) % 17 + 1;
      if (std::min(h, w) + 2 * pad < 3) continue;
      check_all({1 + i % 3, kChannels[i % 6], kChannels[(i / 6 + i) % 6], {h, w}, 3, pad, pad});
    }
}

TEST_CASE("winograd: 5x5, every size and padding") {
  int i = 0;
  for (int64_t h = 1; h <= 11; ++h)
    for (const int64_t pad : {0, 1, 2, 4}) {
      ++i;
      const int64_t w = (h * 3 + pad) % 13 + 1;
      if (std::min(h, w) + 2 * pad < 5) continue;
      if (h + 2 * pad == 5 && w + 2 * pad == 5 && pad == 0) continue;  // a product
      check_all({1 + i % 3, kChannels[i % 6], kChannels[(i / 6 + i) % 6], {h, w}, 5, pad, pad});
    }
  check_all({1, 16, 20, {9, 6}, 5, 0, 3});
  check_all({1, 16, 40, {30, 35}, 5, 2, 2, {true, Activation::relu}});
}

TEST_CASE("winograd: 5x5, sums of 2,400 and 6,400 terms") {
  const double long_sums = 2;
  check_all({1, 96, 256, {27, 27}, 5, 2, 2}, long_sums);
}

TEST_CASE("winograd: padding of one side, and more than the kernel") {
  check_all({2, 16, 20, {9, 6}, 3, 0, 1});
  check_all({1, 20, 16, {5, 8}, 3, 2, 0});
  check_all({1, 16, 16, {4, 5}, 3, 6, 7});
}

TEST_CASE("winograd: several blocks of tiles, groups of panels") {
  check_all({1, 16, 32, {61, 66}, 3, 1, 1});
  check_all({3, 24, 200, {14, 14}, 3, 1, 1});
  check_all({2, 180, 70, {9, 11}, 3, 1, 1});
}

TEST_CASE("winograd: weights whose points lie outside L2") {
  check_all({1, 100, 130, {6, 5}, 3, 1, 1});
  check_all({3, 128, 97, {7, 7}, 3, 1, 1, {true, Activation::relu}});
  check_all({2, 257, 80, {13, 3}, 3, 0, 1});
  check_all({2, 258, 150, {26, 28}, 3, 1, 1, {false, Activation::none, true, true}});
}

TEST_CASE("winograd: as many channels as a row outside the image has") {
  const double long_sums = 2;
  check_all({1, 2048, 16, {3, 5}, 3, 1, 1}, long_sums);
  check_all({1, 16, 2048, {5, 2}, 3, 1, 2}, long_sums);
  const double longest_sums = 3;
  check_all({1, 2048, 16, {2, 6}, 5, 2, 2}, longest_sums);
  check_all({1, 16, 2048, {6, 2}, 5, 2, 2}, longest_sums);
}

// 3x3 with steps of 2, by phases.
Case strided(int64_t n, int64_t c_in, int64_t c_out, Image in, int64_t pad_before, int64_t pad_after,
             Epilogue epilogue = {}) {
  return {n, c_in, c_out, in, 3, pad_before, pad_after, epilogue, 1, 2};
}

TEST_CASE("winograd: steps of 2, every size and padding") {
  int i = 0;
  for (int64_t h = 1; h <= 15; ++h)
    for (const int64_t pad : {0, 1, 2, 3}) {
      ++i;
      const int64_t w = (h * 4 + pad) % 15 + 1;
      if (std::min(h, w) + 2 * pad < 3 || (h == 3 && w == 3 && pad == 0)) continue;
      check_all(strided(1 + i % 2, 16 + i % 3 * 16, 16 + (i / 3 + i) % 3 * 16, {h, w}, pad, pad));
    }
  check_all(strided(2, 16, 32, {12, 9}, 0, 1));
  check_all(strided(1, 32, 16, {7, 14}, 1, 0));
}

TEST_CASE("winograd: steps of 2, blocks of tiles, groups of panels and far weights") {
  check_all(strided(1, 16, 32, {62, 71}, 1, 1));
  check_all(strided(3, 32, 208, {28, 28}, 1, 1));
  check_all(strided(2, 144, 80, {14, 15}, 0, 1));
  check_all(strided(2, 272, 160, {14, 14}, 1, 1, {true, Activation::relu}));
  check_all(strided(1, 1024, 16, {5, 4}, 1, 1));
}

TEST_CASE("winograd: steps of 2, every epilogue but pools") {
  for (const Epilogue& epilogue : epilogues()) check_all(strided(2, 16, 48, {13, 18}, 1, 1, epilogue));
}

TEST_CASE("winograd: planes of a third axis") {
  for (const int64_t kernel : {3, 5}) {
    Case c{2, 16, 16, {6, 5}, kernel, 1, 1};
    c.planes = 3;
    check_all(c);
  }
}

TEST_CASE("winograd: every epilogue") {
  for (const Epilogue& epilogue : epilogues())
    for (const int64_t c_out : {16, 37}) {
      check_all({2, 16, c_out, {6, 9}, 3, 1, 1, epilogue});
      check_all({1, 16, c_out, {6, 9}, 5, 2, 2, epilogue});
    }
}

TEST_CASE("winograd: masks told as signs") {
  for (const Epilogue& epilogue : sign_epilogues())
    for (const int64_t c_out : {16, 80}) {
      check_all({2, 16, c_out, {6, 9}, 3, 1, 1, epilogue});
      check_all({1, 48, c_out, {6, 9}, 5, 2, 2, epilogue});
      check_all(strided(2, 16, c_out, {13, 18}, 1, 1, epilogue));
    }
}

TEST_CASE("winograd: pooled over windows of 2x2") {
  const auto check_pooled = [](const Case& c) {
    const ConvShape s = shape_of(c);
    const Values x = reals(x_size(s), 1), w = reals(w_size(s), 2);
    const Beside beside = beside_of(s.epilogue, y_size(s), s.c_out);
    ConvShape plain = s;
    plain.epilogue = {};
    check(ConvFunction::forward, s, {x, w, beside.bias, {}, {}}, reference_forward(s, x, w, beside),
          reference_forward(plain, x, w, {}), sum_error(s));
  };
  int i = 0;
  for (const Pooling pooling : {Pooling::max, Pooling::average})
    for (const int64_t side : {2, 4, 6, 10, 16, 26}) {
      const Epilogue epilogue{++i % 2 != 0, i % 3 ? Activation::relu : Activation::none, false, false, pooling};
      check_pooled({1 + i % 3, 16, 16 + 7 * i, {side, 28 - side}, 3, 1, 1, epilogue});
      check_pooled({2, 20, 33, {side, side + 2}, 5, 2, 2, epilogue});
    }
}

TEST_CASE("winograd: refuses what it cannot do or would be slow at") {
  const auto refused = [](const ConvShape& s) {
    for (const Isa isa : kIsas) {
      if (!isa_available(isa)) continue;
      for (int f = 0; f < 3; ++f) {
        const KernelFunction& function = kernel_table(Family::conv, isa).functions[f];
        for (int i = 0; i < function.count; ++i)
          if (function.kernels[i].winograd) CHECK(function.kernels[i].cost(&s) < 0);
      }
    }
  };
  const ConvShape fine = shape_of({1, 16, 16, {8, 8}, 3, 1, 1});
  const auto with = [&](auto&& change) {
    ConvShape s = fine;
    change(s);
    refused(s);
  };
  with([](ConvShape& s) { s.c_in = 15; });
  with([](ConvShape& s) { s.c_out = 15; });
  with([](ConvShape& s) { s.c_in = 2049; });
  with([](ConvShape& s) { s.c_out = 2049; });
  with([](ConvShape& s) { s.groups = 2; });
  with([](ConvShape& s) { s.stride[1] = 2, s.out[1] = 4; });
  with([](ConvShape& s) { s.dilation[2] = 2, s.out[2] = 6; });
  with([](ConvShape& s) { s.kernel[1] = 1, s.pad[1] = 0; });
  with([](ConvShape& s) { s.kernel[2] = 4, s.out[2] = 7; });
  with([](ConvShape& s) { s.kernel[1] = 5, s.out[1] = 6; });
  with([](ConvShape& s) { s.in[0] = 3, s.kernel[0] = 3; });
  refused(shape_of({1, 16, 16, {3, 3}, 3, 0, 0}));  // a product
  refused(shape_of(strided(1, 17, 16, {8, 8}, 1, 1)));
  refused(shape_of(strided(1, 16, 33, {8, 8}, 1, 1)));
  refused(shape_of(strided(1, 1040, 16, {8, 8}, 1, 1)));
  refused(shape_of(strided(1, 16, 16, {8, 8}, 1, 1, {false, Activation::none, false, false, Pooling::max})));
}

}  // namespace
