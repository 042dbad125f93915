// Dropout by Philox4x32-10 (Salmon et al. 2011): ten rounds of two 32 x 32 -> 64 bit products, on a vector of counters.
#include "kernels/dropout.h"

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

// Each 32-bit word of the state lies in a 64-bit lane, so that a product fits where its factors were.
constexpr int kPairs = sizeof(Vec) / 8;
// One draw a lane of Vec, and the same as wide as Vec's lanes.
using Draws = uint32_t __attribute__((vector_size(4 * kLanes)));
template <int kBytes>
struct UnsignedOf {
  using Type = uint32_t;
};
template <>
struct UnsignedOf<8> {
  using Type = uint64_t;
};
using Unsigned = UnsignedOf<sizeof(Real)>::Type __attribute__((vector_size(sizeof(Vec))));

// Draws come in blocks: 4 a counter, kBlock in all. Items are whole blocks.
constexpr int64_t kBlock = 4 * kPairs;
constexpr uint64_t kLow = 0xffffffff;

// The draws of counters [first, first + kPairs), in the order of the elements they decide.
STRIATE_INLINE void draw_block(uint64_t first, uint32_t step, uint64_t stream, uint64_t seed, uint32_t* draws) {
  Wide c0, c1 = step - Wide{}, c2 = (stream & kLow) - Wide{}, c3 = (stream >> 32) - Wide{};
  STRIATE_UNROLL
  for (int i = 0; i < kPairs; ++i) c0[i] = (first + i) & kLow;
  uint64_t k0 = seed & kLow, k1 = seed >> 32;
  const Wide m0 = 0xD2511F53 - Wide{}, m1 = 0xCD9E8D57 - Wide{};
  STRIATE_UNROLL
  for (int round = 0; round < 10; ++round) {
    // High halves of the state are left to hold anything: a product ignores them.
    const Wide p0 = multiply_low_halves(c0, m0), p1 = multiply_low_halves(c2, m1);
    c0 = (p1 >> 32) ^ c1 ^ k0;
    c2 = (p0 >> 32) ^ c3 ^ k1;
    c1 = p1;
    c3 = p0;
    k0 = (k0 + 0x9E3779B9) & kLow;
    k1 = (k1 + 0xBB67AE85) & kLow;
  }
  const Wide low = (c0 & kLow) | c1 << 32, high = (c2 & kLow) | c3 << 32;
  STRIATE_UNROLL
  for (int i = 0; i < kPairs; ++i) {
    const uint64_t pair[2] = {low[i], high[i]};
    __builtin_memcpy(draws + 4 * i, pair, sizeof pair);
  }
}

// Lanes of x where the draw reaches the threshold; the rest 0.
STRIATE_INLINE Vec keep(Vec x, const uint32_t* draws, uint32_t threshold) {
  Draws d;
  __builtin_memcpy(&d, draws, sizeof d);
  return __builtin_convertvector(d, Unsigned) >= threshold ? x : zero();
}

int64_t items(const DropoutShape& s, int) { return split_count(s.n); }

void apply(const DropoutShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const int64_t* rng = buffer<const int64_t>(args, 1);
  Real* y = buffer<Real>(args, 2);
  const uint64_t seed = static_cast<uint64_t>(rng[0]);
  const uint32_t step = static_cast<uint32_t>(rng[1]);
  // draw >= rate * 2^32 for an integer draw; at rates above 1 - 2^-32 no draw reaches it.
  const double bound = s.rate * 4294967296.0;
  uint64_t threshold = static_cast<uint64_t>(bound);
  if (static_cast<double>(threshold) < bound) ++threshold;
  const Real scale = threshold > kLow ? 0 : static_cast<Real>(1 / (1 - s.rate));
  const Range r = split_range(s.n, items(s, 0), begin, end, kBlock);
  for (int64_t block = r.begin; block < r.end; block += kBlock) {
    uint32_t draws[kBlock];
    draw_block(static_cast<uint64_t>(block) / 4, step, s.stream, seed, draws);
    for_vectors(block, min_of(block + kBlock, r.end), [&](int64_t i, int64_t lanes) {
      const Vec kept = keep(load_lanes(x + i, lanes) * scale, draws + (i - block), static_cast<uint32_t>(threshold));
      store_lanes(y + i, threshold > kLow ? zero() : kept, lanes);
    });
  }
}

constexpr Kernel kApply[] = {{"philox", erased_items<DropoutShape, items>, erased_run<DropoutShape, apply>}};
constexpr KernelFunction kFunctions[] = {{"apply", kApply, 1}};

}  // namespace

const KernelTable dropout_table = {"dropout", kFunctions, 1};

}  // namespace striate::STRIATE_ISA
