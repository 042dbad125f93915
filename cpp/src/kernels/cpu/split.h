// How element-wise work is shared out, and the last lanes of a row. Included by kernels/cpu only.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {
namespace {

// 16384 elements: a read and a write of 64 KiB each take about 5 us, ten times what handing out an item costs.
constexpr int64_t kGrain = 16384;
// More items than cores, so that uneven threads even out; few enough that partial results stay small.
constexpr int64_t kMaxItems = 64;

struct Range {
  int64_t begin, end;
};

// Into how many items n units of `weight` elements each are split: 1 for small work, at most kMaxItems.
STRIATE_INLINE int64_t split_count(int64_t n, int64_t weight = 1) {
  const int64_t wanted = min_of(n * weight / kGrain, kMaxItems);
  return max_of(min_of(wanted, n), 1);
}

// The units of items [begin, end) where n units are split into `count` items of whole multiples of `quantum`.
STRIATE_INLINE Range split_range(int64_t n, int64_t count, int64_t begin, int64_t end, int64_t quantum = 1) {
  const int64_t each = ceil_div(ceil_div(n, count), quantum) * quantum;
  return {min_of(begin * each, n), min_of(end * each, n)};
}

// f(i, lanes) over [begin, end) in vectors; only the last has fewer than kLanes lanes. Called with the constant kLanes
// for whole vectors, so that `lanes == kLanes` folds away in f.
template <class F>
STRIATE_INLINE void for_vectors(int64_t begin, int64_t end, F f) {
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) f(i, static_cast<int64_t>(kLanes));
  if (i < end) f(i, end - i);
}
STRIATE_INLINE Vec load_lanes(const Real* p, int64_t lanes) { return lanes == kLanes ? load(p) : load_n(p, lanes); }
STRIATE_INLINE void store_lanes(Real* p, Vec v, int64_t lanes) {
  if (lanes == kLanes)
    store(p, v);
  else
    store_n(p, v, lanes);
}

// The first `lanes` lanes of v, `other` in the rest.
STRIATE_INLINE Vec keep_lanes(Vec v, int64_t lanes, Vec other) {
  Int index;
  for (int i = 0; i < kLanes; ++i) index[i] = i;
  return index < static_cast<IntLane>(lanes) ? v : other;
}

}  // namespace
}  // namespace striate::STRIATE_ISA
