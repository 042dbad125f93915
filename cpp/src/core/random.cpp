#include "striate/random.h"

#include <cmath>
#include <numbers>

#include "core/check.h"
#include "core/team.h"
#include "striate/device.h"

namespace striate {
namespace {

// Counters of different uses never meet: their last word names the use.
enum Use : uint32_t { kUniform = 1, kNormal = 2, kPermutation = 3 };

struct Draws {
  uint64_t seed, stream;
  Use use;
  std::array<uint32_t, 4> at(uint64_t i, uint32_t round = 0) const {
    // 40 bits of element, 24 of retry round, 64 of stream folded with the use.
    return philox(seed ^ (stream * 0x9E3779B97F4A7C15ull),
                  {static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32) ^ (round << 8),
                   static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32) ^ (use << 28)});
  }
};

// In (0, 1), 53 bits.
double unit(uint32_t high, uint32_t low) {
  const uint64_t bits = ((static_cast<uint64_t>(high) << 32) | low) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

// A draw takes about 40 ns, so fewer are not worth waking threads for.
constexpr int64_t kTogether = 1 << 16;

// x[i] = f(i); every element on its own, so that threads do not matter.
template <class T, class F>
void fill(T* x, int64_t n, F f) {
  auto part = [&](const TeamMember& member) {
    const int64_t end = n * (member.index + 1) / member.count;
    for (int64_t i = n * member.index / member.count; i < end; ++i) x[i] = static_cast<T>(f(i));
  };
  if (n < kTogether) return part({0, 1});
  run_team(num_threads(), part);
}

template <class F>
Tensor filled(DType dtype, const Shape& shape, F f) {
  STRIATE_CHECK(is_floating(dtype), type, "random", "draws float32 or float64, not ", dtype_name(dtype));
  Tensor tensor(dtype, shape);
  if (dtype == DType::float32)
    fill(tensor.as<float>(), tensor.elements(), f);
  else
    fill(tensor.as<double>(), tensor.elements(), f);
  return tensor;
}

}  // namespace

std::array<uint32_t, 4> philox(uint64_t key, std::array<uint32_t, 4> c) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0], p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

uint64_t stream_id(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001B3ull;
  return hash;
}

Tensor random_uniform(const Shape& shape, uint64_t seed, uint64_t stream, double low, double high, DType dtype) {
  const Draws draws{seed, stream, kUniform};
  return filled(dtype, shape, [&](int64_t i) {
    const auto r = draws.at(i);
    return low + (high - low) * unit(r[0], r[1]);
  });
}

Tensor random_normal(const Shape& shape, uint64_t seed, uint64_t stream, double mean, double stddev, bool truncated,
                     DType dtype) {
  const Draws draws{seed, stream, kNormal};
  return filled(dtype, shape, [&](int64_t i) {
    double z = 0;
    for (uint32_t round = 0; round < 64; ++round) {  // 4.6% are redrawn; 64 rounds never happen
      const auto r = draws.at(i, round);
      z = std::sqrt(-2 * std::log(unit(r[0], r[1]))) * std::cos(2 * std::numbers::pi * unit(r[2], r[3]));
      if (!truncated || std::abs(z) <= 2) break;
    }
    return mean + stddev * z;
  });
}

Tensor permutation(int64_t n, uint64_t seed, uint64_t epoch) {
  STRIATE_CHECK(n >= 0, value, "permutation", "n=", n, " is negative");
  Tensor tensor(DType::int64, Shape{n});
  int64_t* order = tensor.as<int64_t>();
  for (int64_t i = 0; i < n; ++i) order[i] = i;
  const Draws draws{seed, epoch, kPermutation};
  // Fisher-Yates; the multiply-shift's bias is below n / 2^64.
  for (int64_t i = n - 1; i > 0; --i) {
    const auto r = draws.at(i);
    const uint64_t bits = (static_cast<uint64_t>(r[0]) << 32) | r[1];
    const auto j = static_cast<int64_t>((static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(i + 1)) >> 64);
    std::swap(order[i], order[j]);
  }
  return tensor;
}

}  // namespace striate
