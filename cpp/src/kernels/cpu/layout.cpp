// Strided copies, fills and padding. An item is a range of elements of the result, walked row by row.
#include "kernels/layout.h"

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

STRIATE_INLINE int64_t count(int rank, const int64_t* size) {
  int64_t n = 1;
  for (int axis = 0; axis < rank; ++axis) n *= size[axis];
  return n;
}

// --- copy ------------------------------------------------------------------------------------------------

// The same copy with axes of size 1 dropped and neighbours merged where both sides allow: rows get long.
CopyShape merged(const CopyShape& s) {
  CopyShape m = s;
  m.rank = 0;
  for (int axis = 0; axis < s.rank; ++axis) {
    if (s.size[axis] == 1) continue;
    const int last = m.rank - 1;
    if (last >= 0 && m.x_stride[last] == s.size[axis] * s.x_stride[axis] &&
        m.y_stride[last] == s.size[axis] * s.y_stride[axis]) {
      m.size[last] *= s.size[axis];
    } else {
      m.size[m.rank++] = s.size[axis];
    }
    m.x_stride[m.rank - 1] = s.x_stride[axis];
    m.y_stride[m.rank - 1] = s.y_stride[axis];
  }
  if (m.rank == 0) {
    m.rank = 1;
    m.size[0] = m.x_stride[0] = m.y_stride[0] = 1;
  }
  return m;
}

template <class T>
STRIATE_INLINE void copy_row(const T* x, int64_t x_stride, T* y, int64_t y_stride, int64_t n) {
  if (x_stride == 1 && y_stride == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i];
  } else if (x_stride == 0 && y_stride == 1) {
    const T value = *x;
    for (int64_t i = 0; i < n; ++i) y[i] = value;
  } else {
    for (int64_t i = 0; i < n; ++i) y[i * y_stride] = x[i * x_stride];
  }
}

template <class T>
void copy_range(const CopyShape& s, const T* x, T* y, Range r) {
  const int last = s.rank - 1;
  const int64_t columns = s.size[last];
  int64_t index[8] = {};
  x += s.x_offset;
  y += s.y_offset;
  int64_t row = r.begin / columns, column = r.begin % columns;
  for (int axis = last - 1; axis >= 0; --axis) {
    index[axis] = row % s.size[axis];
    row /= s.size[axis];
    x += index[axis] * s.x_stride[axis];
    y += index[axis] * s.y_stride[axis];
  }
  for (int64_t i = r.begin; i < r.end;) {
    const int64_t n = min_of(columns - column, r.end - i);
    copy_row(x + column * s.x_stride[last], s.x_stride[last], y + column * s.y_stride[last], s.y_stride[last], n);
    i += n;
    column = 0;
    for (int axis = last - 1; axis >= 0; --axis) {
      x += s.x_stride[axis];
      y += s.y_stride[axis];
      if (++index[axis] < s.size[axis]) break;
      index[axis] = 0;
      x -= s.size[axis] * s.x_stride[axis];
      y -= s.size[axis] * s.y_stride[axis];
    }
  }
}

int64_t copy_items(const CopyShape& s, int) { return split_count(count(s.rank, s.size)); }

void copy(const CopyShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Range r = split_range(count(s.rank, s.size), copy_items(s, 0), begin, end, 64);
  if (r.begin == r.end) return;
  const CopyShape m = merged(s);
  const void* x = args.buffers[0];
  void* y = args.buffers[1];
  switch (s.element_bytes) {
    case 1:
      return copy_range(m, static_cast<const uint8_t*>(x), static_cast<uint8_t*>(y), r);
    case 4:
      return copy_range(m, static_cast<const uint32_t*>(x), static_cast<uint32_t*>(y), r);
    default:
      return copy_range(m, static_cast<const uint64_t*>(x), static_cast<uint64_t*>(y), r);
  }
}

// --- fill ------------------------------------------------------------------------------------------------

template <class T>
void fill_range(void* y, double value, Range r) {
  T* to = static_cast<T*>(y);
  const T converted = static_cast<T>(value);
  for (int64_t i = r.begin; i < r.end; ++i) to[i] = converted;
}

