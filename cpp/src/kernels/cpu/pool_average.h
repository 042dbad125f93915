// Average pooling and its gradient.
#pragma once

#include "kernels/cpu/pool_windows.h"

namespace striate::STRIATE_ISA {
namespace {

// Division by a window's count: a power of two multiplies exactly, which is ten times faster; 1/9 would round twice.
// The count is mostly that of the window before, so the reciprocal is kept.
struct Divider {
  int64_t count = 1;
  Real divisor = 1, reciprocal = 1;
  bool exact = true;
  __attribute__((always_inline)) void set(int64_t n) {
    if (n == count) return;
    count = n;
    divisor = static_cast<Real>(n);
    reciprocal = 1 / divisor;
    exact = (n & (n - 1)) == 0;
  }
  __attribute__((always_inline)) Vec operator()(Vec v) const { return exact ? v * reciprocal : v / divisor; }
};

// Whether windows stand side by side along w, of pixels with fewer channels than lanes. A vector of them then reaches
// over the next pixels, which come later and are stored over it, but for the last of a row.
STRIATE_INLINE bool few_channels(const PoolShape& s) {
  return s.c < kLanes && s.stride[2] == s.window[2] && s.pad_lo[2] == 0 && s.out[2] * s.window[2] <= s.in[2];
}
STRIATE_INLINE void put_pixel(Real* row, int64_t at, int64_t end, Vec v, int64_t channels) {
  at + kLanes <= end ? store(row + at, v) : store_n(row + at, v, channels);
}

int64_t avg_scratch(const PoolShape& s) {
  return few_channels(s) ? (s.in[2] * s.c + 2 * kLanes) * int64_t{sizeof(Real)} : 0;
}

// The sums from every element on, whole vectors of them; then those from the windows' first pixels.
void avg_of_few(const PoolShape& s, const Real* x, Real* y, Real* means, Range rows) {
  const Steps step = steps_of(s);
  const int64_t columns = s.out[2] * s.c, window = s.window[2] * s.c;
  Divider divide;
  for_rows(s, rows.begin, rows.end, [&](const Cells& line, int64_t row, int64_t od, int64_t oh) {
    divide.set(counted(s, 0, od) * counted(s, 1, oh) * s.window[2]);
    const Cells cells{line.first, line.d, line.h, s.window[2]};
    with_size(cells, [&](auto size) {
      for_vectors(0, (s.out[2] - 1) * window + s.c, [&](int64_t i, int64_t lanes) {
        Vec sum{};
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int) {
          const Real* from = x + cells.first + i + offset;
          __builtin_prefetch(from + below(s), 0, 2);
          sum += load_lanes(from, lanes);
        });
        store(means + i, divide(sum));
      });
    });
    for (int64_t ow = 0; ow < s.out[2]; ++ow)
      put_pixel(y + row * columns, ow * s.c, columns, load(means + ow * window), s.c);
  });
}

void avg_forward(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  Real* y = buffer<Real>(args, 1);
  const Steps step = steps_of(s);
  const Range rows = forward_rows(s, begin, end);
  if (few_channels(s)) return avg_of_few(s, x, y, static_cast<Real*>(args.scratch), rows);
  Divider divide;
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t od, int64_t oh, int64_t ow) {
    divide.set(counted(s, 0, od) * counted(s, 1, oh) * counted(s, 2, ow));
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        Vec sum{};
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int) {
          const Real* from = x + cells.first + j + offset;
          __builtin_prefetch(from + below(s), 0, 2);
          sum += load_lanes(from, lanes);
        });
        store_lanes(y + out + j, divide(sum), lanes);
      });
    });
  });
}

int64_t spread_items(const PoolShape& s, int) {
  if (!overlaps(s)) return forward_items(s, 0);
  return split_count(s.n * s.in[0] * s.in[1], s.in[2] * s.c * window_size(s));
}

void spread_few(const PoolShape& s, const Real* g, Real* gx, Range rows) {
  const Steps step = steps_of(s);
  const int64_t columns = s.out[2] * s.c, end = columns * s.window[2];
  Divider divide;
  for_rows(s, rows.begin, rows.end, [&](const Cells& line, int64_t row, int64_t od, int64_t oh) {
    divide.set(counted(s, 0, od) * counted(s, 1, oh) * s.window[2]);
    const Cells cells{line.first, line.d, line.h, s.window[2]};
    const Real* from = g + row * columns;
    Real* first = gx + cells.first;
    with_size(cells, [&](auto size) {
      const auto spread = [&](int64_t at, Vec sum, auto put) {
        const Vec share = divide(sum);
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int) {
          Real* to = first + at * s.window[2] + offset;
          put(to, share);
        });
      };
      int64_t at = 0;
      for (; at * s.window[2] + (s.window[2] - 1) * s.c + kLanes <= end; at += s.c)
        spread(at, load_n(from + at, min_of(columns - at, kLanes)), [](Real* to, Vec v) { store(to, v); });
      for (; at < columns; at += s.c) spread(at, load_n(from + at, s.c), [&](Real* to, Vec v) { store_n(to, v, s.c); });
    });
  });
}

void spread_apart(const PoolShape& s, const Real* g, Real* gx, Range rows) {
  const Steps step = steps_of(s);
  clear_gaps(s, gx, rows.begin, rows.end);
  if (few_channels(s)) return spread_few(s, g, gx, rows);
  Divider divide;
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t od, int64_t oh, int64_t ow) {
    divide.set(counted(s, 0, od) * counted(s, 1, oh) * counted(s, 2, ow));
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        const Vec share = divide(load_lanes(g + out + j, lanes));
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int) {
          Real* to = gx + cells.first + j + offset;
          __builtin_prefetch(to + below(s), 1, 2);
          store_lanes(to, share, lanes);
        });
      });
    });
  });
}

// An item owns rows of the input: along w it scatters, over d and h it gathers.
void spread_overlapping(const PoolShape& s, const Real* g, Real* gx, Range rows) {
  Divider divide;
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const int64_t plane = row / s.in[1], n = plane / s.in[0];
    const Range d = windows_of(s, 0, plane - n * s.in[0]), h = windows_of(s, 1, row - plane * s.in[1]);
    Real* to = gx + row * s.in[2] * s.c;
    clear(to, s.in[2] * s.c);
    for (int64_t od = d.begin; od < d.end; ++od)
      for (int64_t oh = h.begin; oh < h.end; ++oh) {
        const Real* from = g + ((n * s.out[0] + od) * s.out[1] + oh) * s.out[2] * s.c;
        for (int64_t ow = 0; ow < s.out[2]; ++ow) {
          const Range w = cells_of(s, 2, ow);
          divide.set(counted(s, 0, od) * counted(s, 1, oh) * counted(s, 2, ow));
          for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
            const Vec share = divide(load_lanes(from + ow * s.c + j, lanes));
            for (int64_t iw = w.begin; iw < w.end; ++iw) {
              Real* cell = to + iw * s.c + j;
              store_lanes(cell, load_lanes(cell, lanes) + share, lanes);
            }
          });
        }
      }
  }
}

void avg_backward(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* g = buffer<const Real>(args, 0);
  Real* gx = buffer<Real>(args, 1);
  if (!overlaps(s)) return spread_apart(s, g, gx, forward_rows(s, begin, end));
  spread_overlapping(s, g, gx, split_range(s.n * s.in[0] * s.in[1], spread_items(s, 0), begin, end));
}

}  // namespace
}  // namespace striate::STRIATE_ISA
