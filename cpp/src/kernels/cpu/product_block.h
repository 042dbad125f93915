// A block of a product over long k: both operands are copied, kDepth terms at a time, into the order the micro-kernel
// reads them in, and the block's sums wait in L2 meanwhile. In place, rows a power of two apart share a few sets of the
// caches, and every tile would walk through as many pages as it has terms.
#pragma once

#include "kernels/cpu/block_copy.h"
#include "kernels/cpu/micro_kernel.h"

namespace striate::STRIATE_ISA {
namespace {

constexpr int64_t kDepth = (32 << 10) / (kPanel * sizeof(Real));  // a panel of 32 KB

STRIATE_INLINE int64_t panel_width(int64_t columns) { return columns <= kLanes ? kLanes : kPanel; }

// At most kTileRows elements.
STRIATE_INLINE void copy_short(Real* to, const Real* from, int64_t n) {
  if constexpr (kTileRows <= kLanes)
    store_n(to, load_n(from, n), n);
  else
    copy_run(to, from, n);
}

// Pixels copied before the next tile or panel is: a few KB of source then stay in L1 for all of them.
constexpr int64_t kCopiedTerms = 16;

// Tiles [tile][term][row] of the columns of `from` (terms, rows): what a transposed A is.
[[maybe_unused]] static void pack_tiles(const Real* from, int64_t stride, int64_t terms, int64_t rows, Real* to) {
  const int64_t tiles = ceil_div(rows, kTileRows);
  for (int64_t k = 0; k < terms; k += kCopiedTerms) {
    const int64_t end = min_of(k + kCopiedTerms, terms);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t r = part_begin(rows, tiles, t), n = part_begin(rows, tiles, t + 1) - r;
      for (int64_t i = k; i < end; ++i) copy_short(to + r * terms + i * n, from + i * stride + r, n);
    }
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
        for (int64_t i = k; i < end; ++i) {
          copy_run(panel + i * width, from + i * stride + n, valid);
          for (int64_t j = valid; j < width; ++j) panel[i * width + j] = 0;
        }
      }
    }
  }
}

// Memory to be asked for meanwhile, a line a term: tile number i of the block asks for
// at + i * advance + term * step, as long as i < tiles.
struct Ahead {
  const Real* at;
  int64_t step, advance, tiles;
};

// `width` elements of each of the next rows, `stride` apart: line by line where they are contiguous, else column by
// column of lines.
STRIATE_INLINE Ahead ahead_of(const Real* at, int64_t stride, int64_t width, int64_t terms) {
  if (stride == width) return {at, kLine, terms * kLine, ceil_div(width, kLine)};
  return {at, stride, kLine, ceil_div(width, kLine)};
}

// sums[panel][row][kPanel] (+)= tiles * panels, over `terms` terms.
[[maybe_unused]] static void add_block(const Real* tiles_a, const Real* panels_b, int64_t terms, int64_t rows,
                                       int64_t columns, Real* sums, bool first, Ahead one, Ahead two) {
  const int64_t tiles = ceil_div(rows, kTileRows);
  int64_t call = 0;
  Reduction sum{{1, 1, 1}, {}, {}, terms, 1, 0, 0};
  for (int64_t n = 0; n < columns; n += kPanel) {
    const int64_t width = panel_width(columns - n);
    sum.b_step = width;
    for (int64_t t = 0; t < tiles; ++t, ++call) {
      const int64_t r = part_begin(rows, tiles, t), tile_rows = part_begin(rows, tiles, t + 1) - r;
      sum.a_step = tile_rows;
      const Ahead& ahead = call < one.tiles ? one : two;
      const int64_t i = call < one.tiles ? call : call - one.tiles;
      sum.prefetch = ahead.at + i * ahead.advance;
      sum.prefetch_step = i < ahead.tiles ? ahead.step : 0;
      micro_kernel(RowLayout::unit, tile_rows, width, false)(sum, tiles_a + r * terms, panels_b + n * terms,
                                                             sums + n * rows + r * kPanel, kPanel, width, !first);
    }
  }
}

}  // namespace
}  // namespace striate::STRIATE_ISA
