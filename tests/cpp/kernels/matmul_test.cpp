// Every matrix-product kernel of every ISA against the reference.
#include "kernels/matmul.h"

#include <algorithm>
#include <array>
#include <limits>

#include "support/kernel_call.h"
#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

// Products of whole numbers must be exact; otherwise the contract's bound holds,
// 4 * eps * k * max|a| * max|b|, and one eps for the epilogue.
void check(const MatmulShape& s, bool exact) {
  const auto values = exact ? whole_numbers : reals;
  const Values a = values(s.m * s.k, 1), b = values(s.k * s.n, 2);
  const Values bias = s.epilogue.bias ? values(s.n, 3) : Values{};
  const Values residual = s.epilogue.residual ? values(s.m * s.n, 4) : Values{};
  const Values mask = s.epilogue.mask ? values(s.m * s.n, 5) : Values{};
  const Values want = reference_product(s, a, b, {bias, residual, mask});
  for_each_kernel(
      Family::matmul, int(MatmulFunction::product), &s,
      [&](const Kernel& kernel, const std::string& label, auto* type) {
        using T = std::remove_pointer_t<decltype(type)>;
        const std::vector<std::vector<T>> inputs{cast<T>(a), cast<T>(b), cast<T>(bias), cast<T>(residual),
                                                 cast<T>(mask)};
        INFO(label, ": m=", s.m, " n=", s.n, " k=", s.k, " transpose_a=", s.transpose_a, " transpose_b=", s.transpose_b,
             " bias=", s.epilogue.bias, " activation=", int(s.epilogue.activation), " residual=", s.epilogue.residual,
             " mask=", s.epilogue.mask);
        const auto got = run_kernel<T>(kernel, &s, inputs, s.m * s.n, Split::whole);
        double worst = 0;
        for (size_t i = 0; i < want.size(); ++i) {
          const double error = std::abs(double(got[i]) - want[i]);
          worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
        }
        CHECK(worst <= (exact ? 0 : (4.0 * double(s.k) + 4) * std::numeric_limits<T>::epsilon()));
        const auto again = run_kernel<T>(kernel, &s, inputs, s.m * s.n, Split::reversed_singles);
        CHECK_MESSAGE(std::memcmp(got.data(), again.data(), got.size() * sizeof(T)) == 0, "bits depend on the split");
      });
}

void check_all_layouts(int64_t m, int64_t n, int64_t k) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) check({m, n, k, transpose_a, transpose_b, {}}, true);
}

TEST_CASE("matmul: sizes around tiles, vectors and panels") {
  for (int64_t m : {1, 2, 3, 4, 5, 7, 13, 14, 15, 29, 64})
    for (int64_t n : {1, 3, 7, 8, 10, 15, 16, 17, 31, 33, 64})
      for (int64_t k : {1, 17, 64}) check_all_layouts(m, n, k);
}

TEST_CASE("matmul: few rows beside a large B") {
  for (const auto& [m, n, k] :
       {std::array<int64_t, 3>{9, 1000, 1100}, {33, 4100, 300}, {64, 45, 30011}, {16, 2048, 700}})
    for (const Epilogue& epilogue : {Epilogue{}, Epilogue{true, Activation::relu, true, true}})
      check({m, n, k, false, false, epilogue}, true);
  check({20, 700, 1700, false, false, {true, Activation::tanh}}, false);
}

TEST_CASE("matmul: an empty k leaves the epilogue of zero") {
  check({5, 7, 0, false, false, {}}, true);
  check({5, 7, 0, true, true, {true, Activation::relu}}, true);
  check({1, 70, 0, false, false, {true, Activation::none}}, true);
}

TEST_CASE("matmul: long and split k, rows a power of two apart") {
  check_all_layouts(1, 10, 3136);
  check_all_layouts(3, 1000, 300);
  check_all_layouts(4, 129, 2048);
  check_all_layouts(16, 130, 1024);
  check_all_layouts(128, 10, 128);
  check_all_layouts(130, 128, 600);
  check_all_layouts(200, 33, 1100);
  check_all_layouts(10, 300, 1500);
  check_all_layouts(8, 1030, 530);
  check_all_layouts(2, 2100, 700);
  check_all_layouts(33, 700, 1030);
}

TEST_CASE("matmul: results large enough to be written past the caches") {
  check({2060, 2064, 3, true, false, {}}, true);
  check({2060, 2064, 260, false, false, {}}, true);
}

TEST_CASE("matmul: bias and activations, split and whole") {
  for (const Epilogue& epilogue : epilogues())
    for (const auto& [m, n, k] : {std::array<int64_t, 3>{9, 37, 20}, {1, 10, 700}, {5, 3000, 3}, {128, 10, 256}})
      for (const bool exact : {true, false})
        if (!exact || epilogue.activation <= Activation::relu) check({m, n, k, false, false, epilogue}, exact);
}

// The product's error goes through the rate; the update rounds three times on its own.
TEST_CASE("matmul: the update of weights by a product") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{1, 1, 1}, {14, 32, 8}, {29, 70, 3}, {33, 10, 64}, {300, 97, 5}})
    for (const bool nesterov : {false, true}) {
      const MatmulUpdateShape s{{m, n, k, true, false, {}}, 0.9, nesterov};
      const Values a = reals(m * k, 1), b = reals(k * n, 2), w = reals(m * n, 3), v = reals(m * n, 4);
      const Values g = reference_product(s.product, a, b, {});
      for_each_kernel(Family::matmul, int(MatmulFunction::momentum), &s,
                      [&](const Kernel& kernel, const std::string& label, auto* type) {
                        using T = std::remove_pointer_t<decltype(type)>;
                        INFO(label, ": m=", m, " n=", n, " k=", k, " nesterov=", nesterov);
                        const double rate = double(T(0.1)), keep = double(T(0.9));
                        const int64_t bytes = m * n * int64_t(sizeof(T));
                        const auto got =
                            call(kernel, &s,
                                 {reals_as<T>(a), reals_as<T>(b), reals_as<T>(w), reals_as<T>(v), reals_as<T>({rate})},
                                 {bytes, bytes}, {{0, 2}, {1, 3}});
                        const auto bound = [&](size_t) { return (double(k) + 8) * epsilon<T>(); };
                        Values moved(m * n), velocity(m * n);
                        for (int64_t i = 0; i < m * n; ++i) {
                          velocity[i] = keep * v[i] - rate * g[i];
                          moved[i] = w[i] + (nesterov ? keep * velocity[i] - rate * g[i] : velocity[i]);
                        }
                        check_close(values_of<T>(got[0]), moved, bound);
                        check_close(values_of<T>(got[1]), velocity, bound);
                      });
    }
}

}  // namespace
