// A block of a product over long k: both operands are copied, kDepth terms at a time, into the order the micro-kernel
// reads them in, and the block's sums wait in L2 meanwhile. In place, rows a power of two apart share a few sets of the
// caches, and every tile would walk through as many pages as it has terms.
#pragma once

#include "kernels/cpu/block_copy.h"
#include "kernels/cpu/micro_kernel.h"

namespace striate::STRIATE_ISA {
namespace {

// A panel of 32 KB, or 16 where the L1 cache may have no more than 32.
constexpr int64_t kDepth = (kLanes == 8 ? 16 << 10 : 32 << 10) / (kPanel * sizeof(Real));

STRIATE_INLINE int64_t panel_width(int64_t columns) { return columns <= kLanes ? kLanes : kPanel; }

// Pixels copied before the next strip or panel is: a few KB of source then stay in L1 for all of them.
constexpr int64_t kCopiedTerms = 16;

// Rows of the first operand that are copied together: whole tiles and whole vectors where that is not too many (24 on
// AVX2, where pieces of 6 took 2.3 times as long to copy), else a tile's.
constexpr int64_t common_multiple(int64_t a, int64_t b) {
  int64_t multiple = a;
  while (multiple % b != 0) multiple += a;
  return multiple;
}
constexpr int64_t kStripRows =
    common_multiple(kTileRows, kLanes) <= 32 ? common_multiple(kTileRows, kLanes) : kTileRows;

// f(first row, rows) for each strip.
template <class F>
STRIATE_INLINE void for_strips(int64_t rows, F f) {
  for (int64_t r = 0; r < rows; r += kStripRows) f(r, min_of(rows - r, kStripRows));
}

// Strips [strip][term][row] of the columns of `from` (terms, rows): what a transposed A is.
[[maybe_unused]] static void pack_strips(const Real* from, int64_t stride, int64_t terms, int64_t rows, Real* to) {
  for (int64_t k = 0; k < terms; k += kCopiedTerms) {
    const int64_t end = min_of(k + kCopiedTerms, terms);
    for_strips(rows, [&](int64_t r, int64_t n) {
      if (n == kStripRows) {  // unrolled
        for (int64_t i = k; i < end; ++i) copy_run(to + r * terms + i * kStripRows, from + i * stride + r, kStripRows);
      } else {
        for (int64_t i = k; i < end; ++i) copy_run(to + r * terms + i * n, from + i * stride + r, n);
      }
    });
  }
}

// Panels [panel][term][width] of `from` (terms, columns); missing columns of the last are zero.
[[maybe_unused]] static void pack_panels(const Real* from, int64_t stride, int64_t terms, int64_t columns, Real* to) {
  for (int64_t k = 0; k < terms; k += kCopiedTerms) {
    const int64_t end = min_of(k + kCopiedTerms, terms);
    for (int64_t n = 0; n < columns; n += kPanel) {
      const int64_t valid = min_of(columns - n, kPanel), width = panel_width(valid);
      Real* panel = to + n * terms;
      if (valid == kPanel) {
        for (int64_t i = k; i < end; ++i) copy_run(panel + i * kPanel, from + i * stride + n, kPanel);
      } else {
        for (int64_t i = k; i < end; ++i)
          for (int64_t j = 0; j < width; j += kLanes)  // lanes not loaded are zero
            store(panel + i * width + j, load_n(from + i * stride + n + j, max_of(valid - j, 0)));
      }
    }
  }
}

// Memory to be asked for meanwhile, a line a term: rows `stride` apart, each a run of lines, in their order, which is
// what the memory's own pages and prefetchers like (columns of lines 16 KB apart: 4 GB/s where rows gave 10).
struct Ahead {
  const Real* at;
  int64_t stride, lines, rows;
};

STRIATE_INLINE Ahead ahead_of(const Real* at, int64_t stride, int64_t width, int64_t rows) {
  if (stride == width) return {at, 0, ceil_div(rows * width, kLine), 1};
  return {at, stride, ceil_div(width, kLine), rows};
}

// The share of tile number `call`: `terms` lines. Returns how many such shares there are.
STRIATE_INLINE int64_t ask_ahead(const Ahead& ahead, int64_t call, int64_t terms, Reduction& sum) {
  if (ahead.lines >= terms) {
    const int64_t shares = ceil_div(ahead.lines, terms);
    sum.prefetch = ahead.at + call / shares * ahead.stride + call % shares * terms * kLine;
    sum.prefetch_step = kLine;
    return shares * ahead.rows;
  }
  if (ahead.lines >= 8 && terms % ahead.lines == 0) {  // several rows a tile
    const int64_t rows = terms / ahead.lines;
    sum.prefetch = ahead.at + call * rows * ahead.stride;
    sum.prefetch_step = kLine;
    sum.prefetch_jump = ahead.stride - ahead.lines * kLine;
    sum.count[2] = rows;
    sum.length = ahead.lines;
    sum.a_stride[2] = sum.length * sum.a_step;
    sum.b_stride[2] = sum.length * sum.b_step;
    return ceil_div(ahead.rows, rows);
  }
  sum.prefetch = ahead.at + call * kLine;  // a column of lines a tile
  sum.prefetch_step = ahead.stride;
  return ahead.lines;
}

// The first operand, as the micro-kernel walks it: `stride` between rows, `step` between terms; strips as pack_strips
// leaves them have neither.
struct Rows {
  const Real* at;
  RowLayout layout;
  int64_t stride, step;

