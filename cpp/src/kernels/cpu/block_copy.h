// Moving blocks of a matrix: runs, transposition by vectors, and the sum of split reductions' parts.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {
namespace {

// n elements in `parts` pieces whose lengths differ by at most one.
STRIATE_INLINE int64_t part_begin(int64_t n, int64_t parts, int64_t i) { return n / parts * i + min_of(i, n % parts); }

STRIATE_INLINE void copy_run(Real* to, const Real* from, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load(from + i));
  if (i < n) store_n(to + i, load_n(from + i, n - i), n - i);
}

STRIATE_INLINE void zero_run(Real* to, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, zero());
  if (i < n) store_n(to + i, zero(), n - i);
}

template <int... I>
struct Lanes {};
template <int N, int... I>
struct AllLanes : AllLanes<N - 1, N - 1, I...> {};
template <int... I>
struct AllLanes<0, I...> {
  using Type = Lanes<I...>;
};
// a0 b0 a1 b1 ... of the lower or upper half
template <int Half, int... I>
STRIATE_INLINE Vec zip(Vec a, Vec b, Lanes<I...>) {
  return __builtin_shufflevector(a, b, ((I % 2) * kLanes + I / 2 + Half * kLanes / 2)...);
}

// kLanes x kLanes by log2(kLanes) rounds of zipping row i with row i + kLanes / 2: 64 shuffles for 256 floats on
// AVX-512, where element by element costs a load and a store each.
STRIATE_INLINE void transpose_square(const Real* from, int64_t from_row, Real* to, int64_t to_row) {
  using All = typename AllLanes<kLanes>::Type;
  Vec rows[kLanes];
  STRIATE_UNROLL
  for (int i = 0; i < kLanes; ++i) rows[i] = load(from + i * from_row);
  STRIATE_UNROLL
  for (int round = 1; round < kLanes; round *= 2) {
    Vec next[kLanes];
    STRIATE_UNROLL
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = zip<0>(rows[i], rows[i + kLanes / 2], All{});
      next[2 * i + 1] = zip<1>(rows[i], rows[i + kLanes / 2], All{});
    }
    STRIATE_UNROLL
    for (int i = 0; i < kLanes; ++i) rows[i] = next[i];
  }
  STRIATE_UNROLL
  for (int i = 0; i < kLanes; ++i) store(to + i * to_row, rows[i]);
}

// to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns.
[[maybe_unused]] static void transpose(const Real* from, int64_t from_row, int64_t rows, int64_t columns, Real* to,
                                       int64_t to_row) {
  const int64_t whole_rows = rows / kLanes * kLanes, whole_columns = columns / kLanes * kLanes;
  for (int64_t i = 0; i < whole_rows; i += kLanes)
    for (int64_t j = 0; j < whole_columns; j += kLanes)
      transpose_square(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) to[j * to_row + i] = from[i * from_row + j];
}

// Elements of an item that adds the parts of a split reduction: 16 KB, so that what is added onto stays in L1.
constexpr int64_t kPartElements = 4 << 10;

template <int Count, bool Onto>
STRIATE_INLINE void add_parts(const Real* parts, int64_t stride, int64_t n, Real* to) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const int64_t valid = min_of(n - i, kLanes);
    const auto part = [&](int64_t p) {
      return valid == kLanes ? load(parts + p * stride + i) : load_n(parts + p * stride + i, valid);
    };
    Vec sum = part(0);
    if constexpr (Count > 1) sum += part(1);
    if constexpr (Count == 3) sum += part(2);
    if constexpr (Count == 4) sum += part(2) + part(3);
    if constexpr (Onto) sum = load_n(to + i, valid) + sum;
    store_n(to + i, sum, valid);
  }
}

// The first n elements of parts that lie `stride` apart: (0 + 1) + (2 + 3), to which the next four are added, and so
// on. Four runs of memory at a time, which the hardware follows; 16 or 32 at once are more than that.
[[maybe_unused]] static void sum_parts(const Real* parts, int64_t stride, int64_t count, int64_t n, Real* to) {
  if (count >= 4) add_parts<4, false>(parts, stride, n, to);
  if (count == 1) add_parts<1, false>(parts, stride, n, to);
  if (count == 2) add_parts<2, false>(parts, stride, n, to);
  if (count == 3) add_parts<3, false>(parts, stride, n, to);
  int64_t p = 4;
  for (; p + 4 <= count; p += 4) add_parts<4, true>(parts + p * stride, stride, n, to);
  if (count - p == 1) add_parts<1, true>(parts + p * stride, stride, n, to);
  if (count - p == 2) add_parts<2, true>(parts + p * stride, stride, n, to);
  if (count - p == 3) add_parts<3, true>(parts + p * stride, stride, n, to);
}

// Items [begin, end) of kPartElements each.
[[maybe_unused]] static void sum_part_items(const Real* parts, int64_t elements, int64_t count, int64_t begin,
                                            int64_t end, Real* to) {
  for (int64_t item = begin; item < end; ++item) {
    const int64_t i = item * kPartElements;
    sum_parts(parts + i, elements, count, min_of(elements - i, kPartElements), to + i);
  }
}

}  // namespace
}  // namespace striate::STRIATE_ISA
