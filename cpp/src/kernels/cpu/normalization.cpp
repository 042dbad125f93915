// Batch normalization in three phases: (0) each item leaves its rows' statistics, (1) they are merged in a fixed tree
// and become a line a channel, y = (x - mean) * scale + shift, (2) the line is applied. Forward reads x twice from
// memory: statistics of a block take two passes, but the block stays in L1.
//
// Few channels: `fold` rows are seen as one wide row (columns.h), so every lane works; a column of the wide matrix is
// then a fold-th part of a channel's rows, merged like any other part.
#include "kernels/normalization.h"

#include "kernels/cpu/columns.h"

namespace striate::STRIATE_ISA {
namespace {

// x as `rows` wide rows of `width` = fold * c, in `parts` items; rows that do not fill a wide one are the `rest`.
struct Wide {
  int64_t fold, width, rows, rest, parts, part_rows;
};
Wide wide_of(const BatchNormShape& s) {
  Wide w;
  w.fold = fold_of(s.c);
  w.width = w.fold * s.c;
  w.rows = s.rows / w.fold;
  w.rest = s.rows - w.rows * w.fold;
  w.part_rows = ceil_div(max_of(w.rows, 1), split_count(w.rows, w.width));
  w.parts = ceil_div(max_of(w.rows, 1), w.part_rows);
  return w;
}
STRIATE_INLINE Range rows_of(const Wide& w, int64_t part) {
  return {min_of(part * w.part_rows, w.rows), min_of((part + 1) * w.part_rows, w.rows)};
}

// Tables of a value a channel, repeated `fold` times to match a wide row; and before them two values a part and column.
struct Workspace {
  Real *first, *second;                // (parts, width): means and M2, or the two sums of the gradient
  Real *mean, *scale, *shift, *slope;  // (width)
};
Workspace workspace_of(const Wide& w, void* memory) {
  Real* p = static_cast<Real*>(memory);
  Real* tables = p + 2 * w.parts * w.width;
  return {p, p + w.parts * w.width, tables, tables + w.width, tables + 2 * w.width, tables + 3 * w.width};
}
int64_t workspace_bytes(const BatchNormShape& s) {
  const Wide w = wide_of(s);
  return (2 * w.parts + 4) * w.width * static_cast<int64_t>(sizeof(Real));
}

int64_t phase_items(const BatchNormShape& s, int phase) {
  const Wide w = wide_of(s);
  if (phase != 1) return w.parts;
  return split_count(ceil_div(s.c, kBlockColumns), w.parts * w.fold * kBlockColumns);
}
// The channels of items [begin, end) of phase 1.
STRIATE_INLINE Range channels_of(const BatchNormShape& s, int64_t begin, int64_t end) {
  return split_range(s.c, phase_items(s, 1), begin, end, kBlockColumns);
}

STRIATE_INLINE void store_repeated(Real* table, const BatchNormShape& s, const Wide& w, int64_t j, Vec v,
                                   int64_t lanes) {
  for (int64_t f = 0; f < w.fold; ++f) store_lanes(table + f * s.c + j, v, lanes);
}

// f(i, t, lanes) for every vector of elements i of a part and their place t in the tables; the last part has the rest.
template <class F>
STRIATE_INLINE void for_elements(const BatchNormShape& s, const Wide& w, int64_t part, F f) {
  const Range r = rows_of(w, part);
  for (int64_t row = r.begin; row < r.end; ++row)
    for_vectors(0, w.width, [&](int64_t j, int64_t lanes) { f(row * w.width + j, j, lanes); });
  if (part == w.parts - 1)
    for_vectors(0, w.rest * s.c, [&](int64_t j, int64_t lanes) { f(w.rows * w.width + j, j, lanes); });
}

// --- statistics ------------------------------------------------------------------------------------------

// Mean and M2 = sum (x - mean)^2 of a set of rows, a lane a column.
struct Moments {
  Vec mean, m2;
};
// Chan, Golub & LeVeque 1979: the moments of two sets together.
STRIATE_INLINE Moments merge(Moments a, Real count_a, Moments b, Real count_b) {
  const Real count = count_a + count_b;
  const Vec delta = b.mean - a.mean;
  return {fma(delta, set1(count_b / count), a.mean),
          a.m2 + fma(delta * delta, set1(count_a * (count_b / count)), b.m2)};
}

// Of one vector of columns over rows, in blocks that stay in L1 for their second pass.
STRIATE_INLINE Moments moments_of(const Real* x, int64_t rows, int64_t stride, int64_t lanes) {
  constexpr int kChains = 4;  // independent additions in flight
  Moments all{};
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t n = min_of(kBlockRows, rows - first);
    const Real* p = x + first * stride;
    Vec sum[kChains] = {}, m2[kChains] = {};
    int64_t r = 0;
    for (; r + kChains <= n; r += kChains) STRIATE_UNROLL
    for (int k = 0; k < kChains; ++k) sum[k] += load_lanes(p + (r + k) * stride, lanes);
    for (; r < n; ++r) sum[0] += load_lanes(p + r * stride, lanes);
    const Vec mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / static_cast<Real>(n);
    for (r = 0; r + kChains <= n; r += kChains) STRIATE_UNROLL
    for (int k = 0; k < kChains; ++k) {
      const Vec d = load_lanes(p + (r + k) * stride, lanes) - mean;
      m2[k] = fma(d, d, m2[k]);
    }
    for (; r < n; ++r) {
      const Vec d = load_lanes(p + r * stride, lanes) - mean;
      m2[0] = fma(d, d, m2[0]);
    }
    const Moments block = {mean, (m2[0] + m2[1]) + (m2[2] + m2[3])};
    all = first == 0 ? block : merge(all, static_cast<Real>(first), block, static_cast<Real>(n));
  }
  return all;
}

// Merges the parts of one vector of channels pairwise. A part is a row of (parts * fold, c); each row of the rest is
// a part of one element. Parts of the tree are at most kMaxItems * kBlockColumns + kBlockColumns.
Moments merge_parts(const BatchNormShape& s, const Wide& w, const Workspace& ws, const Real* x, int64_t j,
                    int64_t lanes) {
  constexpr int kLevels = 16;  // 2^16 parts and more than 64 * 64 are never made
  Moments level[kLevels];
  Real count[kLevels];
  int depth = 0;
  const int64_t whole = w.rows > 0 ? w.parts * w.fold : 0;
  for (int64_t i = 0; i < whole + w.rest; ++i) {
    Moments m;
    Real n = 1;
    if (i < whole) {
      const Range r = rows_of(w, i / w.fold);
      n = static_cast<Real>(r.end - r.begin);
      m = {load_lanes(ws.first + i * s.c + j, lanes), load_lanes(ws.second + i * s.c + j, lanes)};
    } else {
      m = {load_lanes(x + (w.rows * w.fold + i - whole) * s.c + j, lanes), zero()};
    }
    for (int64_t carry = i; carry & 1; carry >>= 1) {
      --depth;
      m = merge(level[depth], count[depth], m, n);
      n += count[depth];
    }
    level[depth] = m;
    count[depth++] = n;
  }
  while (depth > 1) {
    --depth;
    level[depth - 1] = merge(level[depth - 1], count[depth - 1], level[depth], count[depth]);
    count[depth - 1] += count[depth];
  }
  return level[0];
}

STRIATE_INLINE Vec inverse_deviation(Vec variance, double epsilon) {
  return 1 / sqrt(variance + static_cast<Real>(epsilon));
}

void train(const BatchNormShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Wide w = wide_of(s);
  const Workspace ws = workspace_of(w, args.workspace);
  if (phase == 0) {
    for (int64_t part = begin; part < end; ++part) {
      const Range r = rows_of(w, part);
      for_vectors(0, w.width, [&](int64_t j, int64_t lanes) {
        const Moments m = moments_of(x + r.begin * w.width + j, r.end - r.begin, w.width, lanes);
        store_lanes(ws.first + part * w.width + j, m.mean, lanes);
        store_lanes(ws.second + part * w.width + j, m.m2, lanes);
      });
    }
  } else if (phase == 1) {
    const Real* gamma = buffer<const Real>(args, 1);
    const Real* beta = buffer<const Real>(args, 2);
    Real* mean = buffer<Real>(args, 4);
    Real* variance = buffer<Real>(args, 5);
    const Range channels = channels_of(s, begin, end);
    for_vectors(channels.begin, channels.end, [&](int64_t j, int64_t lanes) {
      const Moments m = merge_parts(s, w, ws, x, j, lanes);
      const Vec v = m.m2 / static_cast<Real>(s.rows);
      store_lanes(mean + j, m.mean, lanes);
      store_lanes(variance + j, v, lanes);
      store_repeated(ws.mean, s, w, j, m.mean, lanes);
      store_repeated(ws.scale, s, w, j, load_lanes(gamma + j, lanes) * inverse_deviation(v, s.epsilon), lanes);
      store_repeated(ws.shift, s, w, j, load_lanes(beta + j, lanes), lanes);
    });
  } else {
    Real* y = buffer<Real>(args, 3);
    for (int64_t part = begin; part < end; ++part)
      for_elements(s, w, part, [&](int64_t i, int64_t t, int64_t lanes) {
        const Vec centred = load_lanes(x + i, lanes) - load_lanes(ws.mean + t, lanes);
        store_lanes(y + i, fma(centred, load_lanes(ws.scale + t, lanes), load_lanes(ws.shift + t, lanes)), lanes);
      });
  }
}

// --- gradient --------------------------------------------------------------------------------------------

// Sums over rows of gy and of gy * (x - mean), for one vector of columns.
struct GradientSums {
  Vec gy, product;
};
STRIATE_INLINE GradientSums gradient_sums(const Real* x, const Real* gy, Vec mean, int64_t rows, int64_t stride,
                                          int64_t lanes) {
  constexpr int kChains = 4;
  Cascade<Sum, 2> cascade;
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t last = min_of(first + kBlockRows, rows);
    Vec sum[kChains] = {}, product[kChains] = {};
    int64_t r = first;
    for (; r + kChains <= last; r += kChains) STRIATE_UNROLL
    for (int k = 0; k < kChains; ++k) {
      const Vec g = load_lanes(gy + (r + k) * stride, lanes);
      sum[k] += g;
      product[k] = fma(g, load_lanes(x + (r + k) * stride, lanes) - mean, product[k]);
    }
    for (; r < last; ++r) {
      const Vec g = load_lanes(gy + r * stride, lanes);
      sum[0] += g;
      product[0] = fma(g, load_lanes(x + r * stride, lanes) - mean, product[0]);
    }
    const Vec block[2] = {(sum[0] + sum[1]) + (sum[2] + sum[3]), (product[0] + product[1]) + (product[2] + product[3])};
    cascade.push(first / kBlockRows, block);
  }
  Vec total[2];
  cascade.finish(total);
  return {total[0], total[1]};
}

