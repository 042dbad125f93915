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

// All lanes by halving, lane i with lane i + n/2: a fixed order, the same in every caller.
template <class V, class F>
STRIATE_INLINE Real reduce_lanes(V v, F f) {
  constexpr int n = sizeof(V) / sizeof(Real);
  if constexpr (n == 2)
    return f(v[0], v[1]);
  else if constexpr (n == 4)
    return f(f(v[0], v[2]), f(v[1], v[3]));
  else if constexpr (n == 8)
    return reduce_lanes(f(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7)), f);
  else
    return reduce_lanes(f(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                          __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)),
                        f);
}
STRIATE_INLINE Real reduce_add(Vec v) {
  return reduce_lanes(v, [](auto a, auto b) { return a + b; });
}
STRIATE_INLINE Real reduce_max(Vec v) {
  return reduce_lanes(v, [](auto a, auto b) { return (a > b) | (a != a) ? a : b; });
}
STRIATE_INLINE Real reduce_min(Vec v) {
  return reduce_lanes(v, [](auto a, auto b) { return (a < b) | (a != a) ? a : b; });
}

}  // namespace striate::STRIATE_ISA
