// Reductions of every ISA against loops in double: sums of whole numbers, extremes and argmax exactly; sums of reals
// within the bound of a tree of additions.
#include "kernels/reduce.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

const std::vector<ReduceShape> kShapes = [] {
  std::vector<ReduceShape> shapes = {
      {1, 1, 1},     {1, 100, 1},    {5, 10, 1},    {300, 10, 1},  {3, 1000, 1},  {2, 49, 33},
      {1, 129, 512}, {1, 100000, 1}, {2, 70001, 1}, {1, 8000, 10}, {1, 9001, 6},  {1, 3001, 20},
      {1, 20, 5000}, {1, 1, 77},     {40, 49, 40},  {1, 2500, 33}, {1, 1025, 64}, {3, 7000, 3},
  };
  for (int64_t c : kChannels) {
    shapes.push_back({1, 131, c});
    shapes.push_back({3, 5, c});
    shapes.push_back({2, 67, c});
  }
  return shapes;
}();

std::vector<double> reference(ReduceFunction f, const ReduceShape& s, const std::vector<double>& x) {
  std::vector<double> y;
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t j = 0; j < s.inner; ++j) {
      const double* column = x.data() + o * s.reduce * s.inner + j;
      long double sum = 0;
      double top = column[0], bottom = column[0];
      int64_t at = 0;
      for (int64_t r = 0; r < s.reduce; ++r) {
        const double v = column[r * s.inner];
        sum += v;
        if (std::isnan(v) ? !std::isnan(top) : v > top) top = v, at = r;
        if (std::isnan(v) || v < bottom) bottom = v;
      }
      switch (f) {
        case ReduceFunction::sum:
          y.push_back(double(sum));
          break;
        case ReduceFunction::mean:
          y.push_back(double(sum / s.reduce));
          break;
        case ReduceFunction::max:
          y.push_back(top);
          break;
        case ReduceFunction::min:
          y.push_back(bottom);
          break;
        case ReduceFunction::argmax:
          y.push_back(double(at));
          break;
      }
    }
  return y;
}

// Calls check(got, want, type tag) for each kernel.
template <class Check>
void run_all(ReduceFunction f, const ReduceShape& s, const std::vector<double>& x, Check check) {
  const auto want = reference(f, s, x);
  for_each_kernel(Family::reduce, int(f), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
    using T = TypeOf<decltype(type)>;
    INFO(label, " (", s.outer, ", ", s.reduce, ", ", s.inner, ")");
    const int64_t results = s.outer * s.inner;
    if (f == ReduceFunction::argmax)
      check_equal(values_of<int64_t>(call(kernel, &s, {reals_as<T>(x)}, {results * 8})[0]), want);
    else
      check(values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {results * int64_t(sizeof(T))})[0]), want);
  });
}

TEST_CASE("reduce: sums of whole numbers are exact") {
  for (const ReduceShape& s : kShapes)
    run_all(ReduceFunction::sum, s, whole_numbers(s.outer * s.reduce * s.inner, 1),
            [](const auto& got, const auto& want) { check_equal(got, want); });
}

// A lane adds at most 64 values one after the other; merging n/64 blocks pairwise and lanes by halves adds log2(n)
// roundings: the error is at most (64 + log2 n) * eps * sum|x|, with |x| <= 1. A mean divides it, and rounds once more.
TEST_CASE("reduce: sums and means of reals stay within a tree's bound") {
  for (const ReduceShape& s : kShapes)
    for (ReduceFunction f : {ReduceFunction::sum, ReduceFunction::mean})
      run_all(f, s, reals(s.outer * s.reduce * s.inner, 1), [&](const auto& got, const auto& want) {
        const double eps = epsilon<typename std::decay_t<decltype(got)>::value_type>() / 2;
        const double roundings = std::min<double>(65 + std::log2(double(s.reduce)), double(s.reduce) + 1);
        const double scale = f == ReduceFunction::sum ? double(s.reduce) : 1;
        check_close(got, want, [&](size_t) { return roundings * eps * scale; });
      });
}

TEST_CASE("reduce: a long sum of equal values loses little") {
  // 0.1 a million times: adding in a row loses 1% in float, the tree less than 1e-5.
  const ReduceShape s{1, 1000003, 1};
  const std::vector<double> x(s.reduce, double(0.1f));
  run_all(ReduceFunction::sum, s, x, [&](const auto& got, const auto& want) {
    const double eps = epsilon<typename std::decay_t<decltype(got)>::value_type>();
    check_close(got, want, [&](size_t i) { return 64 * eps * want[i]; });
  });
}

TEST_CASE("reduce: extremes and argmax are exact, with ties, NaN and infinities") {
  for (const ReduceShape& s : kShapes)
    for (int specials : {0, 1, 2}) {
      auto x = whole_numbers(s.outer * s.reduce * s.inner, 2);  // many ties
      for (size_t i = 0; specials > 0 && i < x.size(); i += 5) x[i] = i % 2 ? kInf : -kInf;
      for (size_t i = 3; specials > 1 && i < x.size(); i += 29) x[i] = kNaN;
      for (ReduceFunction f : {ReduceFunction::max, ReduceFunction::min, ReduceFunction::argmax})
        run_all(f, s, x, [](const auto& got, const auto& want) { check_equal(got, want); });
    }
}

TEST_CASE("reduce: long reductions to few results make items for many cores") {
  for (const ReduceShape& s : std::vector<ReduceShape>{{1, 1 << 20, 1}, {1, 73728, 6}, {1, 73728, 32}, {1, 8192, 512}})
    for (ReduceFunction f : {ReduceFunction::sum, ReduceFunction::argmax})
      for_each_kernel(Family::reduce, int(f), &s, [&](const Kernel& kernel, const std::string& label, auto*) {
        INFO(label, " (", s.outer, ", ", s.reduce, ", ", s.inner, ")");
        CHECK(kernel.items(&s, 0) >= 16);
        CHECK(kernel.items(&s, 0) <= 64);
      });
}

}  // namespace
