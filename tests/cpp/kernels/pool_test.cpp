// Pooling on every ISA against loops over windows: maxima and whole-number averages exactly, gradients as adjoints.
#include "kernels/pool.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

int64_t inputs(const PoolShape& s) { return s.n * s.in[0] * s.in[1] * s.in[2] * s.c; }
int64_t outputs(const PoolShape& s) { return s.n * s.out[0] * s.out[1] * s.out[2] * s.c; }

// f(index in y, indices in x of the window's real cells in row-major order, what an average divides by)
template <class F>
void for_windows(const PoolShape& s, F f) {
  for (int64_t y = 0; y < outputs(s); ++y) {
    int64_t rest = y / s.c, o[3];
    for (int axis = 2; axis >= 0; --axis) {
      o[axis] = rest % s.out[axis];
      rest /= s.out[axis];
    }
    std::vector<int64_t> cells;
    int64_t inside_padding = 0;
    for (int64_t i = 0; i < s.window[0] * s.window[1] * s.window[2]; ++i) {
      const int64_t k[3] = {i / s.window[2] / s.window[1], i / s.window[2] % s.window[1], i % s.window[2]};
      bool real = true, padded = true;
      int64_t at = rest;
      for (int axis = 0; axis < 3; ++axis) {
        const int64_t p = o[axis] * s.stride[axis] - s.pad_lo[axis] + k[axis];
        real &= p >= 0 && p < s.in[axis];
        padded &= p < s.in[axis] + s.pad_hi[axis];
        at = at * s.in[axis] + p;
      }
      if (real) cells.push_back(at * s.c + y % s.c);
      inside_padding += padded;
    }
    f(y, cells, s.count_include_pad ? inside_padding : int64_t(cells.size()));
  }
}

int64_t first_maximum(const std::vector<double>& x, const std::vector<int64_t>& cells) {
  int64_t best = cells[0];
  for (int64_t cell : cells)
    if (std::isnan(x[cell]) ? !std::isnan(x[best]) : x[cell] > x[best]) best = cell;
  return best;
}

PoolShape plane(int64_t n, int64_t c, int64_t h, int64_t w, int64_t window, int64_t stride, int64_t pad = 0,
                bool ceil = false, bool include = false) {
  PoolShape s{n,      c, {1, h, w}, {1, 0, 0}, {1, window, window}, {1, stride, stride}, {0, pad, pad}, {0, pad, pad},
              include};
  for (int axis : {1, 2}) {
    const int64_t room = s.in[axis] + 2 * pad - window;
    s.out[axis] = (room + (ceil ? stride - 1 : 0)) / stride + 1;
    if (ceil && (s.out[axis] - 1) * stride >= s.in[axis] + pad) --s.out[axis];  // a window of padding alone
  }
  return s;
}

std::vector<PoolShape> shapes() {
  std::vector<PoolShape> all;
  for (int64_t c : kChannels) {
    all.push_back(plane(2, c, 6, 8, 2, 2));
    all.push_back(plane(2, c, 7, 5, 2, 2));     // a row and a column belong to no window
    all.push_back(plane(2, c, 7, 9, 3, 2, 1));  // overlapping, padded
  }
  for (bool include : {false, true}) {
    all.push_back(plane(1, 7, 5, 7, 2, 2, 0, true, include));
    all.push_back(plane(1, 7, 6, 7, 3, 2, 1, true, include));
    all.push_back(plane(2, 20, 9, 9, 3, 1, 1, false, include));
    all.push_back(plane(1, 5, 4, 4, 4, 1, 2, false, include));
  }
  all.push_back(plane(3, 17, 7, 7, 7, 7));  // global
  all.push_back(plane(3, 17, 7, 7, 7, 1));  // global, said otherwise
  all.push_back(plane(2, 3, 9, 11, 2, 3));  // gaps between windows
  all.push_back(plane(2, 3, 9, 11, 1, 2));
  all.push_back(plane(20, 40, 12, 12, 3, 2));  // several items, images as items
  all.push_back(plane(2, 40, 24, 24, 3, 2, 1));
  all.push_back(plane(24, 6, 24, 24, 2, 2));
  // 3-D, uneven on every axis, and 1-D.
  all.push_back({2, 5, {4, 5, 7}, {2, 2, 3}, {2, 3, 3}, {2, 2, 2}, {0, 0, 0}, {0, 0, 0}, false});
  all.push_back({1, 9, {3, 4, 5}, {3, 3, 4}, {2, 2, 3}, {1, 2, 1}, {0, 1, 1}, {1, 1, 0}, true});
  // One deep, but windows at several depths: they reach into the padding.
  all.push_back({3, 5, {1, 4, 4}, {2, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 0, 0}, {1, 0, 0}, false});
  all.push_back({3, 35, {1, 9, 11}, {2, 9, 11}, {7, 2, 2}, {3, 1, 1}, {3, 1, 0}, {4, 0, 1}, false});
  all.push_back({3, 8, {1, 1, 13}, {1, 1, 6}, {1, 1, 3}, {1, 1, 2}, {0, 0, 0}, {0, 0, 0}, false});
  return all;
}

