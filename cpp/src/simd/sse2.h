// The x86-64 baseline, SSE2: 16 registers of 4 floats, no fused multiply-add (fma rounds twice here).
#pragma once

#include <emmintrin.h>

namespace striate::STRIATE_ISA {

using Real = float;
using IntLane = int32_t;
constexpr int kLanes = 4;
using Vec = float __attribute__((vector_size(16)));
using Int = int32_t __attribute__((vector_size(16)));
using Wide = uint64_t __attribute__((vector_size(16)));

// 5 x 2 accumulators + 2 weights + 1 broadcast + 1 product.
constexpr int kTileRows = 5;
constexpr int kTileVecs = 2;

STRIATE_INLINE Vec load(const float* p) { return Vec(_mm_loadu_ps(p)); }
STRIATE_INLINE void store(float* p, Vec v) { _mm_storeu_ps(p, __m128(v)); }
STRIATE_INLINE Vec load_n(const float* p, int64_t n) {
  Vec v{};
  for (int i = 0; i < kLanes; ++i) v[i] = i < n ? p[i] : 0.0f;
  return v;
}
STRIATE_INLINE void store_n(float* p, Vec v, int64_t n) {
  for (int i = 0; i < kLanes; ++i)
    if (i < n) p[i] = v[i];
}
STRIATE_INLINE void stream(float* p, Vec v) { _mm_stream_ps(p, __m128(v)); }
// Which lanes are above 0, a bit each.
STRIATE_INLINE unsigned above_zero(Vec a) { return static_cast<unsigned>(_mm_movemask_ps(__m128(a > Vec{}))); }
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
STRIATE_INLINE Vec sqrt(Vec a) { return Vec(_mm_sqrt_ps(__m128(a))); }
STRIATE_INLINE Int to_int(Vec a) { return Int(_mm_cvtps_epi32(__m128(a))); }
STRIATE_INLINE Vec to_real(Int a) { return Vec(_mm_cvtepi32_ps(__m128i(a))); }
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) { return Wide(_mm_mul_epu32(__m128i(a), __m128i(b))); }
// To nearest, for |a| < 2^31; callers clamp first.
STRIATE_INLINE Vec round(Vec a) { return to_real(to_int(a)); }

}  // namespace striate::STRIATE_ISA
