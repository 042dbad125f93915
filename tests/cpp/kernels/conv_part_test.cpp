// Convolutions whose results are some channels of wider memory: the bits of results with memory of their own, and not a
// byte beside them.
#include <cmath>
#include <string>

#include "kernels/conv.h"
#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

ConvShape shape_of(int64_t n, int64_t c_in, int64_t c_out, int64_t h, int64_t w, int64_t kernel, int64_t stride) {
  const int64_t pad = kernel / 2;
  const auto out = [&](int64_t in) { return (in + 2 * pad - kernel) / stride + 1; };
  return {n,         c_in,          c_out, 1, {1, h, w}, {1, out(h), out(w)}, {1, kernel, kernel}, {1, stride, stride},
          {1, 1, 1}, {0, pad, pad}, {}};
}

void check(ConvShape s, int64_t first, int64_t whole) {
  const Values x = reals(x_size(s), 1), w = reals(w_size(s), 2);
  const Values bias = s.epilogue.bias ? reals(s.c_out, 3) : Values{};
  ConvShape part = s;
  part.epilogue.part = {first, whole};
  for_each_kernel(Family::conv, int(ConvFunction::forward), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = std::remove_pointer_t<decltype(type)>;
                    INFO(label, ": c=", s.c_in, "->", s.c_out, " kernel ", s.kernel[1], " stride ", s.stride[1],
                         " in channels ", first, " of ", whole);
                    const std::vector<std::vector<T>> inputs = {cast<T>(x), cast<T>(w), cast<T>(bias), {}, {}};
                    const int64_t pixels = y_size(s) / s.c_out;
                    const auto own = run_kernel<T>(kernel, &s, inputs, y_size(s), Split::whole);
                    for (const Split split : {Split::whole, Split::reversed_singles}) {
                      const auto wide = run_kernel<T>(kernel, &part, inputs, pixels * whole, split);
                      bool same = true, untouched = true;
                      for (int64_t p = 0; p < pixels; ++p)
                        for (int64_t c = 0; c < whole; ++c) {
                          const T got = wide[p * whole + c];
                          if (c >= first && c < first + s.c_out)
                            same = same && got == own[p * s.c_out + c - first];
                          else
                            untouched = untouched && std::isnan(got);
                        }
                      CHECK(same);
                      CHECK(untouched);
                    }
                  });
}

TEST_CASE("a convolution's results as channels of wider memory") {
  for (const bool ends : {false, true}) {
    const auto check_all = [&](ConvShape s) {
      s.epilogue.bias = ends;
      s.epilogue.activation = ends ? Activation::relu : Activation::none;
      check(s, 0, s.c_out + 1);
      check(s, 16, s.c_out + 48);
      check(s, 5, s.c_out + 5);
    };
    check_all(shape_of(2, 20, 37, 7, 9, 1, 1));
    check_all(shape_of(1, 16, 64, 14, 14, 3, 1));
    check_all(shape_of(3, 32, 48, 13, 10, 3, 2));
    check_all(shape_of(2, 16, 33, 9, 6, 5, 1));
    check_all(shape_of(2, 3, 6, 11, 12, 3, 1));  // outputs side by side where they are no part
    check_all(shape_of(1, 17, 80, 6, 5, 1, 2));
    check_all(shape_of(1, 160, 130, 7, 7, 3, 1));  // panels shared out
  }
}

TEST_CASE("parts written past the caches") {
  ConvShape s = shape_of(1, 16, 64, 256, 256, 1, 1);  // 16 MB
  check(s, 64, 192);
  check(s, 8, 72);
}

}  // namespace
