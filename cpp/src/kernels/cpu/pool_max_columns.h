// Maximum pooling of whole rows of windows, as a pooling by itself does it and a convolution that pools its input.
#pragma once

#include "kernels/cpu/pool_windows.h"

namespace striate::STRIATE_ISA {
namespace {

// Whether each column of cells (all of a window's along d and h) is better done once, for all windows that hold it:
// loads and stores of both ways compared.
STRIATE_INLINE bool shares_columns(const PoolShape& s) {
  const int64_t high = s.window[0] * s.window[1], wide = s.window[2];
  return s.stride[2] * (high + 1) + wide < high * wide;
}

template <int kH, int kW>
STRIATE_INLINE Vec maximum(const Real* from, const Cells& cells, const Steps& step, int64_t lanes) {
  Vec best = load_lanes(from, lanes);
  for_cells<kH, kW>(cells, step, [&](int64_t offset, int number) {
    if (number > 0) best = max(best, load_lanes(from + offset, lanes));
  });
  return best;
}

// The maximum of each column is kept until the last whole window that holds it is done: column i in slot i % window,
// slots as far apart as pixels. y is that of the first row.
[[maybe_unused]] static void max_by_columns(const PoolShape& s, const Real* x, Real* y, Real* slots, Range rows) {
  const int64_t origin = rows.begin * s.out[2] * s.c;
  const Steps step = steps_of(s);
  int64_t next = 0;  // column of this row of windows
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t ow) {
    const auto put = [&](const Real* from, const Cells& of, Real* to, bool ahead, auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        if (ahead) __builtin_prefetch(from + j + (of.h - 1) * step.h + below(s), 0, 2);
        store_lanes(to + j, maximum<size.h, size.w>(from + j, of, step, lanes), lanes);
      });
    };
    const Range w = cells_of(s, 2, ow);
    if (ow == 0) next = 0;
    if (cells.w < s.window[2]) return put(x + cells.first, cells, y + out - origin, false, Size<0, 0>{});
    for (int64_t i = max_of(next, w.begin); i < w.end; ++i) {
      const Real* from = x + cells.first + (i - w.begin) * step.w;
      const Cells column{0, cells.d, cells.h, 1};
      Real* to = slots + i % s.window[2] * step.w;
      if (cells.d == 1 && cells.h == 3)
        put(from, column, to, true, Size<3, 1>{});
      else
        put(from, column, to, true, Size<0, 0>{});
    }
    next = w.end;
    const Cells kept{0, 1, 1, cells.w};
    if (cells.w == 3)
      put(slots, kept, y + out - origin, false, Size<1, 3>{});
    else
      put(slots, kept, y + out - origin, false, Size<0, 0>{});
  });
}

}  // namespace
}  // namespace striate::STRIATE_ISA
