// Every convolution kernel of every ISA against the reference.
#include "kernels/conv.h"

#include <cstdlib>
#include <limits>
#include <sstream>

#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

struct Spatial {
  int64_t in, kernel, stride, dilation, pad_before, pad_after;
  int64_t out() const { return (in + pad_before + pad_after - dilation * (kernel - 1) - 1) / stride + 1; }
};
constexpr Spatial kNone{1, 1, 1, 1, 0, 0};

ConvShape conv_shape(int64_t n, int64_t c_in, int64_t c_out, const Spatial& d, const Spatial& h, const Spatial& w,
                     Epilogue epilogue = {}) {
  ConvShape s{};
  s.n = n;
  s.c_in = c_in;
  s.c_out = c_out;
  s.groups = 1;
  const Spatial axes[3] = {d, h, w};
  for (int i = 0; i < 3; ++i) {
    s.in[i] = axes[i].in;
    s.out[i] = axes[i].out();
    s.kernel[i] = axes[i].kernel;
    s.stride[i] = axes[i].stride;
    s.dilation[i] = axes[i].dilation;
    s.pad[i] = axes[i].pad_before;
  }
  s.epilogue = epilogue;
  return s;
}

std::string describe(const ConvShape& s) {
  std::ostringstream text;
  text << "n=" << s.n << " c=" << s.c_in << "->" << s.c_out;
  for (int i = 0; i < 3; ++i)
    text << " [in " << s.in[i] << " out " << s.out[i] << " kernel " << s.kernel[i] << " stride " << s.stride[i]
         << " dilation " << s.dilation[i] << " pad " << s.pad[i] << "]";
  text << " bias=" << s.epilogue.bias << " activation=" << int(s.epilogue.activation)
       << " residual=" << s.epilogue.residual << " mask=" << s.epilogue.mask;
  return text.str();
}

// The largest difference in units of the bound `scale[i] * eps`; NaN counts as infinite.
template <class T>
double worst(const std::vector<T>& got, const Values& want, const Values& bound) {
  double result = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double error = std::abs(double(got[i]) - want[i]);
    if (error == 0) continue;
    const double ratio = error / (bound[i] * std::numeric_limits<T>::epsilon());
    result = std::max(result, std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio);
  }
  return result;
}

void check_function(ConvFunction function, const ConvShape& s, const std::vector<Values>& inputs, const Values& want,
                    const Values& bound) {
  for_each_kernel(Family::conv, int(function), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (std::string(kernel.name).rfind("winograd", 0) == 0) return;  // winograd_test.cpp
    const auto cast_inputs = epilogue_inputs<T>(s.epilogue, inputs);
    INFO(label, ": ", describe(s));
    const auto got = run_kernel<T>(kernel, &s, cast_inputs, int64_t(want.size()), Split::whole);
    CHECK(worst(got, want, bound) <= 1);
    const auto again = run_kernel<T>(kernel, &s, cast_inputs, int64_t(want.size()), Split::reversed_singles);
    CHECK_MESSAGE(std::memcmp(got.data(), again.data(), got.size() * sizeof(T)) == 0, "bits depend on the split");
  });
}

// The operands of an epilogue over a result of `size` elements and `channels` channels.
Beside beside_of(const Epilogue& epilogue, int64_t size, int64_t channels, Values (*values)(int64_t, uint64_t)) {
  return {epilogue.bias ? values(channels, 4) : Values{}, epilogue.residual ? values(size, 5) : Values{},
          epilogue.mask ? values(size, 6) : Values{}};
}

void check_exact(const ConvShape& s) {
  const Values x = whole_numbers(x_size(s), 1), w = whole_numbers(w_size(s), 2), gy = whole_numbers(y_size(s), 3);
  const Beside forward = beside_of(s.epilogue, y_size(s), s.c_out, whole_numbers);
  const Beside backward = beside_of(s.epilogue, x_size(s), s.c_in, whole_numbers);
  const auto exact = [](const Values& want) { return Values(want.size()); };
  const Values y = reference_forward(s, x, w, forward), gx = reference_input_gradient(s, gy, w, backward);
  const Values gw = reference_weight_gradient(s, x, gy);
  check_function(ConvFunction::forward, s, {x, w, forward.bias, forward.residual, forward.mask}, y, exact(y));
  check_function(ConvFunction::input_gradient, s, {gy, w, backward.bias, backward.residual, backward.mask}, gx,
                 exact(gx));
  check_function(ConvFunction::weight_gradient, s, {x, gy}, gw, exact(gw));
}

