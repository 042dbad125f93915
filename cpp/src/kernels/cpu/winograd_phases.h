// Convolutions of 3x3 taps with steps of 2 as ones with unit steps. The even and the odd pixels of an axis are an image
// each, a phase; one of them meets taps 0 and 2, the other tap 1. So a correlation of two taps an axis sums over four
// phases of the input or, in the input gradient, yields four phases of the output.
//
// To the phase of one tap the other is zero, and its polynomial vanishes at 0 or at infinity: F(M outputs, 2 taps) has
// M + 1 products for one phase and M for the other, (2 M + 1)^2 in two dimensions where the sum has 9 M^2.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// Of four kinds of things that have all of something along h and w, or not, in the order (h, not w), (h, w), (w, not
// h), (neither): the run of those that have all along h, or w, if that is asked for.
struct Run {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};
STRIATE_INLINE Run kinds_with(bool all_h, bool all_w) { return {all_w ? 1 : 0, min_of(all_h ? 2 : 4, all_w ? 3 : 4)}; }
STRIATE_INLINE bool has_all_h(int64_t kind) { return kind < 2; }
STRIATE_INLINE bool has_all_w(int64_t kind) { return kind == 1 || kind == 2; }
STRIATE_INLINE int64_t kind_of(bool all_h, bool all_w) { return all_h ? (all_w ? 1 : 0) : (all_w ? 2 : 3); }

// R taps an axis of a correlation: 2 stand for 3 with steps of 2, others for themselves.
template <int R>
constexpr int64_t kSteps = R == 2 ? 2 : 1;
template <int R>
constexpr int64_t kTaps = R == 2 ? 3 : R;
template <int R>
constexpr int64_t kPhases = R == 2 ? 4 : 1;

// The phases of one axis: "all" is the one with R taps.
template <int R, bool Gradient>
struct AxisPhases {
  int64_t pad;  // of the convolution

  int64_t first(bool all) const { return R == 2 ? (all ? pad % 2 : 1 - pad % 2) : 0; }  // pixel of the strided image
  int64_t size(int64_t pixels, bool all) const { return ceil_div(pixels - first(all), kSteps<R>); }
  // Where windows begin: so many pixels before the tile they belong to.
  int64_t before() const {
    if (R == 2) return Gradient ? 1 - (pad + 1) / 2 : (pad + 1) / 2;
    return Gradient ? R - 1 - pad : pad;
  }
  // The convolution's tap that is tap i of a phase, or -1.
  int64_t tap(bool all, int64_t i) const {
    if (!all) return i == single() ? 1 : -1;
    return kSteps<R> * (Gradient ? R - 1 - i : i);
  }
  // The point (0, or 1 for infinity) that the phase of one tap does without; -1 if there is none.
  int64_t missing_point() const { return R == 2 ? 1 - single() : -1; }

 private:
  int64_t single() const { return Gradient ? 1 - pad % 2 : pad % 2; }  // which of its two taps is not zero
};

// Both axes. Phases have the order of kinds_with.
template <int R, bool Gradient>
struct Phases {
  AxisPhases<R, Gradient> h, w;

  static bool all_h(int64_t phase) { return R != 2 || has_all_h(phase); }
  static bool all_w(int64_t phase) { return R != 2 || has_all_w(phase); }
  Run with_point(int64_t row, int64_t column) const {
    return R == 2 ? kinds_with(row == h.missing_point(), column == w.missing_point()) : Run{0, 1};
  }
  bool has_point(int64_t phase, int64_t row, int64_t column) const {
    return (all_h(phase) || row != h.missing_point()) && (all_w(phase) || column != w.missing_point());
  }
  // Tap (i, j) of a phase among the convolution's, or -1.
  int64_t tap(int64_t phase, int64_t i, int64_t j) const {
    const int64_t row = h.tap(all_h(phase), i), column = w.tap(all_w(phase), j);
    return row < 0 || column < 0 ? -1 : row * kTaps<R> + column;
  }
};

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
