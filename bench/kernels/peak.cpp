// The floating-point peak of one core on one ISA: independent multiply-adds in registers, as many as the
// micro-kernel keeps. Compiled once per ISA.
#include "simd/vec.h"

namespace striate::STRIATE_ISA {

// Runs `rounds` of them and returns the operations done.
double run_peak(int64_t rounds, void* sink) {
  constexpr int kChains = kTileRows * kTileVecs;
  Vec acc[kChains];
  for (int i = 0; i < kChains; ++i) acc[i] = set1(Real(i));
  Vec scale = set1(Real(0.999)), step = set1(Real(0.001));
  for (int64_t t = 0; t < rounds; ++t) {
    STRIATE_UNROLL
    for (int i = 0; i < kChains; ++i) acc[i] = fma(acc[i], scale, step);
  }
  Vec sum = zero();
  for (int i = 0; i < kChains; ++i) sum += acc[i];
  *static_cast<Real*>(sink) = reduce_add(sum);
  return 2.0 * double(rounds) * kChains * kLanes;
}

}  // namespace striate::STRIATE_ISA