// Any order of summing t terms errs by less than t * eps * sum|a * b|; errors being of both signs, four times
// sqrt(t) is what is asked.
void check_rounded(const ConvShape& s) {
  const Values x = reals(x_size(s), 1), w = reals(w_size(s), 2), gy = reals(y_size(s), 3);
  const Beside forward = beside_of(s.epilogue, y_size(s), s.c_out, reals);
  const Beside backward = beside_of(s.epilogue, x_size(s), s.c_in, reals);
  const auto bound_of = [&](int64_t size, auto&& place) {
    Values terms(size), bound(size);
    for_each_product(s, [&](int64_t i, int64_t j, int64_t o) {
      const auto [at, magnitude] = place(i, j, o);
      terms[at] += 1;
      bound[at] += std::abs(magnitude);
    });
    for (int64_t i = 0; i < size; ++i) bound[i] = 4 * std::sqrt(terms[i] + 1) * (bound[i] + 1);
    return bound;
  };
  using At = std::pair<int64_t, double>;
  check_function(ConvFunction::forward, s, {x, w, forward.bias, forward.residual, forward.mask},
                 reference_forward(s, x, w, forward), bound_of(y_size(s), [&](int64_t i, int64_t j, int64_t o) {
                   return At{o, x[i] * w[j]};
                 }));
  check_function(ConvFunction::input_gradient, s, {gy, w, backward.bias, backward.residual, backward.mask},
                 reference_input_gradient(s, gy, w, backward),
                 bound_of(x_size(s), [&](int64_t i, int64_t j, int64_t o) {
                   return At{i, gy[o] * w[j]};
                 }));
  check_function(ConvFunction::weight_gradient, s, {x, gy}, reference_weight_gradient(s, x, gy),
                 bound_of(w_size(s), [&](int64_t i, int64_t j, int64_t o) {
                   return At{j, gy[o] * x[i]};
                 }));
}

// The forward pass with pooling; its bound is that of the window's largest.
void check_pooled(const ConvShape& s) {
  const Values x = reals(x_size(s), 1), w = reals(w_size(s), 2);
  const Beside beside = beside_of(s.epilogue, y_size(s), s.c_out, reals);
  Values terms(y_size(s)), bound(y_size(s));
  for_each_product(s, [&](int64_t i, int64_t j, int64_t o) {
    terms[o] += 1;
    bound[o] += std::abs(x[i] * w[j]);
  });
  for (size_t i = 0; i < bound.size(); ++i) bound[i] = 4 * std::sqrt(terms[i] + 4) * (bound[i] + 1);
  ConvShape largest = s;
  largest.epilogue.pooling = Pooling::max;
  check_function(ConvFunction::forward, s, {x, w, beside.bias, {}, {}}, reference_forward(s, x, w, beside),
                 reference_pooling(largest, bound));
}

constexpr int64_t kChannels[] = {1, 3, 7, 8, 15, 16, 17, 31, 33, 64};

TEST_CASE("conv: pooled over windows of 2x2") {
  int i = 0;
  for (const Pooling pooling : {Pooling::max, Pooling::average})
    for (const Activation activation : {Activation::none, Activation::relu, Activation::tanh})
      for (const int64_t c_out : {1, 3, 6, 7, 8, 16, 20, 33}) {
        const Epilogue epilogue{++i % 2 != 0, activation, false, false, pooling};
        check_pooled(
            conv_shape(1 + i % 3, 1 + i % 5, c_out, kNone, {10, 3, 1, 1, 1, 1}, {12, 5, 1, 1, 2, 2}, epilogue));
        check_pooled(conv_shape(2, 4, c_out, kNone, {8, 1, 1, 1, 0, 0}, {6, 1, 1, 1, 0, 0}, epilogue));
        check_pooled(conv_shape(1, 2, c_out, kNone, {9, 2, 2, 1, 0, 0}, {17, 3, 2, 1, 1, 0}, epilogue));
      }
  check_pooled(conv_shape(1, 2, 5, kNone, {6, 3, 1, 1, 1, 1}, {500, 3, 1, 1, 1, 1},
                          {true, Activation::relu, false, false, Pooling::max}));
  check_pooled(conv_shape(1, 40, 70, kNone, {60, 3, 1, 2, 2, 2}, {62, 3, 1, 1, 1, 1},
                          {true, Activation::none, false, false, Pooling::max}));
  check_pooled(conv_shape(2, 300, 20, kNone, {2, 2, 2, 1, 1, 1}, {2, 1, 1, 1, 0, 0},
                          {false, Activation::relu, false, false, Pooling::average}));
}

