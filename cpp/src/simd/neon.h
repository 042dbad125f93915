// The arm64 baseline, NEON: 32 registers of 4 floats.
#pragma once

#include <arm_neon.h>

namespace striate::STRIATE_ISA {

using Real = float;
using IntLane = int32_t;
constexpr int kLanes = 4;
using Vec = float __attribute__((vector_size(16)));
using Int = int32_t __attribute__((vector_size(16)));
using Wide = uint64_t __attribute__((vector_size(16)));

// 8 x 3 accumulators + 3 weights + broadcast lanes.
constexpr int kTileRows = 8;
constexpr int kTileVecs = 2;

STRIATE_INLINE Vec load(const float* p) { return Vec(vld1q_f32(p)); }
STRIATE_INLINE void store(float* p, Vec v) { vst1q_f32(p, float32x4_t(v)); }
STRIATE_INLINE Vec load_n(const float* p, int64_t n) {
  Vec v{};
  for (int i = 0; i < kLanes; ++i) v[i] = i < n ? p[i] : 0.0f;
  return v;
}
STRIATE_INLINE void store_n(float* p, Vec v, int64_t n) {
  for (int i = 0; i < kLanes; ++i)
    if (i < n) p[i] = v[i];
}
STRIATE_INLINE void stream(float* p, Vec v) { store(p, v); }
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return Vec(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b))); }
STRIATE_INLINE Vec sqrt(Vec a) { return Vec(vsqrtq_f32(float32x4_t(a))); }
STRIATE_INLINE Vec round(Vec a) { return Vec(vrndnq_f32(float32x4_t(a))); }
STRIATE_INLINE Int to_int(Vec a) { return Int(vcvtnq_s32_f32(float32x4_t(a))); }
STRIATE_INLINE Vec to_real(Int a) { return Vec(vcvtq_f32_s32(int32x4_t(a))); }
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) {
  return Wide(vmull_u32(vmovn_u64(uint64x2_t(a)), vmovn_u64(uint64x2_t(b))));
}

}  // namespace striate::STRIATE_ISA
