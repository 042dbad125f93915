// Maximum pooling, and what sends its gradient to where the maxima were.
#pragma once

#include "kernels/cpu/pool_max_columns.h"

namespace striate::STRIATE_ISA {
namespace {

// Where v replaces the best so far: the first maximum stays, and the first NaN.
STRIATE_INLINE Int replaces(Vec v, Vec best) { return ~(v <= best) & (best == best); }

int64_t max_scratch(const PoolShape& s) { return shares_columns(s) ? s.window[2] * s.c * int64_t{sizeof(Real)} : 0; }

void max_forward(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  Real* y = buffer<Real>(args, 1);
  const Steps step = steps_of(s);
  const Range rows = forward_rows(s, begin, end);
  if (shares_columns(s))
    return max_by_columns(s, x, y + rows.begin * s.out[2] * s.c, static_cast<Real*>(args.scratch), rows);
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t) {
    const Real* from = x + cells.first;
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        for_cells<size.h, size.w>(cells, step,
                                  [&](int64_t offset, int) { __builtin_prefetch(from + j + offset + below(s), 0, 2); });
        store_lanes(y + out + j, maximum<size.h, size.w>(from + j, cells, step, lanes), lanes);
      });
    });
  });
}

// The number of the first maximum among the cells, a lane each.
template <int kH, int kW>
STRIATE_INLINE Int first_maximum(const Real* from, const Cells& cells, const Steps& step, int64_t lanes) {
  Vec best = load_lanes(from, lanes);
  Int at{};
  for_cells<kH, kW>(cells, step, [&](int64_t offset, int number) {
    const Vec v = load_lanes(from + offset, lanes);
    const Int take = replaces(v, best);
    best = take ? v : best;
    at = take ? set1_int(number) : at;
  });
  return at;
}

void max_gather(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* v = buffer<const Real>(args, 1);
  Real* y = buffer<Real>(args, 2);
  const Steps step = steps_of(s);
  const Range rows = forward_rows(s, begin, end);
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t) {
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        const Int at = first_maximum<size.h, size.w>(x + cells.first + j, cells, step, lanes);
        Vec picked{};
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int number) {
          picked = at == number ? load_lanes(v + cells.first + j + offset, lanes) : picked;
        });
        store_lanes(y + out + j, picked, lanes);
      });
    });
  });
}

// --- backward --------------------------------------------------------------------------------------------

// Where windows overlap, an image's input is cut into bands across its first axis. An item owns bands and visits every
// window that reaches into one, adding to cells of its band alone; windows across an edge are computed twice. Each cell
// still sees its windows in row-major order. (Items of some channels of an image were 6 times slower: 64-byte reads a
// row apart, 25 ms for 3x3/2 on 8x112x112x64.)
// (With padding, an image one deep may have windows at several depths.)
STRIATE_INLINE int band_axis(const PoolShape& s) { return s.in[0] > 1 || s.out[0] > 1 ? 0 : 1; }
STRIATE_INLINE int64_t bands(const PoolShape& s) {
  const int axis = band_axis(s);
  return max_of(min_of(ceil_div(32, s.n), min_of(s.out[axis] / 4, s.in[axis])), 1);
}

int64_t scatter_items(const PoolShape& s, int) {
  if (!overlaps(s)) return forward_items(s, 0);
  return split_count(s.n * bands(s), s.out[0] * s.out[1] * s.out[2] * s.c * window_size(s) / bands(s));
}

void scatter_apart(const PoolShape& s, const Real* x, const Real* g, Real* gx, Range rows) {
  const Steps step = steps_of(s);
  clear_gaps(s, gx, rows.begin, rows.end);
  // Lines at once past the caches: an ordinary store reads them first.
  const bool streams =
      sizeof(Vec) == 64 && s.c % kLanes == 0 && worth_streaming(s.n * s.in[0] * s.in[1] * s.in[2] * s.c, gx);
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t) {
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        const Int at = first_maximum<size.h, size.w>(x + cells.first + j, cells, step, lanes);
        const Vec value = load_lanes(g + out + j, lanes);
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int number) {
          Real* to = gx + cells.first + j + offset;
          __builtin_prefetch(x + cells.first + j + offset + below(s), 0, 2);
          const Vec share = at == number ? value : zero();
          if (streams) return stream(to, share);
          __builtin_prefetch(to + below(s), 1, 2);
          store_lanes(to, share, lanes);
        });
      });
    });
  });
}

void scatter_overlapping(const PoolShape& s, const Real* x, const Real* g, Real* gx, Range units) {
  const Steps step = steps_of(s);
  const int axis = band_axis(s);
  const int64_t count = bands(s), size = s.in[axis], slice = axis == 0 ? step.d : step.h;
  const int64_t rows = axis == 0 ? s.out[1] : 1;  // of windows for each position along the axis
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t n = unit / count, band = unit - n * count;
    const Range own = {band * size / count, (band + 1) * size / count};
    const int64_t first = windows_of(s, axis, own.begin).begin, last = windows_of(s, axis, own.end - 1).end;
    int64_t cleared = own.begin;
    const auto clear_to = [&](int64_t end) {  // just before it is added to: a band is larger than L2
      if (end <= cleared) return;
      clear(gx + (n * size + cleared) * slice, (end - cleared) * slice);
      cleared = end;
    };
    for (int64_t o = first; o < last; ++o) {
      const Range reached = cells_of(s, axis, o);
      clear_to(min_of(reached.end, own.end));
      const int64_t row = (n * s.out[axis] + o) * rows;
      for_windows(s, row, row + rows, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t) {
        with_size(cells, [&](auto shape) {
          const int64_t height = shape.h > 0 ? shape.h : cells.h, width = shape.w > 0 ? shape.w : cells.w;
          for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
            const Int at = first_maximum<shape.h, shape.w>(x + cells.first + j, cells, step, lanes);
            const Vec value = load_lanes(g + out + j, lanes);
            for_cells<shape.h, shape.w>(cells, step, [&](int64_t offset, int number) {
              __builtin_prefetch(x + cells.first + j + offset + below(s), 0, 2);
              const int64_t i = reached.begin + (axis == 0 ? number / (width * height) : number / width);
              if (i < own.begin || i >= own.end) return;
              Real* to = gx + cells.first + j + offset;
              store_lanes(to, load_lanes(to, lanes) + (at == number ? value : zero()), lanes);
            });
          });
        });
      });
    }
    clear_to(own.end);
  }
}

void max_scatter(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* g = buffer<const Real>(args, 1);
  Real* gx = buffer<Real>(args, 2);
  if (!overlaps(s)) return scatter_apart(s, x, g, gx, forward_rows(s, begin, end));
  scatter_overlapping(s, x, g, gx, split_range(s.n * bands(s), scatter_items(s, 0), begin, end));
}

}  // namespace
}  // namespace striate::STRIATE_ISA
