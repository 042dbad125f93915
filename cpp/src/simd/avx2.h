// AVX2 + FMA: 16 registers of 8 floats.
#pragma once

#include <immintrin.h>

namespace striate::STRIATE_ISA {

using Real = float;
using IntLane = int32_t;
constexpr int kLanes = 8;
using Vec = float __attribute__((vector_size(32)));
using Int = int32_t __attribute__((vector_size(32)));
using Wide = uint64_t __attribute__((vector_size(32)));

// 6 x 2 accumulators + 2 weights + 1 broadcast = 15 of 16 registers.
constexpr int kTileRows = 6;
constexpr int kTileVecs = 2;

static inline __attribute__((always_inline)) __m256i first_lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
STRIATE_INLINE Vec load(const float* p) { return Vec(_mm256_loadu_ps(p)); }
STRIATE_INLINE void store(float* p, Vec v) { _mm256_storeu_ps(p, __m256(v)); }
STRIATE_INLINE Vec load_n(const float* p, int64_t n) { return Vec(_mm256_maskload_ps(p, first_lanes(n))); }
// In halves: a masked store takes AMD's cores 20 cycles and more.
STRIATE_INLINE void store_n(float* p, Vec v, int64_t n) {
  if (n >= kLanes) return store(p, v);
  __m128 rest = _mm256_castps256_ps128(__m256(v));
  if (n & 4) {
    _mm_storeu_ps(p, rest);
    rest = _mm256_extractf128_ps(__m256(v), 1);
    p += 4;
  }
  if (n & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
    rest = _mm_movehl_ps(rest, rest);
    p += 2;
  }
  if (n & 1) _mm_store_ss(p, rest);
}
STRIATE_INLINE void stream(float* p, Vec v) { _mm256_stream_ps(p, __m256(v)); }
// Which lanes are above 0, a bit each.
STRIATE_INLINE unsigned above_zero(Vec a) { return static_cast<unsigned>(_mm256_movemask_ps(__m256(a > Vec{}))); }
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return Vec(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c))); }
STRIATE_INLINE Vec sqrt(Vec a) { return Vec(_mm256_sqrt_ps(__m256(a))); }
STRIATE_INLINE Vec round(Vec a) {
  return Vec(_mm256_round_ps(__m256(a), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
STRIATE_INLINE Int to_int(Vec a) { return Int(_mm256_cvtps_epi32(__m256(a))); }
STRIATE_INLINE Vec to_real(Int a) { return Vec(_mm256_cvtepi32_ps(__m256i(a))); }
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) { return Wide(_mm256_mul_epu32(__m256i(a), __m256i(b))); }

}  // namespace striate::STRIATE_ISA
