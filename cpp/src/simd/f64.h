// The float64 row: baseline flags, vectors of 2 doubles through the compiler's generic vectors.
#pragma once

namespace striate::STRIATE_ISA {

using Real = double;
using IntLane = int64_t;
constexpr int kLanes = 2;
using Vec = double __attribute__((vector_size(16)));
using Int = int64_t __attribute__((vector_size(16)));
using Wide = uint64_t __attribute__((vector_size(16)));
using UnalignedVec = double __attribute__((vector_size(16), aligned(8), may_alias));

constexpr int kTileRows = 5;
constexpr int kTileVecs = 2;

STRIATE_INLINE Vec load(const double* p) { return *reinterpret_cast<const UnalignedVec*>(p); }
STRIATE_INLINE void store(double* p, Vec v) { *reinterpret_cast<UnalignedVec*>(p) = v; }
STRIATE_INLINE Vec load_n(const double* p, int64_t n) { return Vec{n > 0 ? p[0] : 0.0, n > 1 ? p[1] : 0.0}; }
STRIATE_INLINE void store_n(double* p, Vec v, int64_t n) {
  if (n > 0) p[0] = v[0];
  if (n > 1) p[1] = v[1];
}
STRIATE_INLINE void stream(double* p, Vec v) { store(p, v); }
// Which lanes are above 0, a bit each.
STRIATE_INLINE unsigned above_zero(Vec a) { return (a[0] > 0 ? 1u : 0u) | (a[1] > 0 ? 2u : 0u); }
STRIATE_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
STRIATE_INLINE Vec sqrt(Vec a) { return Vec{__builtin_sqrt(a[0]), __builtin_sqrt(a[1])}; }
// To nearest, for |a| < 2^51; callers clamp first.
STRIATE_INLINE Vec round(Vec a) {
  const Vec magic = Vec{} + 6755399441055744.0;  // 1.5 * 2^52
  return (a + magic) - magic;
}
// The integer lies in the low bits of a + magic; SSE2 has no conversion to 64 bits.
STRIATE_INLINE Int to_int(Vec a) {
  const Vec magic = Vec{} + 6755399441055744.0;
  return reinterpret_cast<Int>(a + magic) - reinterpret_cast<Int>(magic);
}
STRIATE_INLINE Vec to_real(Int a) { return __builtin_convertvector(a, Vec); }
STRIATE_INLINE Wide multiply_low_halves(Wide a, Wide b) { return (a & 0xffffffff) * (b & 0xffffffff); }

}  // namespace striate::STRIATE_ISA
