// Reductions over the middle axis. Two kernels: "direct" gives each result to one item; "split" is for few results of
// long reductions (a bias gradient), where chunks of rows go to the workspace and are merged in a second phase.
#include "kernels/reduce.h"

#include "kernels/cpu/columns.h"

namespace striate::STRIATE_ISA {
namespace {

// What one item of the direct kernel handles at least: one outer index x one block of columns.
STRIATE_INLINE int64_t column_blocks(const ReduceShape& s) { return ceil_div(s.inner, kPanelColumns); }

int64_t direct_items(const ReduceShape& s, int) {
  return split_count(s.outer * column_blocks(s), s.reduce * min_of(s.inner, kPanelColumns));
}

template <class Op, bool mean>
void reduce_direct(const ReduceShape& s, const Real* x, Real* y, int64_t divisor, int64_t begin, int64_t end) {
  const int64_t blocks = column_blocks(s);
  const int64_t width = blocks == 1 ? s.inner : kPanelColumns;
  const Range r = split_range(s.outer * blocks, direct_items(s, 0), begin, end);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const int64_t outer = unit / blocks, column = (unit - outer * blocks) * width;
    const int64_t columns = min_of(width, s.inner - column);
    const Real* from = x + outer * s.reduce * s.inner + column;
    Real* to = y + outer * s.inner + column;
    if (blocks == 1)
      reduce_rows<Op>(from, s.reduce, s.inner, to);
    else
      reduce_columns<Op>(from, s.reduce, s.inner, columns, to);
    if constexpr (mean)
      for_vectors(0, columns, [&](int64_t i, int64_t lanes) {
        store_lanes(to + i, load_lanes(to + i, lanes) / static_cast<Real>(divisor), lanes);
      });
  }
}

template <class Op, bool mean>
void direct_run(const ReduceShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  reduce_direct<Op, mean>(s, buffer<const Real>(args, 0), buffer<Real>(args, 1), s.reduce, begin, end);
}

// --- split -----------------------------------------------------------------------------------------------

// Chunks a result's rows are split into: enough for about kMaxItems items of kGrain elements.
STRIATE_INLINE int64_t chunks(const ReduceShape& s) {
  const int64_t by_work = s.outer * s.reduce * s.inner / kGrain;
  return max_of(min_of(min_of(by_work, kMaxItems) / s.outer, s.reduce), 1);
}
STRIATE_INLINE int64_t chunk_rows(const ReduceShape& s) { return ceil_div(s.reduce, chunks(s)); }
STRIATE_INLINE ReduceShape partials(const ReduceShape& s) {
  return {s.outer, ceil_div(s.reduce, chunk_rows(s)), s.inner};
}

// Whether the direct kernel would leave cores idle.
constexpr int64_t kEnoughItems = 16;
STRIATE_INLINE bool worth_splitting(const ReduceShape& s) { return direct_items(s, 0) < kEnoughItems && chunks(s) > 1; }
double direct_cost(const ReduceShape& s) { return worth_splitting(s) ? -1 : 1; }
double split_cost(const ReduceShape& s) { return worth_splitting(s) ? 1 : -1; }

int64_t split_items(const ReduceShape& s, int phase) {
  const ReduceShape p = partials(s);
  return phase == 0 ? p.outer * p.reduce : direct_items(p, 0);
}
template <class Partial>
int64_t split_workspace(const ReduceShape& s) {
  const ReduceShape p = partials(s);
  return p.outer * p.reduce * p.inner * static_cast<int64_t>(sizeof(Partial));
}

template <class Op, bool mean>
void split_run(const ReduceShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  Real* sums = static_cast<Real*>(args.workspace);
  const ReduceShape p = partials(s);
  if (phase == 1) return reduce_direct<Op, mean>(p, sums, buffer<Real>(args, 1), s.reduce, begin, end);
  const int64_t each = chunk_rows(s);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t outer = item / p.reduce, first = (item - outer * p.reduce) * each;
    reduce_rows<Op>(x + (outer * s.reduce + first) * s.inner, min_of(each, s.reduce - first), s.inner,
                    sums + item * s.inner);
  }
}

// --- argmax ----------------------------------------------------------------------------------------------

// NaN counts as the greatest value, as in NumPy; of equal values the first counts.
STRIATE_INLINE bool beats(Real v, Real best) { return !(v <= best) && best == best; }

// y[j * y_stride] = first + argmax over rows of x[r * inner + j], j in [0, columns).
void argmax_columns(const Real* x, int64_t rows, int64_t inner, int64_t columns, int64_t first, int64_t* y) {
  for_vectors(0, columns, [&](int64_t j, int64_t lanes) {
    Vec best = load_lanes(x + j, lanes);
    Int at{};
    for (int64_t r = 1; r < rows; ++r) {
      const Vec v = load_lanes(x + r * inner + j, lanes);
      const Int take = ~(v <= best) & (best == best);
      best = take ? v : best;
      at = take ? set1_int(static_cast<IntLane>(r)) : at;
    }
    for (int64_t lane = 0; lane < lanes; ++lane) y[j + lane] = first + at[lane];
  });
}

