// Pooling: channels in the vector lanes, one output pixel after the other. An item of a forward kernel owns rows of
// the output, an item of a backward kernel owns what it writes of the input, so that no two items add to one element.
#include "kernels/pool.h"

#include "kernels/cpu/split.h"

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

// f(cells, output pixel, number counted along d and h, ow) for the windows of output rows [begin, end), a row being one
// (n, od, oh).
template <class F>
STRIATE_INLINE void for_windows(const PoolShape& s, int64_t begin, int64_t end, F f) {
  const Steps step = steps_of(s);
  for (int64_t row = begin; row < end; ++row) {
    const int64_t plane = row / s.out[1], oh = row - plane * s.out[1];
    const int64_t n = plane / s.out[0], od = plane - n * s.out[0];
    const Range d = cells_of(s, 0, od), h = cells_of(s, 1, oh);
    const int64_t first = n * s.in[0] * step.d + d.begin * step.d + h.begin * step.h;
    for (int64_t ow = 0; ow < s.out[2]; ++ow) {
      const Range w = cells_of(s, 2, ow);
      f(Cells{first + w.begin * step.w, d.end - d.begin, h.end - h.begin, w.end - w.begin}, (row * s.out[2] + ow) * s.c,
        od, oh, ow);
    }
  }
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

// --- maximum ---------------------------------------------------------------------------------------------

// Where v replaces the best so far: the first maximum stays, and the first NaN.
STRIATE_INLINE Int replaces(Vec v, Vec best) { return ~(v <= best) & (best == best); }

// Whether each column of cells (all of a window's along d and h) is better done once, for all windows that hold it:
// loads and stores of both ways compared.
STRIATE_INLINE bool shares_columns(const PoolShape& s) {
  const int64_t high = s.window[0] * s.window[1], wide = s.window[2];
  return s.stride[2] * (high + 1) + wide < high * wide;
}
int64_t max_scratch(const PoolShape& s) { return shares_columns(s) ? s.window[2] * s.c * int64_t{sizeof(Real)} : 0; }

template <int kH, int kW>
STRIATE_INLINE Vec maximum(const Real* from, const Cells& cells, const Steps& step, int64_t lanes) {
  Vec best = load_lanes(from, lanes);
  for_cells<kH, kW>(cells, step, [&](int64_t offset, int number) {
    if (number > 0) best = max(best, load_lanes(from + offset, lanes));
  });
  return best;
}

// The maximum of each column is kept until the last whole window that holds it is done: column i in slot i % window,
// slots as far apart as pixels.
void max_by_columns(const PoolShape& s, const Real* x, Real* y, Real* slots, Range rows) {
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
    if (cells.w < s.window[2]) return put(x + cells.first, cells, y + out, false, Size<0, 0>{});
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
      put(slots, kept, y + out, false, Size<1, 3>{});
    else
      put(slots, kept, y + out, false, Size<0, 0>{});
  });
}

void max_forward(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  Real* y = buffer<Real>(args, 1);
  const Steps step = steps_of(s);
  const Range rows = forward_rows(s, begin, end);
  if (shares_columns(s)) return max_by_columns(s, x, y, static_cast<Real*>(args.scratch), rows);
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
void clear_gaps(const PoolShape& s, Real* gx, int64_t begin, int64_t end) {
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

// Where windows overlap, an image's input is cut into bands across its first axis. An item owns bands and visits every
// window that reaches into one, adding to cells of its band alone; windows across an edge are computed twice. Each cell
// still sees its windows in row-major order. (Items of some channels of an image were 6 times slower: 64-byte reads a
// row apart, 25 ms for 3x3/2 on 8x112x112x64.)
STRIATE_INLINE int band_axis(const PoolShape& s) { return s.in[0] > 1 ? 0 : 1; }
STRIATE_INLINE int64_t bands(const PoolShape& s) {
  const int axis = band_axis(s);
  return max_of(min_of(ceil_div(32, s.n), s.out[axis] / 4), 1);
}

int64_t scatter_items(const PoolShape& s, int) {
  if (!overlaps(s)) return forward_items(s, 0);
  return split_count(s.n * bands(s), s.out[0] * s.out[1] * s.out[2] * s.c * window_size(s) / bands(s));
}

void scatter_apart(const PoolShape& s, const Real* x, const Real* g, Real* gx, Range rows) {
  const Steps step = steps_of(s);
  clear_gaps(s, gx, rows.begin, rows.end);
  for_windows(s, rows.begin, rows.end, [&](const Cells& cells, int64_t out, int64_t, int64_t, int64_t) {
    with_size(cells, [&](auto size) {
      for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
        const Int at = first_maximum<size.h, size.w>(x + cells.first + j, cells, step, lanes);
        const Vec value = load_lanes(g + out + j, lanes);
        for_cells<size.h, size.w>(cells, step, [&](int64_t offset, int number) {
          Real* to = gx + cells.first + j + offset;
          __builtin_prefetch(x + cells.first + j + offset + below(s), 0, 2);
          __builtin_prefetch(to + below(s), 1, 2);
          store_lanes(to, at == number ? value : zero(), lanes);
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

// --- average ---------------------------------------------------------------------------------------------

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

void avg_forward(const PoolShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  Real* y = buffer<Real>(args, 1);
  const Steps step = steps_of(s);
  const Range rows = forward_rows(s, begin, end);
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

void spread_apart(const PoolShape& s, const Real* g, Real* gx, Range rows) {
  const Steps step = steps_of(s);
  clear_gaps(s, gx, rows.begin, rows.end);
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

using Items = int64_t (*)(const PoolShape&, int);
using Run = void (*)(const PoolShape&, const KernelArgs&, int, int64_t, int64_t);
template <Items items, Run run>
constexpr Kernel kKernel[] = {{"channels", erased_items<PoolShape, items>, erased_run<PoolShape, run>}};
constexpr Kernel max_forward_kernel() {
  Kernel kernel = kKernel<forward_items, max_forward>[0];
  kernel.scratch = erased_size<PoolShape, max_scratch>;
  return kernel;
}
constexpr Kernel kMaxForward[] = {max_forward_kernel()};
constexpr KernelFunction kFunctions[] = {{"max_forward", kMaxForward, 1},
                                         {"max_scatter", kKernel<scatter_items, max_scatter>, 1},
                                         {"max_gather", kKernel<forward_items, max_gather>, 1},
                                         {"avg_forward", kKernel<forward_items, avg_forward>, 1},
                                         {"avg_backward", kKernel<spread_items, avg_backward>, 1}};

}  // namespace

const KernelTable pool_table = {"pool", kFunctions, 5};

}  // namespace striate::STRIATE_ISA
