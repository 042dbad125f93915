// The one micro-kernel under convolution and matrix products: tiles of up to kTileRows rows x kTileVecs
// vectors of sums, each held in registers over the whole reduction, then left in memory (an L1 buffer the epilogue
// finishes, or the gradient itself).
//
//   c[line][tile][r][j] (+)= sum over i0, i1, i2, t
//       of a[line * a_line + tile * a_tile + i . a_stride + r * a_row + t * a_step] * b[tile * b_tile + i . b_stride +
//       t * b_step + j]
//
// What c holds beforehand is added before the terms (strided layout) or after them (unit).
//
// One call does lines of tiles: describing and calling each by itself costs 25 cycles, a fifth of a tile of 16 terms.
// The three outer loops are what makes one kernel do for all: the taps of a convolution (forward, input
// gradient), the rows of an image (weight gradient), nothing at all (matrix product). They run in order, so
// the order of summation is the reduction's.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {

constexpr int kPanel = kTileVecs * kLanes;  // columns of a full tile
// A tile one vector wide needs 8 rows to cover the latency of its sums (4 cycles, two a cycle), and takes a vector of
// them where there are registers for it (the weight gradient of 16 channels, 14 rows: 5% slower).
constexpr int kTallRows = kTileRows < 8 ? 2 * kTileRows : kTileRows == 14 ? 16 : kTileRows;

struct Reduction {
  int64_t count[3], a_stride[3], b_stride[3];  // outer loops
  int64_t length;                              // inner loop, contiguous where it can be
  int64_t a_row;                               // between the rows of the tile
  int64_t a_step, b_step;                      // between the terms of the inner loop
  int64_t tiles = 1;                           // how many, and how far apart in a, b and c
  int64_t a_tile = 0, b_tile = 0, c_tile = 0;
  int64_t lines = 1, a_line = 0, c_line = 0;  // of tiles
  // Memory a later call will read, asked for one cache line a term; step 0 for nothing.
  const Real* prefetch = nullptr;
  int64_t prefetch_step = 0;
  int64_t prefetch_jump = 0;  // more, after each inner loop
  // Where a keeping kernel leaves what it reads: of each term the tile's rows, or its columns.
  Real *keep_a = nullptr, *keep_b = nullptr;
  // Sums are written past the caches: c aligned to a cache line, whole vectors.
  bool stream = false;
};

constexpr int64_t kLine = 64 / sizeof(Real);  // elements of a cache line

// The row layouts of `a` worth a kernel of their own, for their addressing.
enum class RowLayout : int {
  strided,  // a_step is 1: rows are pixels (or rows of A), terms are channels
  unit,     // a_row is 1: rows are channels (or columns of a transposed A), terms are pixels
};

// `columns` (at most kPanel) are valid in c; where `masked` is set also in b, whose other lanes are not read.
// Without it b must be readable for whole vectors, and c is written in whole vectors.
using MicroKernel = void (*)(const Reduction& sum, const Real* a, const Real* b, Real* c, int64_t c_row,
                             int64_t columns, bool accumulate);

MicroKernel micro_kernel(RowLayout layout, int64_t rows, int64_t columns, bool masked);

// Of unit layout and kPanel columns: it also leaves what it reads of a or b, or both, in keep_a and keep_b.
MicroKernel keeping_kernel(bool keeps_a, bool keeps_b, int64_t rows);
// Whether there is one that keeps a: for each term a vector's lanes hold the rows of a tile.
constexpr bool kKeepsRows = kTileRows <= kLanes;

// c[row] = sum over t of a[row * a_row + t] * b[t], for kLanes terms beside one vector. b stays in registers for all
// rows, so that a row costs a load a term and no more, where tiles of such short sums cost half as much again. Asks for
// a line of memory a row from `ahead` on, unless that is null.
void narrow_product(const Real* a, int64_t a_row, const Real* b, Real* c, int64_t c_row, int64_t rows,
                    const Real* ahead);

STRIATE_INLINE int64_t tile_rows(int64_t columns) { return columns <= kLanes ? kTallRows : kTileRows; }

// f(first row, rows a tile, tiles) for the at most two runs of tiles of at most `most` rows that `rows` rows make:
// tiles differ by at most one row, the longer ones first.
template <class F>
STRIATE_INLINE void for_tile_runs(int64_t rows, int64_t most, F f) {
  const int64_t tiles = ceil_div(rows, most), height = rows / tiles, longer = rows % tiles;
  if (longer > 0) f(int64_t{0}, height + 1, longer);
  if (longer < tiles) f(longer * (height + 1), height, tiles - longer);
}

}  // namespace striate::STRIATE_ISA