// The same for one column: the maximum first, then where it stands.
int64_t argmax_row(const Real* x, int64_t n) {
  if (n <= kLanes) {
    int64_t at = 0;
    for (int64_t i = 1; i < n; ++i)
      if (beats(x[i], x[at])) at = i;
    return at;
  }
  Real top;
  reduce_rows<Max>(x, n, 1, &top);
  if (top != top) {
    for (int64_t i = 0; i < n; ++i)
      if (x[i] != x[i]) return i;
  }
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    if (reduce_max(load(x + i) == top ? set1(1) : zero()) > 0) break;
  while (x[i] != top) ++i;
  return i;
}

void argmax_rows(const Real* x, int64_t rows, int64_t inner, int64_t first, int64_t* y) {
  if (inner == 1)
    *y = first + argmax_row(x, rows);
  else
    argmax_columns(x, rows, inner, inner, first, y);
}

int64_t argmax_items(const ReduceShape& s, int) { return split_count(s.outer, s.reduce * s.inner); }

void argmax_run(const ReduceShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  int64_t* y = buffer<int64_t>(args, 1);
  const Range r = split_range(s.outer, argmax_items(s, 0), begin, end);
  for (int64_t outer = r.begin; outer < r.end; ++outer)
    argmax_rows(x + outer * s.reduce * s.inner, s.reduce, s.inner, 0, y + outer * s.inner);
}

// Each chunk leaves the row of its first maximum; the second phase looks those values up again.
int64_t argmax_split_items(const ReduceShape& s, int phase) {
  const ReduceShape p = partials(s);
  return phase == 0 ? p.outer * p.reduce : split_count(p.outer * p.inner, p.reduce);
}

void argmax_split_run(const ReduceShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  int64_t* rows = static_cast<int64_t*>(args.workspace);
  const ReduceShape p = partials(s);
  if (phase == 0) {
    const int64_t each = chunk_rows(s);
    for (int64_t item = begin; item < end; ++item) {
      const int64_t outer = item / p.reduce, first = (item - outer * p.reduce) * each;
      argmax_rows(x + (outer * s.reduce + first) * s.inner, min_of(each, s.reduce - first), s.inner, first,
                  rows + item * s.inner);
    }
    return;
  }
  int64_t* y = buffer<int64_t>(args, 1);
  const Range r = split_range(p.outer * p.inner, argmax_split_items(s, 1), begin, end);
  for (int64_t i = r.begin; i < r.end; ++i) {
    const int64_t outer = i / s.inner, j = i - outer * s.inner;
    const Real* column = x + outer * s.reduce * s.inner + j;
    int64_t best = rows[outer * p.reduce * s.inner + j];
    for (int64_t chunk = 1; chunk < p.reduce; ++chunk) {
      const int64_t row = rows[(outer * p.reduce + chunk) * s.inner + j];
      if (beats(column[row * s.inner], column[best * s.inner])) best = row;
    }
    y[i] = best;
  }
}

double argmax_direct_cost(const ReduceShape& s) { return argmax_items(s, 0) < kEnoughItems && chunks(s) > 1 ? -1 : 1; }
double argmax_split_cost(const ReduceShape& s) { return -argmax_direct_cost(s); }

template <class Op, bool mean>
constexpr Kernel kReduce[] = {
    {"direct", erased_items<ReduceShape, direct_items>, erased_run<ReduceShape, direct_run<Op, mean>>, 1, nullptr,
     nullptr, erased_cost<ReduceShape, direct_cost>},
    {"split", erased_items<ReduceShape, split_items>, erased_run<ReduceShape, split_run<Op, mean>>, 2,
     erased_size<ReduceShape, split_workspace<Real>>, nullptr, erased_cost<ReduceShape, split_cost>}};
constexpr Kernel kArgmax[] = {
    {"direct", erased_items<ReduceShape, argmax_items>, erased_run<ReduceShape, argmax_run>, 1, nullptr, nullptr,
     erased_cost<ReduceShape, argmax_direct_cost>},
    {"split", erased_items<ReduceShape, argmax_split_items>, erased_run<ReduceShape, argmax_split_run>, 2,
     erased_size<ReduceShape, split_workspace<int64_t>>, nullptr, erased_cost<ReduceShape, argmax_split_cost>}};
constexpr KernelFunction kFunctions[] = {{"sum", kReduce<Sum, false>, 2},
                                         {"mean", kReduce<Sum, true>, 2},
                                         {"max", kReduce<Max, false>, 2},
                                         {"min", kReduce<Min, false>, 2},
                                         {"argmax", kArgmax, 2}};

}  // namespace

const KernelTable reduce_table = {"reduce", kFunctions, 5};

}  // namespace striate::STRIATE_ISA