  // f(first row, rows a tile, its operand, sum) for the runs of tiles of `rows` rows beside `columns` columns; sum has
  // its walk over the operand.
  template <class F>
  void for_runs(int64_t rows, int64_t columns, int64_t terms, F f) const {
    const auto runs_of = [&](int64_t first, int64_t n, const Real* from, int64_t row, int64_t a_step) {
      for_tile_runs(n, tile_rows(columns), [&](int64_t r, int64_t height, int64_t tiles) {
        Reduction sum{{1, 1, 1}, {}, {}, terms, row, a_step, 0};
        sum.tiles = tiles;
        sum.a_tile = height * row;
        f(first + r, height, from + r * row, sum);
      });
    };
    if (stride)
      runs_of(0, rows, at, stride, step);
    else
      for_strips(rows, [&](int64_t first, int64_t n) { runs_of(first, n, at + first * terms, 1, n); });
  }
};
STRIATE_INLINE Rows packed_strips(const Real* at) { return {at, RowLayout::unit, 0, 0}; }
STRIATE_INLINE Rows rows_in_place(const Real* at, int64_t stride) { return {at, RowLayout::strided, stride, 1}; }
STRIATE_INLINE Rows columns_in_place(const Real* at, int64_t step) { return {at, RowLayout::unit, 1, step}; }

// How many shares of `terms` lines it has.
STRIATE_INLINE int64_t shares_of(const Ahead& ahead, int64_t terms) {
  Reduction none{};
  return ahead.lines > 0 ? ask_ahead(ahead, 0, terms, none) : 0;
}

// Operands that are not copied beforehand: the first tile that meets rows or columns reads them in place and leaves
// them where the others look for them, one panel after the other in the memory of one. A copy by itself takes 4 to 5
// cycles a vector, 10 to 15% of ResNet-50's 1x1 weight gradients.
struct InPlace {
  const Real* a = nullptr;  // rows side by side, terms a_step apart
  int64_t a_step = 0;
  Real* strips = nullptr;   // where a is left: what the first operand's Rows name
  const Real* b = nullptr;  // columns side by side, terms b_step apart
  int64_t b_step = 0;
};

// sums[panel][row][kPanel] (+)= rows * panels, over `terms` terms. `one`, then `two` is asked for, both by the last
// tiles but a few: what comes early leaves L2 again before it is copied. One alone does not, and is asked for at once.
[[maybe_unused]] static void add_block(const Rows& a, Real* panels, int64_t terms, int64_t rows, int64_t columns,
                                       Real* sums, bool first, const Ahead& one, const Ahead& two,
                                       const InPlace& from = {}) {
  const int64_t ones = shares_of(one, terms), all = ones + shares_of(two, terms);
  const int64_t tiles = ceil_div(rows, kTileRows) * ceil_div(columns, kPanel);
  int64_t share = ones < all ? min_of(all + all / 4 - tiles, 0) : 0;
  for (int64_t n = 0; n < columns; n += kPanel) {
    const int64_t valid = min_of(columns - n, kPanel), width = panel_width(valid);
    Real* panel = panels + (from.b ? 0 : n * terms);
    if (from.b && valid < kPanel) pack_panels(from.b + n, from.b_step, terms, valid, panel);
    a.for_runs(rows, width, terms, [&](int64_t r, int64_t height, const Real* rows_at, Reduction sum) {
      sum.c_tile = height * kPanel;
      const int64_t a_step = sum.a_step;
      // One `sum` for all tiles: a copy for each would wait for its own fields.
      for (int64_t t = 0, count = sum.tiles; t < count; t += sum.tiles) {
        const bool keeps_a = from.a && n == 0, keeps_b = from.b && valid == kPanel && r + t == 0;
        const Real *a_at = rows_at + t * sum.a_tile, *b_at = panel;
        sum.tiles = count - t;
        sum.prefetch_step = sum.prefetch_jump = 0;
        sum.count[2] = 1;
        sum.length = terms;
        sum.a_step = a_step;
        sum.b_step = width;
        if (keeps_a) {
          sum.keep_a = from.strips + (a_at - a.at);
          a_at = from.a + r;
          sum.a_step = from.a_step;
        }
        if (keeps_b) {
          sum.keep_b = panel;
          b_at = from.b + n;
          sum.b_step = from.b_step;
          sum.tiles = 1;
        }
        if (share < 0) {
          sum.tiles = min_of(sum.tiles, -share);
        } else if (share < all) {
          sum.tiles = 1;
          share < ones ? ask_ahead(one, share, terms, sum) : ask_ahead(two, share - ones, terms, sum);
        }
        share += sum.tiles;
        const MicroKernel kernel = keeps_a || keeps_b ? keeping_kernel(keeps_a, keeps_b, height)
                                                      : micro_kernel(a.layout, height, width, false);
        kernel(sum, a_at, b_at, sums + n * rows + (r + t * height) * kPanel, kPanel, width, !first);
      }
    });
  }
}

// How a product is cut into items: blocks of rows and columns, each reducing all its terms in order, and only where
// these are too few also parts of the terms, whose sums a fixed tree adds up. By the shape alone.
struct Split {
  int64_t row_blocks = 1, column_blocks = 1, parts = 1;

