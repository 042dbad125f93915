// The vector of the ISA this file is compiled for, in its own namespace. Arithmetic operators, comparisons
// and ?: are the compiler's generic vectors; what those lack (fma, masked tails, sqrt, rounding, ...) comes
// from one header per ISA, where alone intrinsics live.
//
// Included by kernels/cpu only, after STRIATE_ISA is defined by the build. Everything is static or
// always-inline: a weak symbol compiled with AVX-512 flags could be the copy the linker keeps for all.
#pragma once

#include <cstddef>
#include <cstdint>

#define STRIATE_INLINE static inline __attribute__((always_inline))
#define STRIATE_UNROLL _Pragma("GCC unroll 64")

#if defined(STRIATE_REAL_IS_DOUBLE)
#include "simd/f64.h"
#elif defined(__AVX512F__)
#include "simd/avx512.h"
#elif defined(__AVX2__)
#include "simd/avx2.h"
#elif defined(__ARM_NEON)
#include "simd/neon.h"
#else
#include "simd/sse2.h"
#endif

namespace striate::STRIATE_ISA {

STRIATE_INLINE Vec set1(Real x) { return x - Vec{}; }
STRIATE_INLINE Vec zero() { return Vec{}; }
STRIATE_INLINE Int set1_int(IntLane x) { return x - Int{}; }

// NaN passes through: the result is NaN if either is.
STRIATE_INLINE Vec max(Vec a, Vec b) { return (a > b) | (a != a) ? a : b; }
STRIATE_INLINE Vec min(Vec a, Vec b) { return (a < b) | (a != a) ? a : b; }

// Bit patterns, for exp and log.
STRIATE_INLINE Int bits(Vec a) { return reinterpret_cast<Int>(a); }
STRIATE_INLINE Vec from_bits(Int a) { return reinterpret_cast<Vec>(a); }
STRIATE_INLINE Vec abs(Vec a) { return from_bits(bits(a) & ~bits(set1(Real(-0.0)))); }

// Lane sums and maxima by halving: a fixed order, the same in every caller.
STRIATE_INLINE Real reduce_add(Vec v) {
  Real lanes[kLanes];
  store(lanes, v);
  STRIATE_UNROLL
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}
STRIATE_INLINE Real reduce_max(Vec v) {
  Real lanes[kLanes];
  store(lanes, v);
  Real best = lanes[0];
  for (int i = 1; i < kLanes; ++i) best = (lanes[i] > best) | (lanes[i] != lanes[i]) ? lanes[i] : best;
  return best;
}

}  // namespace striate::STRIATE_ISA
