// Reducing a matrix over its rows at memory speed, in a tree that its size alone decides. Included by kernels/cpu.
#pragma once

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

struct Sum {
  STRIATE_INLINE Vec identity() { return zero(); }
  STRIATE_INLINE Real across(Vec v) { return reduce_add(v); }
  STRIATE_INLINE Vec merge(Vec a, Vec b) { return a + b; }
};
struct Max {
  STRIATE_INLINE Vec identity() { return set1(-__builtin_inf()); }
  STRIATE_INLINE Real across(Vec v) { return reduce_max(v); }
  STRIATE_INLINE Vec merge(Vec a, Vec b) { return max(a, b); }
};
struct Min {
  STRIATE_INLINE Vec identity() { return set1(__builtin_inf()); }
  STRIATE_INLINE Real across(Vec v) { return reduce_min(v); }
  STRIATE_INLINE Vec merge(Vec a, Vec b) { return min(a, b); }
};

// 4 vectors of columns x 2 rows = 8 accumulators: enough to hide an addition's 4 cycles on two ports, and still half of
// the 16 registers of SSE2 and AVX2.
constexpr int kColumnVecs = 4;
constexpr int kBlockColumns = kColumnVecs * kLanes;
// Added one after the other; blocks are then merged pairwise, like a binary counter's carries.
constexpr int64_t kBlockRows = 64;

// Merges blocks in the order of a balanced tree: block b is pushed after all carries of b are done.
template <class Op, int kVecs>
struct Cascade {
  Vec level[48][kVecs];  // 2^48 blocks
  int depth = 0;

  STRIATE_INLINE void merge_into(Vec (&to)[kVecs], const Vec (&from)[kVecs]) {
    STRIATE_UNROLL
    for (int v = 0; v < kVecs; ++v) to[v] = Op::merge(from[v], to[v]);
  }
  __attribute__((always_inline)) void push(int64_t block, const Vec (&sum)[kVecs]) {
    Vec carry[kVecs];
    for (int v = 0; v < kVecs; ++v) carry[v] = sum[v];
    for (; block & 1; block >>= 1) merge_into(carry, level[--depth]);
    for (int v = 0; v < kVecs; ++v) level[depth][v] = carry[v];
    ++depth;
  }
  __attribute__((always_inline)) void finish(Vec (&result)[kVecs]) {
    for (int v = 0; v < kVecs; ++v) result[v] = depth > 0 ? level[depth - 1][v] : Op::identity();
    for (int i = depth - 2; i >= 0; --i) merge_into(result, level[i]);
  }
};

// y[j] = reduction of x[r * stride + j] over r in [0, rows), for kVecs vectors of columns, the last with `lanes` lanes.
template <class Op, int kVecs>
void reduce_column_block(const Real* x, int64_t rows, int64_t stride, int64_t lanes, Real* y) {
  constexpr int kRows = 8 / kVecs;
  Cascade<Op, kVecs> cascade;
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t last = min_of(first + kBlockRows, rows);
    Vec sum[kRows][kVecs];
    STRIATE_UNROLL
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVecs; ++v) sum[r][v] = Op::identity();
    int64_t row = first;
    for (; row + kRows <= last; row += kRows) {
      STRIATE_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const Real* p = x + (row + r) * stride;
        STRIATE_UNROLL
        for (int v = 0; v < kVecs - 1; ++v) sum[r][v] = Op::merge(sum[r][v], load(p + v * kLanes));
        sum[r][kVecs - 1] = Op::merge(sum[r][kVecs - 1], load_lanes(p + (kVecs - 1) * kLanes, lanes));
      }
    }
    for (; row < last; ++row) {
      const Real* p = x + row * stride;
      STRIATE_UNROLL
      for (int v = 0; v < kVecs - 1; ++v) sum[0][v] = Op::merge(sum[0][v], load(p + v * kLanes));
      sum[0][kVecs - 1] = Op::merge(sum[0][kVecs - 1], load_lanes(p + (kVecs - 1) * kLanes, lanes));
    }
    STRIATE_UNROLL
    for (int half = kRows / 2; half > 0; half /= 2)
      for (int r = 0; r < half; ++r)
        for (int v = 0; v < kVecs; ++v) sum[r][v] = Op::merge(sum[r][v], sum[r + half][v]);
    cascade.push(first / kBlockRows, sum[0]);
  }
  Vec result[kVecs];
  cascade.finish(result);
  for (int v = 0; v < kVecs; ++v) store_lanes(y + v * kLanes, result[v], v == kVecs - 1 ? lanes : kLanes);
}

// Many columns: a register holds too few of them for rows to be read in long runs (64 of 512 floats: 4 GB/s where the
// memory gives 28), so blocks of 8 rows are merged into panels of 1 KiB and the tree's levels lie in memory.
constexpr int64_t kPanelColumns = 1024 / sizeof(Real);
constexpr int64_t kPanelRows = 8;