TEST_CASE("conv: channel counts around the vectors and panels") {
  for (int i = 0; i < 10; ++i)
    for (int j : {0, 3, 6, 9})
      check_exact(conv_shape(2, kChannels[i], kChannels[(i + j) % 10], kNone, {7, 3, 1, 1, 1, 1}, {9, 3, 1, 1, 1, 1}));
}

TEST_CASE("conv: strides, dilations and padding along one axis") {
  for (int64_t in : {1, 2, 5, 13, 31})
    for (int64_t kernel : {1, 2, 3, 5})
      for (int64_t stride : {1, 2, 3, 4})
        for (int64_t dilation : {1, 2, 3})
          for (int64_t pad : {0, 1, 4}) {
            const Spatial axis{in, kernel, stride, dilation, pad, pad / 2};
            if (in + pad + pad / 2 < dilation * (kernel - 1) + 1) continue;
            check_exact(conv_shape(2, 3, 5, kNone, kNone, axis));
            check_exact(conv_shape(1, 2, 3, kNone, axis, {4, 3, 1, 1, 1, 1}));
          }
}

TEST_CASE("conv: few input channels, taps and channels in the lanes of the gradient") {
  int i = 0;
  for (const int64_t c_in : {1, 2, 3, 5, 6, 10})
    for (const int64_t pad : {0, 1, 3, 6}) {  // 6: windows of padding alone
      const Spatial high{++i % 2 ? 40 : 3, 5, 1, 1, pad, 5 - pad / 2}, wide{33 + i, 3 + i % 3, 1, 1, pad, pad / 2};
      check_exact(conv_shape(1 + i % 2, c_in, 3 + 5 * i, kNone, high, wide));
      check_exact(conv_shape(1, c_in, 7, {4, 3, 1, 1, pad / 2, 1}, {5, 1, 1, 1, 0, 0}, wide));
    }
  check_exact(conv_shape(1, 3, 20, kNone, {9, 3, 1, 1, 1, 1}, {700, 3, 1, 1, 1, 1}));
}

TEST_CASE("conv: large strides") {
  check_exact(conv_shape(1, 3, 5, kNone, kNone, {800, 300, 150, 1, 20, 30}));
  check_exact(conv_shape(1, 5, 20, kNone, {90, 5, 32, 3, 7, 0}, {100, 40, 12, 2, 30, 0}));
}

TEST_CASE("conv: one, two and three axes, laid out from either side") {
  const Spatial same{11, 3, 1, 1, 1, 1}, strided{9, 3, 2, 1, 1, 1}, wide{6, 4, 3, 2, 3, 2};
  const Spatial axes[][3] = {{same, kNone, kNone},   {kNone, same, kNone},   {kNone, kNone, same},
                             {same, strided, kNone}, {kNone, strided, wide}, {strided, kNone, wide},
                             {strided, same, wide},  {wide, strided, same},  {same, wide, strided}};
  for (const auto& [d, h, w] : axes) check_exact(conv_shape(2, 5, 18, d, h, w));
}

TEST_CASE("conv: padding wider than the kernel, windows that see only padding") {
  check_exact(conv_shape(1, 4, 6, {3, 2, 1, 1, 4, 3}, {3, 1, 1, 1, 5, 5}, {4, 3, 1, 1, 7, 9}));
  check_exact(conv_shape(2, 4, 6, kNone, {3, 2, 4, 1, 6, 5}, {2, 3, 3, 2, 8, 8}));
}

TEST_CASE("conv: products in disguise") {
  check_exact(conv_shape(3, 17, 33, {2, 1, 1, 1, 0, 0}, {5, 1, 1, 1, 0, 0}, {7, 1, 1, 1, 0, 0}));  // pointwise
  check_exact(conv_shape(3, 45, 100, kNone, {20, 1, 1, 1, 0, 0}, {17, 1, 1, 1, 0, 0}));
  check_exact(conv_shape(2, 14, 32, kNone, {20, 1, 1, 1, 0, 0}, {17, 1, 1, 1, 0, 0}));
  check_exact(conv_shape(1, 70, 20, kNone, {30, 1, 1, 1, 0, 0}, {20, 1, 1, 1, 0, 0}));
  check_exact(conv_shape(5, 16, 120, kNone, {5, 5, 1, 1, 0, 0}, {5, 5, 1, 1, 0, 0}));  // LeNet's C5
  check_exact(conv_shape(5, 3, 20, {2, 2, 2, 1, 0, 0}, {3, 3, 1, 1, 0, 0}, {1, 1, 1, 4, 0, 0}));
  check_exact(conv_shape(1, 8, 40, kNone, {9, 1, 2, 1, 0, 0}, {11, 1, 2, 1, 0, 0}));  // strided 1x1
  check_exact(conv_shape(64, 64, 64, kNone, kNone, kNone));
}

