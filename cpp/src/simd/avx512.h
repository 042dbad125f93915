// AVX-512 (F, BW, DQ, VL): 32 registers of 16 floats.
#pragma once

#include <immintrin.h>

namespace striate::STRIATE_ISA {

using Real = float;
using IntLane = int32_t;
constexpr int kLanes = 16;
using Vec = float __attribute__((vector_size(64)));
using Int = int32_t __attribute__((vector_size(64)));
using Wide = uint64_t __attribute__((vector_size(64)));

// Micro-kernel tile: rows of pixels x vectors of output channels; 14 x 2 accumulators + 2 weights
// + 1 broadcast = 31 of 32 registers.
constexpr int kTileRows = 14;
constexpr int kTileVecs = 2;

static inline __attribute__((always_inline)) __mmask16 first_lanes(int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1);
}
STRIATE_INLINE Vec load(const float* p) { return Vec(_mm512_loadu_ps(p)); }
STRIATE_INLINE void store(float* p, Vec v) { _mm512_storeu_ps(p, __m512(v)); }
// The first n lanes (0 <= n <= kLanes); the others read as 0 and are not touched in memory.
STRIATE_INLINE Vec load_n(const float* p, int64_t n) { return Vec(_mm512_maskz_loadu_ps(first_lanes(n), p)); }
STRIATE_INLINE void store_n(float* p, Vec v, int64_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), __m512(v)); }
// Past the caches; p aligned to 64 bytes. The executor's atomic counts are the fence.
STRIATE_INLINE void stream(float* p, Vec v) { _mm512_stream_ps(p, __m512(v)); }
// Which lanes are above 0, a bit each.
STRIATE_INLINE unsigned above_zero(Vec a) { return _mm512_cmp_ps_mask(__m512(a), _mm512_setzero_ps(), _CMP_GT_OQ); }
// a * b + c in one rounding
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return Vec(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c))); }
// The masked forms with every lane kept: GCC 12 warns of an uninitialised operand inside the plain ones.
STRIATE_INLINE Vec sqrt(Vec a) { return Vec(_mm512_maskz_sqrt_ps(0xffff, __m512(a))); }
STRIATE_INLINE Vec round(Vec a) {
  return Vec(_mm512_maskz_roundscale_ps(0xffff, __m512(a), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
STRIATE_INLINE Int to_int(Vec a) { return Int(_mm512_maskz_cvtps_epi32(0xffff, __m512(a))); }  // to nearest
STRIATE_INLINE Vec to_real(Int a) { return Vec(_mm512_maskz_cvtepi32_ps(0xffff, __m512i(a))); }
// The 64-bit products of the low halves of 64-bit lanes.
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) {
  return Wide(_mm512_maskz_mul_epu32(0xff, __m512i(a), __m512i(b)));
}

}  // namespace striate::STRIATE_ISA
