// Products of a few rows (a batch of one, or the last layers of a small batch): B is read once, as it lies, at the
// memory's speed. As it is stored (k, n), kRun rows of it are added to y at a time; stored (n, k), each of its rows is
// a dot product with each row of A.
#pragma once

#include "kernels/cpu/block_copy.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/split.h"
#include "kernels/matmul.h"

namespace striate::STRIATE_ISA {
namespace {

// --- phase 1 of split products -------------------------------------------------------------------------------------

constexpr int64_t kFinishElements = 2048;  // of y, in an item
constexpr int64_t kFinishScratch = kFinishElements + kLanes;

STRIATE_INLINE int64_t finish_items(const MatmulShape& s, int64_t parts) {
  if (parts == 1) return 0;
  return ceil_div(s.n, min_of(s.n, kFinishElements)) * ceil_div(s.m, max_of(kFinishElements / s.n, 1));
}

// y = epilogue(sum of parts[part][m][n]).
static void finish_parts(const MatmulShape& s, const Finish& y, const Real* parts, int64_t count, Real* sums,
                         int64_t begin, int64_t end) {
  const int64_t columns = min_of(s.n, kFinishElements), lines = max_of(kFinishElements / s.n, 1);
  const int64_t column_items = ceil_div(s.n, columns);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t n = item % column_items * columns, valid = min_of(columns, s.n - n);
    const int64_t first = item / column_items * lines;
    for (int64_t i = first; i < min_of(first + lines, s.m); ++i) {
      sum_parts(parts + i * s.n + n, s.m * s.n, count, valid, sums);
      finish_tile(s.epilogue, sums, 0, 1, valid, tile_at(y, n, i * s.n + n), 0);
    }
  }
}

namespace rows {

constexpr int64_t kMostRows = 8;  // of A; from there on copying pays
constexpr int64_t kRun = 8;       // rows of B at a time: as many streams from memory
// Columns at a time: sums of 16 KB, so that of one row of A long rows of B are read whole (9216 -> 4096: 1.75 ms in
// place of 1.93 by quarters).
constexpr int64_t kColumns = 1024, kMostColumns = 4096;
STRIATE_INLINE int64_t columns_at_once(const MatmulShape& s) { return max_of(kColumns, kMostColumns / s.m); }
constexpr int64_t kWantedItems = 32;
constexpr int64_t kLeastPart = 64;  // of k
constexpr int64_t kDots = 4;        // rows of B that share a row of A
constexpr int64_t kDotRow = kDots > kLanes ? kDots : kLanes;
constexpr int64_t kItemTerms = 1 << 17;  // elements of B an item should have

struct Plan {
  int64_t column_blocks, parts;

