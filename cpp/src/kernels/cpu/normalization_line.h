// The last step of batch normalization and of its gradient: a line a channel, once statistics are known. Here, since
// convolutions make what they read with it, too.
#pragma once

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

// A value a channel each, where a gradient's are not those of its forward pass:
//   y  = (x - mean) * scale + shift
//   gx = scale * (gy - shift - (x - mean) * slope), gy with a ReLU only where (x - mean) * scale + level > 0
struct LineTables {
  Real *mean, *scale, *shift, *slope, *level;
};
STRIATE_INLINE LineTables line_tables(Real* first, int64_t width) {
  return {first, first + width, first + 2 * width, first + 3 * width, first + 4 * width};
}

// Those of one vector of columns.
struct Line {
  Vec mean, scale, shift, slope, level;
};
STRIATE_INLINE Line train_line(const LineTables& tables, int64_t t, int64_t lanes) {
  return {load_lanes(tables.mean + t, lanes), load_lanes(tables.scale + t, lanes), load_lanes(tables.shift + t, lanes),
          zero(), zero()};
}
STRIATE_INLINE Line mask_line(const LineTables& tables, int64_t t, int64_t lanes) {
  return {load_lanes(tables.mean + t, lanes), load_lanes(tables.scale + t, lanes), zero(), zero(),
          load_lanes(tables.level + t, lanes)};
}
STRIATE_INLINE Line gradient_line(const LineTables& tables, int64_t t, int64_t lanes) {
  return {load_lanes(tables.mean + t, lanes), load_lanes(tables.scale + t, lanes), load_lanes(tables.shift + t, lanes),
          load_lanes(tables.slope + t, lanes), load_lanes(tables.level + t, lanes)};
}

// y of the elements of x, and the residual, that begin there.
template <bool relu, bool residual>
STRIATE_INLINE Vec on_line(const Line& line, const Real* x, const Real* beside, int64_t lanes) {
  Vec v = fma(load_lanes(x, lanes) - line.mean, line.scale, line.shift);
  if constexpr (residual) v += load_lanes(beside, lanes);
  return relu ? max(v, zero()) : v;
}

// gy where it counts: with a ReLU, where the line is above 0, which is computed again with the forward pass's roundings
// rather than read from y.
template <bool relu>
STRIATE_INLINE Vec masked(Vec g, Vec centred, const Line& line) {
  return relu ? (fma(centred, line.scale, line.level) > 0 ? g : zero()) : g;
}

// gx of the elements of x and gy that begin there.
template <bool relu>
STRIATE_INLINE Vec gradient_on_line(const Line& line, const Real* x, const Real* gy, int64_t lanes) {
  const Vec centred = load_lanes(x, lanes) - line.mean;
  return line.scale * fma(centred, -line.slope, masked<relu>(load_lanes(gy, lanes), centred, line) - line.shift);
}

}  // namespace
}  // namespace striate::STRIATE_ISA