TEST_CASE("conv: layers of real nets, scaled down") {
  check_exact(conv_shape(3, 1, 32, kNone, {28, 3, 1, 1, 1, 1}, {28, 3, 1, 1, 1, 1}));
  check_exact(conv_shape(2, 1, 6, kNone, {28, 5, 1, 1, 2, 2}, {28, 5, 1, 1, 2, 2}));
  check_exact(conv_shape(1, 3, 64, kNone, {33, 7, 2, 1, 2, 3}, {37, 7, 2, 1, 2, 3}));
  check_exact(conv_shape(1, 3, 96, kNone, {31, 11, 4, 1, 0, 0}, {31, 11, 4, 1, 0, 0}));
  check_exact(conv_shape(1, 130, 70, kNone, {6, 3, 1, 1, 1, 1}, {6, 3, 1, 1, 1, 1}));
  check_exact(conv_shape(1, 4, 8, kNone, kNone, {2000, 25, 1, 2, 24, 24}));
  check_exact(conv_shape(1, 16, 16, kNone, {70, 3, 1, 1, 1, 1}, {40, 3, 1, 1, 1, 1}));
}

TEST_CASE("conv: masks told as signs") {
  const Spatial same{6, 3, 1, 1, 1, 1}, strided{7, 1, 2, 1, 0, 0}, plain{9, 1, 1, 1, 0, 0};
  for (const Epilogue& epilogue : sign_epilogues())
    for (int64_t channels : {16, 48, 80})
      for (const Spatial& axis : {same, strided, plain}) {
        const ConvShape s = conv_shape(2, channels, 96 - channels, kNone, axis, axis, epilogue);
        check_rounded(s);
        if (epilogue.activation <= Activation::relu) check_exact(s);
      }
}

TEST_CASE("conv: every epilogue") {
  const Spatial same{6, 3, 1, 1, 1, 1}, strided{7, 1, 2, 1, 0, 0}, whole{3, 3, 1, 1, 0, 0};
  for (const Epilogue& epilogue : epilogues())
    for (int64_t c_out : {1, 10, 16, 37})
      for (const Spatial& axis : {same, strided, whole}) {
        const ConvShape s = conv_shape(2, 5, c_out, kNone, axis, axis, epilogue);
        check_rounded(s);
        if (epilogue.activation <= Activation::relu) check_exact(s);
      }
}

TEST_CASE("conv: results large enough to be written past the caches") {
  const Spatial point{260, 1, 1, 1, 0, 0}, strided{519, 3, 2, 1, 1, 1};
  check_exact(conv_shape(1, 2, 64, kNone, point, point));
  check_exact(conv_shape(1, 64, 2, kNone, point, point));
  check_exact(conv_shape(1, 1, 64, kNone, strided, strided));
}

TEST_CASE("conv: one image with more weights than stay in L2") {
  const Spatial high{12, 1, 1, 1, 0, 0}, wide{11, 1, 1, 1, 0, 0}, same{7, 3, 1, 1, 1, 1}, strided{13, 3, 2, 1, 1, 1};
  const Epilogue epilogue{true, Activation::relu, true};
  check_exact(conv_shape(1, 256, 520, kNone, high, wide, epilogue));  // 532 KB, halves of 66 pixels
  check_exact(conv_shape(1, 520, 250, kNone, high, wide));
  check_exact(conv_shape(1, 40, 1030, kNone, same, same, epilogue));  // 1.5 MB: panels alone
  check_exact(conv_shape(1, 40, 1030, kNone, strided, strided));
}

TEST_CASE("conv: pixels 4 KB apart") {
  const Spatial high{5, 1, 1, 1, 0, 0}, wide{7, 1, 1, 1, 0, 0}, strided{27, 1, 2, 1, 0, 0};
  check_exact(conv_shape(1, 1024, 40, kNone, high, wide));  // 35 pixels, in tiles of 12 and 11
  check_exact(conv_shape(2, 40, 1024, kNone, high, wide, {false, Activation::none, true, true}));
  check_exact(conv_shape(1, 512, 40, kNone, high, strided));  // a line of 14
}