  explicit Plan(const MatmulShape& s) {
    const int64_t wanted = max_of(min_of(kWantedItems, s.n * s.k / kItemTerms), 1);
    column_blocks = s.transpose_b ? min_of(ceil_div(s.n, kDots), wanted) : ceil_div(s.n, columns_at_once(s));
    parts = s.transpose_b ? 1 : max_of(min_of(ceil_div(wanted, column_blocks), s.k / kLeastPart), 1);
  }
};

// sums[m][columns] += A[:, k] * B[k, :] for `Rows` successive k.
template <int Rows>
void add_rows(const MatmulShape& s, const Real* a, const Real* b, int64_t columns, Real* sums, int64_t row) {
  for (int64_t i = 0; i < s.m; ++i) {
    Vec x[Rows];
    STRIATE_UNROLL
    for (int u = 0; u < Rows; ++u) x[u] = set1(a[i * s.k + u]);
    Real* y = sums + i * row;
    int64_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) {
      Vec v = load(y + j);
      STRIATE_UNROLL
      for (int u = 0; u < Rows; ++u) v = fma(x[u], load(b + u * s.n + j), v);
      store(y + j, v);
    }
    if (j == columns) continue;
    Vec v = load(y + j);
    for (int u = 0; u < Rows; ++u) v = fma(x[u], load_n(b + u * s.n + j, columns - j), v);
    store(y + j, v);
  }
}

static void run_columns(const MatmulShape& s, const Plan& p, const KernelArgs& args, const Finish& y, int64_t item) {
  const Real *a = buffer<const Real>(args, 0), *b = buffer<const Real>(args, 1);
  Real* sums = static_cast<Real*>(args.scratch);
  const int64_t n = part_begin(s.n, p.column_blocks, item % p.column_blocks);
  const int64_t columns = part_begin(s.n, p.column_blocks, item % p.column_blocks + 1) - n;
  const int64_t part = item / p.column_blocks, row = ceil_div(columns, kLanes) * kLanes;
  zero_run(sums, s.m * row);
  int64_t k = part_begin(s.k, p.parts, part);
  const int64_t k_end = part_begin(s.k, p.parts, part + 1);
  for (; k + kRun <= k_end; k += kRun) add_rows<kRun>(s, a + k, b + k * s.n + n, columns, sums, row);
  for (; k < k_end; ++k) add_rows<1>(s, a + k, b + k * s.n + n, columns, sums, row);
  if (p.parts == 1) return finish_tile(s.epilogue, sums, row, s.m, columns, tile_at(y, n, n), s.n);
  Real* to = static_cast<Real*>(args.workspace) + part * s.m * s.n + n;
  for (int64_t i = 0; i < s.m; ++i) copy_run(to + i * s.n, sums + i * row, columns);
}

// y[i][d] = A[i, :] . B[d, :] for Rows rows of A and Dots of B.
template <int Rows, int Dots>
void dot(const MatmulShape& s, const Real* a, const Real* b, Real* y) {
  Vec sum[Rows][Dots] = {};
  const auto add = [&](int64_t k, int64_t valid) {
    Vec column[Dots];
    STRIATE_UNROLL
    for (int d = 0; d < Dots; ++d) column[d] = load_lanes(b + d * s.k + k, valid);
    STRIATE_UNROLL
    for (int i = 0; i < Rows; ++i) {
      const Vec x = load_lanes(a + i * s.k + k, valid);
      STRIATE_UNROLL
      for (int d = 0; d < Dots; ++d) sum[i][d] = fma(x, column[d], sum[i][d]);
    }
  };
  for_vectors(0, s.k, add);
  for (int i = 0; i < Rows; ++i)
    for (int d = 0; d < Dots; ++d) y[i * kDotRow + d] = reduce_add(sum[i][d]);
}

static void run_dots(const MatmulShape& s, const Plan& p, const KernelArgs& args, const Finish& y, int64_t item) {
  const Real *a = buffer<const Real>(args, 0), *b = buffer<const Real>(args, 1);
  Real* tile = static_cast<Real*>(args.scratch);
  const int64_t groups = ceil_div(s.n, kDots);
  const int64_t end = min_of(part_begin(groups, p.column_blocks, item + 1) * kDots, s.n);
  for (int64_t n = part_begin(groups, p.column_blocks, item) * kDots; n < end; n += kDots) {
    const int64_t count = min_of(end - n, kDots);
    int64_t i = 0;
    for (; i + 2 <= s.m && count == kDots; i += 2) dot<2, kDots>(s, a + i * s.k, b + n * s.k, tile + i * kDotRow);
    for (; i < s.m && count == kDots; ++i) dot<1, kDots>(s, a + i * s.k, b + n * s.k, tile + i * kDotRow);
    for (; i < s.m; ++i)
      for (int64_t d = 0; d < count; ++d) dot<1, 1>(s, a + i * s.k, b + (n + d) * s.k, tile + i * kDotRow + d);
    finish_tile(s.epilogue, tile, kDotRow, s.m, count, tile_at(y, n, n), s.n);
  }
}
static void run(const MatmulShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Plan p(s);
  const Finish y = finish_of(s.epilogue, args, 0, s.n);
  if (phase == 1)
    return finish_parts(s, y, static_cast<Real*>(args.workspace), p.parts, static_cast<Real*>(args.scratch), begin,
                        end);
  for (int64_t item = begin; item < end; ++item)
    s.transpose_b ? run_dots(s, p, args, y, item) : run_columns(s, p, args, y, item);
}
static int64_t items(const MatmulShape& s, int phase) {
  const Plan p(s);
  return phase == 0 ? p.column_blocks * p.parts : finish_items(s, p.parts);
}
static int64_t workspace(const MatmulShape& s) {
  const Plan p(s);
  return p.parts == 1 ? 0 : p.parts * s.m * s.n * int64_t{sizeof(Real)};
}
static int64_t scratch(const MatmulShape& s) {
  return max_of(s.m * (columns_at_once(s) + kLanes), kFinishScratch) * int64_t{sizeof(Real)};
}
static double cost(const MatmulShape& s) {
  if (s.m > kMostRows || s.transpose_a) return -1;
  return double(s.n) * double(s.k) * (double(s.m) + 1) / (2 * kLanes);
}

constexpr Kernel kernel() {
  Kernel kernel{"rows", erased_items<MatmulShape, items>, erased_run<MatmulShape, run>, 2};
  kernel.workspace = erased_size<MatmulShape, workspace>;
  kernel.scratch = erased_size<MatmulShape, scratch>;
  kernel.cost = erased_cost<MatmulShape, cost>;
  return kernel;
}

}  // namespace rows
}  // namespace
}  // namespace striate::STRIATE_ISA
