// Softmax and cross-entropies, a row at a time. Exponentials are always of x - max(x), so nothing overflows.
#include "kernels/softmax.h"

#include "kernels/cpu/split.h"
#include "simd/math.h"

namespace striate::STRIATE_ISA {
namespace {

// Exponentials dominate: a row of n costs about as much as 4 n elements of plain arithmetic.
template <class Shape>
int64_t items(const Shape& s, int) {
  return split_count(s.rows, 4 * s.n);
}

// f(row) for the rows of items [begin, end).
template <class Shape, class F>
STRIATE_INLINE void for_items(const Shape& s, int64_t begin, int64_t end, F f) {
  const Range r = split_range(s.rows, items(s, 0), begin, end);
  for (int64_t row = r.begin; row < r.end; ++row) f(row);
}

// sum over i in [0, n) of f(i, lanes), whose lanes beyond `lanes` do not count.
template <class F>
STRIATE_INLINE Real sum_of(int64_t n, F f) {
  Vec sum{};
  for_vectors(0, n, [&](int64_t i, int64_t lanes) {
    const Vec v = f(i, lanes);
    sum += lanes == kLanes ? v : keep_lanes(v, lanes, zero());
  });
  return reduce_add(sum);
}

STRIATE_INLINE Real max_of_row(const Real* x, int64_t n) {
  Vec best = set1(-__builtin_inf());
  for_vectors(0, n, [&](int64_t i, int64_t lanes) {
    const Vec v = load_lanes(x + i, lanes);
    best = max(best, lanes == kLanes ? v : keep_lanes(v, lanes, best));
  });
  return reduce_max(best);
}

STRIATE_INLINE Real log_of(Real x) { return log(set1(x))[0]; }
STRIATE_INLINE Real nan_value() { return static_cast<Real>(__builtin_nan("")); }

// log(sum(e^x)) = top + log_sum, kept apart: x - top - log_sum loses nothing to a large top.
struct LogSumExp {
  Real top, sum, log_sum;
};
STRIATE_INLINE LogSumExp log_sum_exp(const Real* x, int64_t n) {
  const Real top = max_of_row(x, n);
  const Real sum = sum_of(n, [&](int64_t i, int64_t lanes) { return exp(load_lanes(x + i, lanes) - top); });
  return {top, sum, log_of(sum)};
}

void forward(const SoftmaxShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  for_items(s, begin, end, [&](int64_t row) {
    const Real* x = buffer<const Real>(args, 0) + row * s.n;
    Real* y = buffer<Real>(args, 1) + row * s.n;
    const Real top = max_of_row(x, s.n);
    const Real sum = sum_of(s.n, [&](int64_t i, int64_t lanes) {
      const Vec e = exp(load_lanes(x + i, lanes) - top);
      store_lanes(y + i, e, lanes);
      return e;
    });
    for_vectors(0, s.n, [&](int64_t i, int64_t lanes) { store_lanes(y + i, load_lanes(y + i, lanes) / sum, lanes); });
  });
}

void backward(const SoftmaxShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  for_items(s, begin, end, [&](int64_t row) {
    const Real* y = buffer<const Real>(args, 0) + row * s.n;
    const Real* gy = buffer<const Real>(args, 1) + row * s.n;
    Real* gx = buffer<Real>(args, 2) + row * s.n;
    const Real dot =
        sum_of(s.n, [&](int64_t i, int64_t lanes) { return load_lanes(gy + i, lanes) * load_lanes(y + i, lanes); });
    for_vectors(0, s.n, [&](int64_t i, int64_t lanes) {
      store_lanes(gx + i, load_lanes(y + i, lanes) * (load_lanes(gy + i, lanes) - dot), lanes);
    });
  });
}

void log_forward(const SoftmaxShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  for_items(s, begin, end, [&](int64_t row) {
    const Real* x = buffer<const Real>(args, 0) + row * s.n;
    Real* y = buffer<Real>(args, 1) + row * s.n;
    const LogSumExp l = log_sum_exp(x, s.n);
    for_vectors(0, s.n, [&](int64_t i, int64_t lanes) {
      store_lanes(y + i, (load_lanes(x + i, lanes) - l.top) - l.log_sum, lanes);
    });
  });
}

// --- cross-entropy ---------------------------------------------------------------------------------------

// The labels of a row: dense values, or the number of the one class, -1 if it is none of [0, n).
struct Labels {
  const Real* dense;
  int64_t target;
};
STRIATE_INLINE Labels labels_of(const CrossEntropyShape& s, const KernelArgs& args, int64_t row) {
  if (!s.sparse) return {buffer<const Real>(args, 1) + row * s.n, 0};
  const int64_t target = buffer<const int32_t>(args, 1)[row];
  return {nullptr, target >= 0 && target < s.n ? target : -1};
}
STRIATE_INLINE Real label_sum(const CrossEntropyShape& s, const Labels& label) {
  if (s.sparse) return 1;
  return sum_of(s.n, [&](int64_t i, int64_t lanes) { return load_lanes(label.dense + i, lanes); });
}

// The bounds of a probability. 1 - clip is rounded in T, as the peers' is.
struct Clip {
  Real low, high;
};
STRIATE_INLINE Clip clip_of(const CrossEntropyShape& s) {
  const Real low = static_cast<Real>(s.clip);
  return {low, 1 - low};
}
STRIATE_INLINE Vec clipped(Vec ratio, Clip clip) { return min(max(ratio, set1(clip.low)), set1(clip.high)); }

// A label of 0 takes no part, even where the logarithm is infinite.
STRIATE_INLINE Vec weighted(Vec label, Vec value) { return label == 0 ? zero() : label * value; }

void cross_entropy(const CrossEntropyShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Clip clip = clip_of(s);
  for_items(s, begin, end, [&](int64_t row) {
    const Real* x = buffer<const Real>(args, 0) + row * s.n;
    Real& loss = buffer<Real>(args, 2)[row];
    const Labels label = labels_of(s, args, row);
    if (label.target < 0) {
      loss = nan_value();
    } else if (s.from_logits) {
      const LogSumExp l = log_sum_exp(x, s.n);
      loss = s.sparse ? l.log_sum - (x[label.target] - l.top) : sum_of(s.n, [&](int64_t i, int64_t lanes) {
        return weighted(load_lanes(label.dense + i, lanes), l.log_sum - (load_lanes(x + i, lanes) - l.top));
      });
    } else {
      const Real total = sum_of(s.n, [&](int64_t i, int64_t lanes) { return load_lanes(x + i, lanes); });
      const auto surprise = [&](Vec p) { return -log(clipped(p / total, clip)); };
      loss = s.sparse ? surprise(set1(x[label.target]))[0] : sum_of(s.n, [&](int64_t i, int64_t lanes) {
        return weighted(load_lanes(label.dense + i, lanes), surprise(load_lanes(x + i, lanes)));
      });
    }
  });
}

// from logits: gx = g * (softmax(x) * sum(label) - label)
void gradient_from_logits(const CrossEntropyShape& s, const Real* x, const Labels& label, Real g, Real* gx) {
  const Real labels = label_sum(s, label);
  const Real top = max_of_row(x, s.n);
  const Real target = s.sparse ? x[label.target] : 0;  // before gx, which may be x, is written
  const Real sum = sum_of(s.n, [&](int64_t i, int64_t lanes) {
    const Vec e = exp(load_lanes(x + i, lanes) - top);
    store_lanes(gx + i, e, lanes);
    return e;
  });
  const Real share = labels / sum;
  for_vectors(0, s.n, [&](int64_t i, int64_t lanes) {
    Vec v = load_lanes(gx + i, lanes) * share;
    if (!s.sparse) v -= load_lanes(label.dense + i, lanes);
    store_lanes(gx + i, v * g, lanes);
  });
  if (s.sparse) gx[label.target] = (exp(set1(target - top))[0] * share - 1) * g;
}

// from probabilities, with r = x / sum(x) and u = -label / r where r is not clipped, else 0:
// gx = g * (u - sum(u * r)) / sum(x). u * r is -label, so the inner sum is that of the unclipped labels.
void gradient_from_probabilities(const CrossEntropyShape& s, const Real* x, const Labels& label, Real g, Real* gx) {
  const Clip clip = clip_of(s);
  const Real total = sum_of(s.n, [&](int64_t i, int64_t lanes) { return load_lanes(x + i, lanes); });
  const auto inside = [&](Vec ratio) { return (ratio >= clip.low) & (ratio <= clip.high); };
  if (s.sparse) {
    const Real ratio = x[label.target] / total;
    const Real counts = ratio >= clip.low && ratio <= clip.high ? 1 : ratio == ratio ? 0 : ratio;
    const Real rest = counts * g / total;
    for_vectors(0, s.n, [&](int64_t i, int64_t lanes) { store_lanes(gx + i, set1(rest), lanes); });
    gx[label.target] = (counts - counts / ratio) * g / total;
    if (counts == 0) gx[label.target] = 0;
    return;
  }
  const Real counted = sum_of(s.n, [&](int64_t i, int64_t lanes) {
    const Vec ratio = load_lanes(x + i, lanes) / total;
    return inside(ratio) ? load_lanes(label.dense + i, lanes) : ratio != ratio ? ratio : zero();
  });
  for_vectors(0, s.n, [&](int64_t i, int64_t lanes) {
    const Vec ratio = load_lanes(x + i, lanes) / total;
    const Vec u = inside(ratio) ? load_lanes(label.dense + i, lanes) / ratio : zero();
    store_lanes(gx + i, (counted - u) * g / total, lanes);
  });
}

void cross_entropy_backward(const CrossEntropyShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  for_items(s, begin, end, [&](int64_t row) {
    const Real* x = buffer<const Real>(args, 0) + row * s.n;
    const Real g = buffer<const Real>(args, 2)[row];
    Real* gx = buffer<Real>(args, 3) + row * s.n;
    const Labels label = labels_of(s, args, row);
    if (label.target < 0)
      for_vectors(0, s.n, [&](int64_t i, int64_t lanes) { store_lanes(gx + i, set1(nan_value()), lanes); });
    else if (s.from_logits)
      gradient_from_logits(s, x, label, g, gx);
    else
      gradient_from_probabilities(s, x, label, g, gx);
  });
}

template <class Shape, void (*run)(const Shape&, const KernelArgs&, int, int64_t, int64_t)>
constexpr Kernel kRows[] = {{"rows", erased_items<Shape, items<Shape>>, erased_run<Shape, run>}};
constexpr KernelFunction kFunctions[] = {
    {"forward", kRows<SoftmaxShape, forward>, 1},
    {"backward", kRows<SoftmaxShape, backward>, 1},
    {"log_forward", kRows<SoftmaxShape, log_forward>, 1},
    {"cross_entropy", kRows<CrossEntropyShape, cross_entropy>, 1},
    {"cross_entropy_backward", kRows<CrossEntropyShape, cross_entropy_backward>, 1}};

}  // namespace

const KernelTable softmax_table = {"softmax", kFunctions, 5};

}  // namespace striate::STRIATE_ISA