  // The one that copies least: an operand once for every block along the other's axis, and what parts write and add up.
  // `most_sums`: elements of a block.
  Split(int64_t rows, int64_t columns, int64_t terms, int64_t wanted, int64_t least_part, int64_t most_sums) {
    const int64_t tiles = ceil_div(rows, kTileRows), panels = ceil_div(columns, kPanel);
    double least = -1;
    const auto next = [](int64_t i) { return i + max_of(i / 2, 1); };
    for (int64_t c = 1; c <= panels; c = next(c)) {
      const int64_t fewest = ceil_div(tiles * kTileRows * ceil_div(panels, c) * kPanel, most_sums);
      for (int64_t r = fewest; r <= min_of(tiles, max_of(fewest, wanted)); r = next(r)) {
        const int64_t p = max_of(min_of(ceil_div(wanted, r * c), terms / least_part), 1);
        const double idle = r * c * p < wanted ? double(wanted) / double(r * c * p) : 1;
        const double written = p == 1 ? 0 : 2.5 * double(p) * double(rows) * double(columns);
        const double copied =
            idle * (double(terms) * (double(rows) * double(c) + double(columns) * double(r)) + written);
        if (least >= 0 && copied >= least) continue;
        least = copied;
        row_blocks = r;
        column_blocks = c;
        parts = p;
      }
      if (c > wanted && fewest <= 1) break;
    }
  }
  int64_t items() const { return row_blocks * column_blocks * parts; }
  int64_t block_rows(int64_t rows) const { return ceil_div(ceil_div(rows, kTileRows), row_blocks) * kTileRows; }
  int64_t block_columns(int64_t columns) const { return ceil_div(ceil_div(columns, kPanel), column_blocks) * kPanel; }
};

struct SplitItem {
  int64_t row_begin, row_end, column_begin, column_end, part, term_begin, term_end;
};
// Blocks of one part stand together, so that a thread finds its terms in the cache again.
STRIATE_INLINE SplitItem split_item(const Split& s, int64_t rows, int64_t columns, int64_t terms, int64_t item) {
  const int64_t r = item % s.row_blocks, c = item / s.row_blocks % s.column_blocks;
  const int64_t part = item / s.row_blocks / s.column_blocks;
  const int64_t tiles = ceil_div(rows, kTileRows), panels = ceil_div(columns, kPanel);
  return {part_begin(tiles, s.row_blocks, r) * kTileRows,
          min_of(part_begin(tiles, s.row_blocks, r + 1) * kTileRows, rows),
          part_begin(panels, s.column_blocks, c) * kPanel,
          min_of(part_begin(panels, s.column_blocks, c + 1) * kPanel, columns),
          part,
          part_begin(terms, s.parts, part),
          part_begin(terms, s.parts, part + 1)};
}

constexpr int64_t kBlockElements = (kLanes == 8 ? 192 << 10 : 512 << 10) / sizeof(Real);  // sums of a block, kept in L2
constexpr int64_t kSplitItems = 16;

}  // namespace
}  // namespace striate::STRIATE_ISA
