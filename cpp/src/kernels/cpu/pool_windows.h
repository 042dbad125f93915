// What the poolings share: a window's cells, walks over windows, and who owns which part of the input in a backward
// kernel.
#pragma once

#include "kernels/cpu/split.h"
#include "kernels/pool.h"

namespace striate::STRIATE_ISA {
namespace {

// The real cells [lo, hi) of window `o` along an axis.
STRIATE_INLINE Range cells_of(const PoolShape& s, int axis, int64_t o) {
  const int64_t start = o * s.stride[axis] - s.pad_lo[axis];
  return {max_of(start, 0), min_of(start + s.window[axis], s.in[axis])};
}
// What an average counts along an axis.
STRIATE_INLINE int64_t counted(const PoolShape& s, int axis, int64_t o) {
  const Range r = cells_of(s, axis, o);
  if (!s.count_include_pad) return r.end - r.begin;
  const int64_t start = o * s.stride[axis] - s.pad_lo[axis];
  return min_of(start + s.window[axis], s.in[axis] + s.pad_hi[axis]) - start;
}

// Distances in x between neighbours along each axis; the channels' is 1.
struct Steps {
  int64_t d, h, w;
};
STRIATE_INLINE Steps steps_of(const PoolShape& s) { return {s.in[1] * s.in[2] * s.c, s.in[2] * s.c, s.c}; }

// The real cells of one window: where the first lies in x, and how many there are.
struct Cells {
  int64_t first;
  int64_t d, h, w;
};

// f(offset from the first cell, cell number), in row-major order. kH x kW > 0: a plane window of just that size,
// unrolled (2x2 and 3x3 are what networks use, and the loops would cost more than the arithmetic).
template <int kH, int kW, class F>
STRIATE_INLINE void for_cells(const Cells& cells, const Steps& step, F f) {
  if constexpr (kH > 0) {
    STRIATE_UNROLL
    for (int h = 0; h < kH; ++h) STRIATE_UNROLL
    for (int w = 0; w < kW; ++w) f(h * step.h + w * step.w, h * kW + w);
  } else {
    int number = 0;
    for (int64_t d = 0; d < cells.d; ++d)
      for (int64_t h = 0; h < cells.h; ++h)
        for (int64_t w = 0; w < cells.w; ++w) f(d * step.d + h * step.h + w * step.w, number++);
  }
}

// The size of a window as for_cells' template arguments.
template <int kH, int kW>
struct Size {
  static constexpr int h = kH, w = kW;
};
template <class F>
STRIATE_INLINE void with_size(const Cells& cells, F f) {
  if (cells.d == 1 && cells.h == 2 && cells.w == 2) return f(Size<2, 2>{});
  if (cells.d == 1 && cells.h == 3 && cells.w == 3) return f(Size<3, 3>{});
  f(Size<0, 0>{});
}

// f(cells of the input's rows, all of them wide; row of the output, od, oh) for output rows [begin, end), a row being
// one (n, od, oh).
template <class F>
STRIATE_INLINE void for_rows(const PoolShape& s, int64_t begin, int64_t end, F f) {
  const Steps step = steps_of(s);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t plane = row / s.out[1], oh = row - plane * s.out[1];
    const int64_t n = plane / s.out[0], od = plane - n * s.out[0];
    const Range d = cells_of(s, 0, od), h = cells_of(s, 1, oh);
    f(Cells{n * s.in[0] * step.d + d.begin * step.d + h.begin * step.h, d.end - d.begin, h.end - h.begin, s.in[2]}, row,
      od, oh);
  }
}

// f(cells, output pixel, od, oh, ow) for their windows.
template <class F>
STRIATE_INLINE void for_windows(const PoolShape& s, int64_t begin, int64_t end, F f) {
  const Steps step = steps_of(s);
  for_rows(s, begin, end, [&](const Cells& rows, int64_t row, int64_t od, int64_t oh) {
    for (int64_t ow = 0; ow < s.out[2]; ++ow) {
      const Range w = cells_of(s, 2, ow);
      f(Cells{rows.first + w.begin * step.w, rows.d, rows.h, w.end - w.begin}, (row * s.out[2] + ow) * s.c, od, oh, ow);
    }
  });
}

// How far away the cells of the window below lie, which are asked for while a window is done: a row's windows read as
// many runs of memory as they are high, more than the hardware follows (lab net's first pooling, Zen 5: forward 60 to
// 114 GB/s, gradient 49 to 88).
STRIATE_INLINE int64_t below(const PoolShape& s) { return s.stride[1] * steps_of(s).h; }

STRIATE_INLINE int64_t output_rows(const PoolShape& s) { return s.n * s.out[0] * s.out[1]; }
STRIATE_INLINE int64_t window_size(const PoolShape& s) { return s.window[0] * s.window[1] * s.window[2]; }

int64_t forward_items(const PoolShape& s, int) { return split_count(output_rows(s), s.out[2] * s.c * window_size(s)); }
STRIATE_INLINE Range forward_rows(const PoolShape& s, int64_t begin, int64_t end) {
  return split_range(output_rows(s), forward_items(s, 0), begin, end);
}

// --- backward: who owns which part of the input ----------------------------------------------------------

STRIATE_INLINE bool overlaps(const PoolShape& s) {
  for (int axis = 0; axis < 3; ++axis)
    if (s.stride[axis] < s.window[axis] && s.out[axis] > 1) return true;
  return false;
}

// Where windows do not overlap, a row of them owns the input from its first cell to that of the next row.
STRIATE_INLINE Range owned(const PoolShape& s, int axis, int64_t o) {
  const int64_t start = o * s.stride[axis] - s.pad_lo[axis];
  const int64_t next = start + s.stride[axis];
  return {o == 0 ? 0 : min_of(max_of(start, 0), s.in[axis]),
          o == s.out[axis] - 1 ? s.in[axis] : min_of(max_of(next, 0), s.in[axis])};
}
STRIATE_INLINE bool same(Range a, Range b) { return a.begin == b.begin && a.end == b.end; }

STRIATE_INLINE void clear(Real* p, int64_t n) {
  for_vectors(0, n, [&](int64_t i, int64_t lanes) { store_lanes(p + i, zero(), lanes); });
}

// Writes 0 where no window of the output rows [begin, end) lies: nothing when the windows tile the input.
[[maybe_unused]] static void clear_gaps(const PoolShape& s, Real* gx, int64_t begin, int64_t end) {
  bool tiled = true;
  for (int64_t ow = 0; ow < s.out[2]; ++ow) tiled &= same(cells_of(s, 2, ow), owned(s, 2, ow));
  const Steps step = steps_of(s);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t plane = row / s.out[1], oh = row - plane * s.out[1];
    const int64_t n = plane / s.out[0], od = plane - n * s.out[0];
    const Range d = owned(s, 0, od), h = owned(s, 1, oh);
    if (tiled && same(d, cells_of(s, 0, od)) && same(h, cells_of(s, 1, oh))) continue;
    for (int64_t i = d.begin; i < d.end; ++i)
      clear(gx + (n * s.in[0] + i) * step.d + h.begin * step.h, (h.end - h.begin) * step.h);
  }
}

// The windows along an axis that hold input i.
STRIATE_INLINE Range windows_of(const PoolShape& s, int axis, int64_t i) {
  const int64_t after = i + s.pad_lo[axis] - s.window[axis];  // the last start that is too early
  const int64_t first = after < 0 ? 0 : after / s.stride[axis] + 1;
  return {first, min_of((i + s.pad_lo[axis]) / s.stride[axis] + 1, s.out[axis])};
}

}  // namespace
}  // namespace striate::STRIATE_ISA
