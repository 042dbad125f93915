// Which elements of a tensor are above 0, a bit each: of element i bit i % 8 of byte i / 8. What a ReLU's gradient asks
// of its result, for a thirty-second of the memory. Vectors begin at multiples of kLanes; those of one byte are stored
// in order, by one thread.
#pragma once

#include "simd/vec.h"

namespace striate::STRIATE_ISA {
namespace {

STRIATE_INLINE void store_signs(uint8_t* signs, int64_t i, Vec v) {
  const unsigned bits = above_zero(v);
  if constexpr (kLanes >= 8)
    __builtin_memcpy(signs + i / 8, &bits, kLanes / 8);
  else
    signs[i / 8] = static_cast<uint8_t>(i % 8 == 0 ? bits : signs[i / 8] | bits << i % 8);
}

// v where element i and those after it are above 0, else 0.
STRIATE_INLINE Vec keep_above_zero(const uint8_t* signs, int64_t i, Vec v) {
  unsigned bits = 0;
  if constexpr (kLanes >= 8)
    __builtin_memcpy(&bits, signs + i / 8, kLanes / 8);
  else
    bits = signs[i / 8] >> i % 8;
  Int lane;
  for (int j = 0; j < kLanes; ++j) lane[j] = IntLane{1} << j;
  return (set1_int(static_cast<IntLane>(bits)) & lane) != 0 ? v : zero();
}

}  // namespace
}  // namespace striate::STRIATE_ISA