template <class Op>
void reduce_panel(const Real* x, int64_t rows, int64_t stride, int64_t columns, Real* y) {
  Real level[40][kPanelColumns];  // 2^40 blocks
  int depth = 0;
  for (int64_t first = 0; first < rows; first += kPanelRows) {
    const int64_t n = min_of(kPanelRows, rows - first);
    int carries = 0;
    for (int64_t block = first / kPanelRows; block & 1; block >>= 1) ++carries;
    for_vectors(0, columns, [&](int64_t j, int64_t lanes) {
      const Real* p = x + first * stride + j;
      const auto row = [&](int64_t r) { return load_lanes(p + r * stride, lanes); };
      Vec v;
      if (n == kPanelRows) {
        const Vec a = Op::merge(Op::merge(row(0), row(1)), Op::merge(row(2), row(3)));
        v = Op::merge(a, Op::merge(Op::merge(row(4), row(5)), Op::merge(row(6), row(7))));
      } else {
        v = row(0);
        for (int64_t r = 1; r < n; ++r) v = Op::merge(v, row(r));
      }
      for (int k = 1; k <= carries; ++k) v = Op::merge(load_lanes(level[depth - k] + j, lanes), v);
      store_lanes(level[depth - carries] + j, v, lanes);
    });
    depth += 1 - carries;
  }
  for_vectors(0, columns, [&](int64_t j, int64_t lanes) {
    Vec v = depth > 0 ? load_lanes(level[depth - 1] + j, lanes) : Op::identity();
    for (int k = depth - 2; k >= 0; --k) v = Op::merge(load_lanes(level[k] + j, lanes), v);
    store_lanes(y + j, v, lanes);
  });
}

// The same for `columns` columns. How is decided by the rows they are part of, `stride` long, and not by them, so that
// a column's bits do not hang on how columns are shared out.
template <class Op>
void reduce_columns(const Real* x, int64_t rows, int64_t stride, int64_t columns, Real* y) {
  if (stride > 2 * kBlockColumns) {
    for (int64_t j = 0; j < columns; j += kPanelColumns)
      reduce_panel<Op>(x + j, rows, stride, min_of(kPanelColumns, columns - j), y + j);
    return;
  }
  for (int64_t j = 0; j < columns; j += kBlockColumns) {
    const int64_t vecs = min_of(ceil_div(columns - j, kLanes), kColumnVecs);
    const int64_t lanes = min_of(columns - j - (vecs - 1) * kLanes, kLanes);
    switch (vecs) {
      case 1:
        reduce_column_block<Op, 1>(x + j, rows, stride, lanes, y + j);
        break;
      case 2:
        reduce_column_block<Op, 2>(x + j, rows, stride, lanes, y + j);
        break;
      case 3:
        reduce_column_block<Op, 2>(x + j, rows, stride, kLanes, y + j);
        reduce_column_block<Op, 1>(x + j + 2 * kLanes, rows, stride, lanes, y + j + 2 * kLanes);
        break;
      default:
        reduce_column_block<Op, 4>(x + j, rows, stride, lanes, y + j);
    }
  }
}

// Few columns leave most lanes empty (6 of 16), so `fold` contiguous rows are seen as one wide row whose width is a
// multiple of the vector; a power of two. One column (a plain sum) fills a whole column block.
constexpr int64_t kMaxWide = 2 * kLanes * kLanes;
STRIATE_INLINE int64_t fold_of(int64_t columns) {
  if (columns == 1) return kBlockColumns;
  if (columns >= 2 * kLanes) return 1;
  int64_t fold = kLanes;  // lcm(columns, kLanes) / columns
  for (int64_t c = columns; c % 2 == 0 && fold > 1; c /= 2) fold /= 2;
  return fold;
}

// y (columns) = reduction of contiguous x (rows, columns) over its rows.
template <class Op>
void reduce_rows(const Real* x, int64_t rows, int64_t columns, Real* y) {
  if (columns == 1 && rows < kBlockColumns) {
    Vec all = Op::identity();
    for_vectors(0, rows, [&](int64_t i, int64_t lanes) {
      const Vec v = load_lanes(x + i, lanes);
      all = Op::merge(all, lanes == kLanes ? v : keep_lanes(v, lanes, Op::identity()));
    });
    *y = Op::across(all);
    return;
  }
  const int64_t fold = fold_of(columns);
  if (fold == 1) return reduce_columns<Op>(x, rows, columns, columns, y);
  Real wide[kMaxWide > kBlockColumns ? kMaxWide : kBlockColumns];
  const int64_t width = fold * columns;
  const int64_t whole = rows / fold;
  reduce_columns<Op>(x, whole, width, width, wide);
  const Real* rest = x + whole * width;
  for_vectors(0, (rows - whole * fold) * columns, [&](int64_t i, int64_t lanes) {
    store_lanes(wide + i, Op::merge(load_lanes(wide + i, lanes), load_lanes(rest + i, lanes)), lanes);
  });
  for (int64_t half = fold / 2; half > 0; half /= 2)
    for_vectors(0, half * columns, [&](int64_t i, int64_t lanes) {
      const Vec low = load_lanes(wide + i, lanes);
      store_lanes(wide + i, Op::merge(low, load_lanes(wide + half * columns + i, lanes)), lanes);
    });
  for (int64_t j = 0; j < columns; ++j) y[j] = wide[j];
}

}  // namespace
}  // namespace striate::STRIATE_ISA