// check(shape, kernel, label, type) for each shape and each kernel of a function.
template <class Check>
void for_all(PoolFunction f, Check check, const std::vector<PoolShape>& all = shapes()) {
  for (const PoolShape& s : all)
    for_each_kernel(Family::pool, int(f), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
      INFO(label, " n=", s.n, " c=", s.c, " in=", s.in[0], "x", s.in[1], "x", s.in[2], " window=", s.window[0], "x",
           s.window[1], "x", s.window[2], " stride=", s.stride[1], " include=", s.count_include_pad);
      check(s, kernel, type);
    });
}

// Whole numbers, so ties abound, with some NaN and -inf where asked.
std::vector<double> values(const PoolShape& s, bool specials) {
  auto x = whole_numbers(inputs(s), 5);
  for (size_t i = 0; specials && i < x.size(); i += 7) x[i] = i % 3 == 0 ? kNaN : -kInf;
  return x;
}

TEST_CASE("max_forward is exact; NaN wins") {
  for (bool specials : {false, true})
    for_all(PoolFunction::max_forward, [&](const PoolShape& s, const Kernel& kernel, auto* type) {
      using T = TypeOf<decltype(type)>;
      const auto x = values(s, specials);
      std::vector<double> want(outputs(s));
      for_windows(s, [&](int64_t y, const auto& cells, int64_t) { want[y] = x[first_maximum(x, cells)]; });
      check_equal(values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {outputs(s) * int64_t(sizeof(T))})[0]), want);
    });
}

void check_scatter(const std::vector<PoolShape>& all) {
  for (bool specials : {false, true})
    for_all(
        PoolFunction::max_scatter,
        [&](const PoolShape& s, const Kernel& kernel, auto* type) {
          using T = TypeOf<decltype(type)>;
          const auto x = values(s, specials), g = whole_numbers(outputs(s), 6);
          std::vector<double> want(inputs(s));
          for_windows(s, [&](int64_t y, const auto& cells, int64_t) { want[first_maximum(x, cells)] += g[y]; });
          const auto got = call(kernel, &s, {reals_as<T>(x), reals_as<T>(g)}, {inputs(s) * int64_t(sizeof(T))});
          check_equal(values_of<T>(got[0]), want);
        },
        all);
}
TEST_CASE("max_scatter adds to the first maximum") { check_scatter(shapes()); }

TEST_CASE("max_scatter past the caches, with a row and a column in no window") {
  check_scatter({plane(1, 64, 257, 261, 2, 2)});  // 17 MB of floats
}

TEST_CASE("max_gather reads at the first maximum") {
  for_all(PoolFunction::max_gather, [&](const PoolShape& s, const Kernel& kernel, auto* type) {
    using T = TypeOf<decltype(type)>;
    const auto x = values(s, true), v = reals(inputs(s), 6);
    std::vector<double> want(outputs(s));
    for_windows(s, [&](int64_t y, const auto& cells, int64_t) { want[y] = v[first_maximum(x, cells)]; });
    const auto got = call(kernel, &s, {reals_as<T>(x), reals_as<T>(v)}, {outputs(s) * int64_t(sizeof(T))});
    check_equal(values_of<T>(got[0]), want);
  });
}

// Sums of whole numbers are exact, so only the division rounds: half an ulp of a value of at most 3.
TEST_CASE("avg_forward rounds once") {
  for_all(PoolFunction::avg_forward, [&](const PoolShape& s, const Kernel& kernel, auto* type) {
    using T = TypeOf<decltype(type)>;
    const auto x = values(s, false);
    std::vector<double> want(outputs(s));
    for_windows(s, [&](int64_t y, const auto& cells, int64_t divisor) {
      double sum = 0;
      for (int64_t cell : cells) sum += x[cell];
      want[y] = sum / double(divisor);
    });
    const auto got = call(kernel, &s, {reals_as<T>(x)}, {outputs(s) * int64_t(sizeof(T))});
    check_close(values_of<T>(got[0]), want, [&](size_t i) { return std::abs(want[i]) * epsilon<T>() / 2; });
  });
}

// Each share |g| <= 3 rounds once and each of up to `windows` additions once.
TEST_CASE("avg_backward spreads the gradient") {
  for_all(PoolFunction::avg_backward, [&](const PoolShape& s, const Kernel& kernel, auto* type) {
    using T = TypeOf<decltype(type)>;
    const auto g = whole_numbers(outputs(s), 6);
    std::vector<double> want(inputs(s)), count(inputs(s));
    for_windows(s, [&](int64_t y, const auto& cells, int64_t divisor) {
      for (int64_t cell : cells) want[cell] += g[y] / double(divisor), count[cell] += 3 / double(divisor);
    });
    int64_t windows = 1;
    for (int axis = 0; axis < 3; ++axis) windows *= (s.window[axis] - 1) / s.stride[axis] + 1;
    const auto got = call(kernel, &s, {reals_as<T>(g)}, {inputs(s) * int64_t(sizeof(T))});
    check_close(values_of<T>(got[0]), want, [&](size_t i) { return double(windows) * count[i] * epsilon<T>() / 2; });
  });
}

}  // namespace