// gx = scale * (gy - mean(gy) - (x - mean) * slope), slope = mean(gy * (x - mean)) / (variance + epsilon).
void backward(const BatchNormShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* mean = buffer<const Real>(args, 2);
  const Real* gy = buffer<const Real>(args, 4);
  const Wide w = wide_of(s);
  const Workspace ws = workspace_of(w, args.workspace);
  if (phase == 0) {
    // The mean for columns of the wide row: lane by lane, since a vector may begin anywhere in the channels.
    for (int64_t part = begin; part < end; ++part) {
      const Range r = rows_of(w, part);
      for_vectors(0, w.width, [&](int64_t j, int64_t lanes) {
        Vec m{};
        if (w.fold == 1)
          m = load_lanes(mean + j, lanes);
        else
          for (int lane = 0; lane < kLanes; ++lane) m[lane] = mean[(j + lane) % s.c];
        const int64_t from = r.begin * w.width + j;
        const GradientSums sums = gradient_sums(x + from, gy + from, m, r.end - r.begin, w.width, lanes);
        store_lanes(ws.first + part * w.width + j, sums.gy, lanes);
        store_lanes(ws.second + part * w.width + j, sums.product, lanes);
      });
    }
  } else if (phase == 1) {
    const Real* gamma = buffer<const Real>(args, 1);
    const Real* variance = buffer<const Real>(args, 3);
    Real* ggamma = buffer<Real>(args, 6);
    Real* gbeta = buffer<Real>(args, 7);
    const Range channels = channels_of(s, begin, end);
    const int64_t parts = w.rows > 0 ? w.parts * w.fold : 0;
    reduce_columns<Sum>(ws.first + channels.begin, parts, s.c, channels.end - channels.begin, gbeta + channels.begin);
    reduce_columns<Sum>(ws.second + channels.begin, parts, s.c, channels.end - channels.begin, ggamma + channels.begin);
    for_vectors(channels.begin, channels.end, [&](int64_t j, int64_t lanes) {
      const Vec m = load_lanes(mean + j, lanes);
      const Vec inverse = inverse_deviation(load_lanes(variance + j, lanes), s.epsilon);
      const int64_t rest = w.rows * w.fold * s.c + j;
      const GradientSums left = gradient_sums(x + rest, gy + rest, m, w.rest, s.c, lanes);
      const Vec sum = load_lanes(gbeta + j, lanes) + left.gy;
      const Vec product = load_lanes(ggamma + j, lanes) + left.product;
      store_lanes(gbeta + j, sum, lanes);
      store_lanes(ggamma + j, product * inverse, lanes);
      const Real rows = static_cast<Real>(s.rows);
      store_repeated(ws.mean, s, w, j, m, lanes);
      store_repeated(ws.scale, s, w, j, load_lanes(gamma + j, lanes) * inverse, lanes);
      store_repeated(ws.shift, s, w, j, sum / rows, lanes);
      store_repeated(ws.slope, s, w, j, product * inverse * inverse / rows, lanes);
    });
  } else {
    Real* gx = buffer<Real>(args, 5);
    for (int64_t part = begin; part < end; ++part)
      for_elements(s, w, part, [&](int64_t i, int64_t t, int64_t lanes) {
        const Vec centred = load_lanes(x + i, lanes) - load_lanes(ws.mean + t, lanes);
        const Vec g = load_lanes(gy + i, lanes) - load_lanes(ws.shift + t, lanes);
        store_lanes(gx + i, load_lanes(ws.scale + t, lanes) * fma(centred, -load_lanes(ws.slope + t, lanes), g), lanes);
      });
  }
}