int64_t fill_items(const FillShape& s, int) { return split_count(s.n); }

void fill(const FillShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Range r = split_range(s.n, fill_items(s, 0), begin, end, 64);
  if (s.element_bytes == sizeof(Real)) return fill_range<Real>(args.buffers[0], s.value, r);
  switch (s.element_bytes) {
    case 1:
      return fill_range<uint8_t>(args.buffers[0], s.value, r);
    case 4:
      return fill_range<int32_t>(args.buffers[0], s.value, r);
    default:
      return fill_range<int64_t>(args.buffers[0], s.value, r);
  }
}

// --- padding ---------------------------------------------------------------------------------------------

// Which x element stands at position i (counted from x's first) of a padded axis; -1: the constant.
STRIATE_INLINE int64_t source(PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == PadMode::constant) return -1;
  if (mode == PadMode::replicate || size == 1) return i < 0 ? 0 : size - 1;
  const int64_t period = 2 * (size - 1);  // reflected without repeating the edge
  const int64_t phase = (i % period + period) % period;
  return phase < size ? phase : period - phase;
}

// Padding seen as rows: `axis` is the last that is padded, what follows it moves as cells of `cell` elements.
struct PadRows {
  int axis;
  int64_t cell;
  int64_t x_rows, y_rows;    // product of the sizes before `axis`
  int64_t x_cells, y_cells;  // sizes of `axis`
};
PadRows rows_of(const PadShape& s) {
  PadRows p = {s.rank - 1, 1, 1, 1, 1, 1};
  while (p.axis > 0 && s.lo[p.axis] == 0 && s.hi[p.axis] == 0) p.cell *= s.size[p.axis--];
  for (int axis = 0; axis < p.axis; ++axis) {
    p.x_rows *= s.size[axis];
    p.y_rows *= s.lo[axis] + s.size[axis] + s.hi[axis];
  }
  p.x_cells = s.size[p.axis];
  p.y_cells = s.lo[p.axis] + p.x_cells + s.hi[p.axis];
  return p;
}

int64_t pad_items(const PadShape& s, int) {
  const PadRows p = rows_of(s);
  return split_count(p.y_rows, p.y_cells * p.cell);
}

// The row of x that row `y_row` copies, or -1.
STRIATE_INLINE int64_t source_row(const PadShape& s, const PadRows& p, int64_t y_row) {
  int64_t x_row = 0, scale = 1;
  for (int axis = p.axis - 1; axis >= 0; --axis) {
    const int64_t size = s.lo[axis] + s.size[axis] + s.hi[axis];
    const int64_t i = source(s.mode, y_row % size - s.lo[axis], s.size[axis]);
    if (i < 0) return -1;
    x_row += i * scale;
    scale *= s.size[axis];
    y_row /= size;
  }
  return x_row;
}

void pad(const PadShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const PadRows p = rows_of(s);
  const int64_t lo = s.lo[p.axis];
  const Real value = static_cast<Real>(s.value);
  const Range r = split_range(p.y_rows, pad_items(s, 0), begin, end);
  for (int64_t row = r.begin; row < r.end; ++row) {
    Real* y = buffer<Real>(args, 1) + row * p.y_cells * p.cell;
    const int64_t x_row = source_row(s, p, row);
    if (x_row < 0) {
      copy_row<Real>(&value, 0, y, 1, p.y_cells * p.cell);
      continue;
    }
    const Real* x = buffer<const Real>(args, 0) + x_row * p.x_cells * p.cell;
    const auto border = [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        const int64_t cell = source(s.mode, i - lo, p.x_cells);
        if (cell < 0)
          copy_row<Real>(&value, 0, y + i * p.cell, 1, p.cell);
        else
          copy_row<Real>(x + cell * p.cell, 1, y + i * p.cell, 1, p.cell);
      }
    };
    border(0, lo);
    copy_row<Real>(x, 1, y + lo * p.cell, 1, p.x_cells * p.cell);
    border(lo + p.x_cells, p.y_cells);
  }
}