TEST_CASE("conv: windows side by side") {
  const Spatial two{12, 2, 2, 1, 0, 0}, three{9, 3, 3, 1, 0, 0}, gap{13, 2, 2, 1, 0, 0}, wide{1, 1, 2, 1, 0, 1};
  for (int64_t c_in : {3, 16, 32})
    for (bool bias : {false, true}) {
      check_exact(conv_shape(2, c_in, 7, kNone, two, two, {bias, Activation::none}));
      check_exact(conv_shape(1, c_in, 40, two, three, two, {bias, Activation::relu}));
      check_exact(conv_shape(2, c_in, 7, kNone, gap, gap, {bias, Activation::none}));
      check_exact(conv_shape(2, c_in, 7, kNone, wide, two, {bias, Activation::none}));
    }
}

TEST_CASE("conv: few output channels, several outputs in one vector") {
  const Spatial even{12, 5, 1, 1, 2, 2}, valid{13, 4, 1, 1, 0, 0}, strided{25, 3, 2, 1, 1, 0}, point{8, 1, 1, 1, 0, 0};
  for (int64_t c_out : {1, 2, 3, 5, 6, 8})
    for (int64_t c_in : {1, 6, 70})
      for (bool bias : {false, true}) {
        check_exact(conv_shape(2, c_in, c_out, kNone, even, even, {bias, Activation::relu}));
        check_exact(conv_shape(1, c_in, c_out, kNone, valid, valid, {bias, Activation::none, true}));
        check_exact(conv_shape(1, c_in, c_out, {3, 3, 1, 1, 1, 1}, strided, strided, {bias, Activation::none}));
        check_exact(conv_shape(1, c_out, c_in, kNone, even, even, {bias, Activation::none}));
        check_exact(conv_shape(1, c_in, c_out, kNone, even, point, {bias, Activation::none}));
      }
}

TEST_CASE("conv: rounding stays within the bound over long reductions") {
  check_rounded(conv_shape(4, 33, 20, kNone, {20, 3, 1, 1, 1, 1}, {20, 3, 1, 1, 1, 1}));
  check_rounded(conv_shape(1, 200, 9, kNone, {6, 5, 1, 1, 2, 2}, {6, 5, 2, 1, 2, 2}));
}

// 50,176 terms; the packed kernel's chains of 3,136 lost 8 epsilons.
TEST_CASE("conv: weight gradients of many pixels of one sign") {
  const ConvShape s = conv_shape(16, 16, 32, kNone, {56, 1, 1, 1, 0, 0}, {56, 1, 1, 1, 0, 0});
  Values x = reals(x_size(s), 1), gy = reals(y_size(s), 2);
  for (Values* values : {&x, &gy})
    for (double& v : *values) v = std::abs(v);
  const Values gw = reference_weight_gradient(s, x, gy);
  for_each_kernel(Family::conv, int(ConvFunction::weight_gradient), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = std::remove_pointer_t<decltype(type)>;
                    if (sizeof(T) != sizeof(float)) return;  // no better than the reference
                    INFO(label);
                    const std::vector<std::vector<T>> inputs{cast<T>(x), cast<T>(gy)};
                    const auto got = run_kernel<T>(kernel, &s, inputs, int64_t(gw.size()), Split::whole);
                    CHECK(worst(got, gw, gw) <= 4);
                  });
}

// STRIATE_TEST_SEED and STRIATE_TEST_ROUNDS make it a longer search; a failure names its shape.
TEST_CASE("conv: random shapes") {
  const char* seed = std::getenv("STRIATE_TEST_SEED");
  const char* rounds = std::getenv("STRIATE_TEST_ROUNDS");
  uint64_t state = seed ? std::strtoull(seed, nullptr, 10) : 1;
  const auto draw = [&](int64_t low, int64_t high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + int64_t(state >> 33) % (high - low + 1);
  };
  const auto axis = [&](int64_t most) {
    for (;;) {
      const Spatial s{draw(1, most), draw(1, 5), draw(1, 4), draw(1, 3), draw(0, 5), draw(0, 5)};
      if (s.in + s.pad_before + s.pad_after >= s.dilation * (s.kernel - 1) + 1) return s;
    }
  };
  for (int i = 0; i < (rounds ? std::atoi(rounds) : 40); ++i) {
    const Spatial d = draw(0, 2) ? kNone : axis(5), h = draw(0, 3) ? axis(12) : kNone, w = axis(24);
    check_exact(conv_shape(draw(1, 3), draw(1, 40), draw(1, 70), d, h, w));
  }
}

}  // namespace
