// Blocks of packed products of few rows of A beside a B that lies in memory: the first tile reads B in place and leaves
// it in L1 for the others, since copying it beforehand would take as long as its products (9216 -> 4096 of 32 rows:
// 9.5 ms in place of 6.7).
#pragma once

#include "kernels/cpu/product_block.h"
#include "kernels/matmul.h"

namespace striate::STRIATE_ISA {
namespace {
namespace few_rows {

constexpr int64_t kMostRows = 64, kFarElements = (4 << 20) / sizeof(Real);
constexpr int64_t kMostColumns = 512;  // of a block: a step of them is 512 KB, asked for meanwhile

STRIATE_INLINE bool can_do(const MatmulShape& s) {
  return !s.transpose_a && !s.transpose_b && s.m <= kMostRows && s.n >= kPanel && s.k > kDepth &&
         s.k * s.n >= kFarElements;
}

// Beside the sums of a block of so many rows.
STRIATE_INLINE int64_t scratch_elements(int64_t rows) {
  return kDepth * (rows + ceil_div(rows, kLanes) * kLanes + kPanel);
}

// Strips [strip][term][row] of `rows` rows of A, by way of their transpose.
static void pack_rows_as_strips(const Real* a, int64_t stride, int64_t terms, int64_t rows, Real* transposed,
                                Real* to) {
  const int64_t row = ceil_div(rows, kLanes) * kLanes;
  transpose(a, stride, rows, terms, transposed, row);
  pack_strips(transposed, row, terms, rows, to);
}

// Few rows: all of a block's terms, the next ones asked for meanwhile; then those of the block `after`.
static void sum_block(const MatmulShape& s, const SplitItem& block, const SplitItem* after, const Real* a,
                      const Real* b, Real* scratch) {
  const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
  // Whole rows of lines in the terms of a tile, which asks for them.
  const auto step_of = [](const SplitItem& of, int64_t k) {
    const int64_t lines = ceil_div(of.column_end - of.column_begin, kLine);
    return min_of(lines > kDepth ? kDepth : kDepth / lines * lines, of.term_end - k);
  };
  const auto ahead_at = [&](const SplitItem& of, int64_t k) {
    return ahead_of(b + k * s.n + of.column_begin, s.n, of.column_end - of.column_begin, step_of(of, k));
  };
  Real* sums = scratch;
  Real* strips = sums + rows * ceil_div(columns, kPanel) * kPanel;
  Real* transposed = strips + kDepth * rows;
  Real* panel = transposed + kDepth * ceil_div(rows, kLanes) * kLanes;
  for (int64_t k = block.term_begin, next; k < block.term_end; k = next) {
    const int64_t count = step_of(block, k);
    next = k + count;
    pack_rows_as_strips(a + block.row_begin * s.k + k, s.k, count, rows, transposed, strips);
    Ahead in_b{};
    if (next < block.term_end)
      in_b = ahead_at(block, next);
    else if (after)
      in_b = ahead_at(*after, after->term_begin);
    add_block(packed_strips(strips), panel, count, rows, columns, sums, k == block.term_begin, in_b, {},
              {nullptr, 0, nullptr, b + k * s.n + block.column_begin, s.n});
  }
}

}  // namespace few_rows
}  // namespace
}  // namespace striate::STRIATE_ISA
