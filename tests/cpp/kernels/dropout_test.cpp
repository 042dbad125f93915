// Dropout's draws bit by bit, against a plain Philox.
#include "kernels/dropout.h"

#include <array>

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

std::array<uint32_t, 4> philox(uint64_t key, std::array<uint32_t, 4> c) {
  for (int round = 0; round < 10; ++round) {
    const uint32_t k0 = uint32_t(key) + uint32_t(round) * 0x9E3779B9u;
    const uint32_t k1 = uint32_t(key >> 32) + uint32_t(round) * 0xBB67AE85u;
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0], p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
  }
  return c;
}

TEST_CASE("the reference is Philox4x32-10: known answers of its authors") {
  CHECK(philox(0, {0, 0, 0, 0}) == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~uint64_t{0}, {~0u, ~0u, ~0u, ~0u}) ==
        std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}) ==
        std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

bool kept(const DropoutShape& s, int64_t seed, int64_t step, int64_t i) {
  const auto draws =
      philox(uint64_t(seed), {uint32_t(i / 4), uint32_t(step), uint32_t(s.stream), uint32_t(s.stream >> 32)});
  return double(draws[i % 4]) >= s.rate * 4294967296.0;
}

TEST_CASE("dropout keeps what its draws say, on every ISA") {
  for (int64_t n : {1, 3, 4, 15, 17, 64, 1001, 50007})
    for (double rate : {0.0, 0.1, 0.5, 0.999})
      for (const auto& [seed, step] : std::vector<std::array<int64_t, 2>>{{0, 0}, {42, 7}, {-1, int64_t{1} << 31}}) {
        const DropoutShape s{n, rate, 0x9e3779b97f4a7c15u * uint64_t(n)};
        const auto x = reals(n, 3);
        for_each_kernel(Family::dropout, int(DropoutFunction::apply), &s,
                        [&](const Kernel& kernel, const std::string& label, auto* type) {
                          using T = TypeOf<decltype(type)>;
                          INFO(label, " n=", n, " rate=", rate, " seed=", seed, " step=", step);
                          std::vector<double> want(n);
                          for (int64_t i = 0; i < n; ++i)
                            want[i] = kept(s, seed, step, i) ? double(T(x[i]) * T(1 / (1 - rate))) : 0;
                          const Bytes rng = bytes_of(std::vector<int64_t>{seed, step});
                          const auto got = call(kernel, &s, {reals_as<T>(x), rng}, {n * int64_t(sizeof(T))}, {{0, 0}});
                          check_equal(values_of<T>(got[0]), want);
                        });
      }
}

TEST_CASE("a rate that no draw reaches drops everything") {
  const DropoutShape s{100, 1 - 0x1p-40, 1};
  for_each_kernel(Family::dropout, int(DropoutFunction::apply), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label);
                    const Bytes rng = bytes_of(std::vector<int64_t>{1, 2});
                    const auto got = call(kernel, &s, {reals_as<T>(reals(100, 1)), rng}, {100 * int64_t(sizeof(T))});
                    check_equal(values_of<T>(got[0]), std::vector<double>(100, 0));
                  });
}

}  // namespace