// The positions of a padded axis that copy x's element i, in rising order: next(..., -1), next(..., first), ... until
// the axis ends. Only the element itself and the two borders can be such.
STRIATE_INLINE int64_t next_copy(const PadShape& s, int axis, int64_t i, int64_t after) {
  const int64_t lo = s.lo[axis], size = s.size[axis], total = lo + size + s.hi[axis];
  for (int64_t o = after + 1; o < total; ++o) {
    if (o >= lo && o < lo + size) {
      if (o < lo + i) o = lo + i;
      if (o == lo + i) return o;
      o = lo + size - 1;
    } else if (s.mode == PadMode::constant) {
      if (o < lo) o = lo - 1;
      if (o >= lo) return total;
    } else if (source(s.mode, o - lo, size) == i) {
      return o;
    }
  }
  return total;
}

int64_t pad_gradient_items(const PadShape& s, int) {
  const PadRows p = rows_of(s);
  return split_count(p.x_rows, p.x_cells * p.cell);
}

// An item owns rows of gx and gathers their copies in the row-major order of gy.
void pad_gradient(const PadShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* gy = buffer<const Real>(args, 0);
  const PadRows p = rows_of(s);
  const Range r = split_range(p.x_rows, pad_gradient_items(s, 0), begin, end);
  for (int64_t row = r.begin; row < r.end; ++row) {
    Real* gx = buffer<Real>(args, 1) + row * p.x_cells * p.cell;
    for_vectors(0, p.x_cells * p.cell, [&](int64_t i, int64_t lanes) { store_lanes(gx + i, zero(), lanes); });
    int64_t index[8], at[8];
    for (int64_t axis = p.axis - 1, rest = row; axis >= 0; --axis) {
      index[axis] = rest % s.size[axis];
      rest /= s.size[axis];
      at[axis] = next_copy(s, static_cast<int>(axis), index[axis], -1);
    }
    for (bool more = true; more;) {
      int64_t y_row = 0;
      for (int axis = 0; axis < p.axis; ++axis) y_row = y_row * (s.lo[axis] + s.size[axis] + s.hi[axis]) + at[axis];
      const Real* from = gy + y_row * p.y_cells * p.cell;
      const int64_t lo = s.lo[p.axis];
      const auto add = [&](int64_t o, int64_t cell, int64_t cells) {
        Real* to = gx + cell * p.cell;
        for_vectors(0, cells * p.cell, [&](int64_t i, int64_t lanes) {
          store_lanes(to + i, load_lanes(to + i, lanes) + load_lanes(from + o * p.cell + i, lanes), lanes);
        });
      };
      const auto border = [&](int64_t begin_o, int64_t end_o) {
        if (s.mode == PadMode::constant) return;
        for (int64_t o = begin_o; o < end_o; ++o) add(o, source(s.mode, o - lo, p.x_cells), 1);
      };
      border(0, lo);
      add(lo, 0, p.x_cells);
      border(lo + p.x_cells, p.y_cells);
      more = false;
      for (int axis = p.axis - 1; axis >= 0; --axis) {
        at[axis] = next_copy(s, axis, index[axis], at[axis]);
        if (at[axis] < s.lo[axis] + s.size[axis] + s.hi[axis]) {
          more = true;
          break;
        }
        at[axis] = next_copy(s, axis, index[axis], -1);
      }
    }
  }
}

constexpr Kernel kCopy[] = {{"rows", erased_items<CopyShape, copy_items>, erased_run<CopyShape, copy>}};
constexpr Kernel kFill[] = {{"loop", erased_items<FillShape, fill_items>, erased_run<FillShape, fill>}};
constexpr Kernel kPad[] = {{"rows", erased_items<PadShape, pad_items>, erased_run<PadShape, pad>}};
constexpr Kernel kPadGradient[] = {
    {"rows", erased_items<PadShape, pad_gradient_items>, erased_run<PadShape, pad_gradient>}};
constexpr KernelFunction kFunctions[] = {
    {"copy", kCopy, 1}, {"fill", kFill, 1}, {"pad", kPad, 1}, {"pad_gradient", kPadGradient, 1}};

}  // namespace

const KernelTable layout_table = {"layout", kFunctions, 4};

}  // namespace striate::STRIATE_ISA