// --- inference -------------------------------------------------------------------------------------------

int64_t infer_items(const BatchNormShape& s, int) { return wide_of(s).parts; }
int64_t infer_scratch(const BatchNormShape& s) { return 3 * wide_of(s).width * static_cast<int64_t>(sizeof(Real)); }

void infer(const BatchNormShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* gamma = buffer<const Real>(args, 1);
  const Real* beta = buffer<const Real>(args, 2);
  const Real* mean = buffer<const Real>(args, 3);
  const Real* variance = buffer<const Real>(args, 4);
  Real* y = buffer<Real>(args, 5);
  const Wide w = wide_of(s);
  Real* means = static_cast<Real*>(args.scratch);
  Real* scales = means + w.width;
  Real* shifts = scales + w.width;
  for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
    const Vec inverse = inverse_deviation(load_lanes(variance + j, lanes), s.epsilon);
    store_repeated(means, s, w, j, load_lanes(mean + j, lanes), lanes);
    store_repeated(scales, s, w, j, load_lanes(gamma + j, lanes) * inverse, lanes);
    store_repeated(shifts, s, w, j, load_lanes(beta + j, lanes), lanes);
  });
  for (int64_t part = begin; part < end; ++part)
    for_elements(s, w, part, [&](int64_t i, int64_t t, int64_t lanes) {
      const Vec centred = load_lanes(x + i, lanes) - load_lanes(means + t, lanes);
      store_lanes(y + i, fma(centred, load_lanes(scales + t, lanes), load_lanes(shifts + t, lanes)), lanes);
    });
}

using Shape = BatchNormShape;
constexpr Kernel kTrain[] = {{"merged moments", erased_items<Shape, phase_items>, erased_run<Shape, train>, 3,
                              erased_size<Shape, workspace_bytes>}};
constexpr Kernel kBackward[] = {{"two sums", erased_items<Shape, phase_items>, erased_run<Shape, backward>, 3,
                                 erased_size<Shape, workspace_bytes>}};
constexpr Kernel kInfer[] = {{"line", erased_items<Shape, infer_items>, erased_run<Shape, infer>, 1, nullptr,
                              erased_size<Shape, infer_scratch>}};
constexpr KernelFunction kFunctions[] = {{"train", kTrain, 1}, {"backward", kBackward, 1}, {"infer", kInfer, 1}};

}  // namespace

const KernelTable normalization_table = {"normalization", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
