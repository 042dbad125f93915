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

// 14 x 2 accumulators + 2 weights + 1 broadcast = 31 of 32 registers. The broadcast is part of the multiply-add, which
// takes a lane of the register of a scalar load: a term is 14 scalar loads, a load of a pair and 28 multiply-adds.
constexpr int kTileRows = 14;
constexpr int kTileVecs = 2;

STRIATE_INLINE Vec load(const float* p) { return Vec(vld1q_f32(p)); }
STRIATE_INLINE void store(float* p, Vec v) { vst1q_f32(p, float32x4_t(v)); }
STRIATE_INLINE Vec load_n(const float* p, int64_t n) {
  if (n >= kLanes) return load(p);
  const float32x2_t none = vdup_n_f32(0), odd = n & 1 ? vld1_lane_f32(p + (n & 2), none, 0) : none;
  return Vec(n & 2 ? vcombine_f32(vld1_f32(p), odd) : vcombine_f32(odd, none));
}
STRIATE_INLINE void store_n(float* p, Vec v, int64_t n) {
  if (n >= kLanes) return store(p, v);
  if (n & 2) vst1_f32(p, vget_low_f32(float32x4_t(v)));
  if (n & 1) p[n & 2] = n & 2 ? v[2] : v[0];
}
// Nothing here goes past the caches: stnp takes a pair of vectors, and no intrinsic of GCC gives it.
STRIATE_INLINE void stream(float* p, Vec v) { store(p, v); }
// Which lanes are above 0, a bit each.
STRIATE_INLINE unsigned above_zero(Vec a) {
  return static_cast<unsigned>(vaddvq_s32(int32x4_t((a > Vec{}) & Int{1, 2, 4, 8})));
}
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return Vec(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b))); }
STRIATE_INLINE Vec sqrt(Vec a) { return Vec(vsqrtq_f32(float32x4_t(a))); }
STRIATE_INLINE Vec round(Vec a) { return Vec(vrndnq_f32(float32x4_t(a))); }
STRIATE_INLINE Int to_int(Vec a) { return Int(vcvtnq_s32_f32(float32x4_t(a))); }
STRIATE_INLINE Vec to_real(Int a) { return Vec(vcvtq_f32_s32(int32x4_t(a))); }
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) {
  return Wide(vmull_u32(vmovn_u64(uint64x2_t(a)), vmovn_u64(uint64x2_t(b))));
}

}  // namespace striate::STRIATE_ISA
