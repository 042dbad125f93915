// Batch normalization in three phases: (0) each item leaves its rows' statistics, (1) they are merged in a fixed tree
// and become a line a channel, y = (x - mean) * scale + shift, (2) the line is applied, with what is fused onto it.
// Forward reads x twice from memory, backward x and gy: rows are taken 8 at a time, whole and in order, so that memory
// is read in one run; a vector of 8 rows fits the registers for the two passes its statistics take.
//
// Few channels: `fold` rows are seen as one wide row (columns.h), so every lane works; a column of the wide matrix is
// then a fold-th part of a channel's rows, merged like any other part.
#include "kernels/normalization.h"

#include "kernels/cpu/columns.h"
#include "kernels/cpu/normalization_line.h"
#include "kernels/cpu/signs.h"

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
  Real *first, *second;  // (parts, width): means and M2, or the two sums of the gradient
  LineTables tables;     // (width) each
};
Workspace workspace_of(const Wide& w, void* memory) {
  Real* p = static_cast<Real*>(memory);
  return {p, p + w.parts * w.width, line_tables(p + 2 * w.parts * w.width, w.width)};
}
int64_t workspace_bytes(const BatchNormShape& s) {
  const Wide w = wide_of(s);
  return (2 * w.parts + kGradientTables) * w.width * static_cast<int64_t>(sizeof(Real));
}

int64_t phase_items(const BatchNormShape& s, int phase) {
  const Wide w = wide_of(s);
  if (phase == 2 && s.line) return 0;
  if (phase != 1) return w.parts;
  return split_count(ceil_div(s.c, kBlockColumns), w.parts * w.fold * kBlockColumns);
}
// The channels of items [begin, end) of phase 1.
STRIATE_INLINE Range channels_of(const BatchNormShape& s, int64_t begin, int64_t end) {
  return split_range(s.c, phase_items(s, 1), begin, end, kBlockColumns);
}

STRIATE_INLINE void store_repeated(Real* table, const BatchNormShape& s, int64_t fold, int64_t j, Vec v,
                                   int64_t lanes) {
  for (int64_t f = 0; f < fold; ++f) store_lanes(table + f * s.c + j, v, lanes);
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

// Rows taken at a time: 8 vectors and a few temporaries fit the 16 registers of SSE2 and AVX2.
constexpr int kRows = 8;

template <class F>
STRIATE_INLINE Vec sum_of_rows(F row) {
  return ((row(0) + row(1)) + (row(2) + row(3))) + ((row(4) + row(5)) + (row(6) + row(7)));
}

// Of `rows` <= kRows rows of one vector of columns.
STRIATE_INLINE Moments moments_of(const Real* x, int64_t rows, int64_t stride, int64_t lanes) {
  if (rows == kRows) {
    Vec v[kRows];
    STRIATE_UNROLL
    for (int r = 0; r < kRows; ++r) v[r] = load_lanes(x + r * stride, lanes);
    const Vec mean = sum_of_rows([&](int r) { return v[r]; }) * static_cast<Real>(1.0 / kRows);
    STRIATE_UNROLL
    for (int r = 0; r < kRows; ++r) v[r] = (v[r] - mean) * (v[r] - mean);
    return {mean, sum_of_rows([&](int r) { return v[r]; })};
  }
  Vec sum{}, m2{};
  for (int64_t r = 0; r < rows; ++r) sum += load_lanes(x + r * stride, lanes);
  const Vec mean = sum / static_cast<Real>(rows);
  for (int64_t r = 0; r < rows; ++r) {
    const Vec d = load_lanes(x + r * stride, lanes) - mean;
    m2 = fma(d, d, m2);
  }
  return {mean, m2};
}

// Of every column of a part, into the tables `mean` and `m2`.
void moments_of_part(const Real* x, int64_t rows, int64_t width, Real* mean, Real* m2) {
  for (int64_t first = 0; first < rows; first += kRows) {
    const int64_t n = min_of(kRows, rows - first);
    for_vectors(0, width, [&](int64_t j, int64_t lanes) {
      Moments m = moments_of(x + first * width + j, n, width, lanes);
      if (first > 0)
        m = merge({load_lanes(mean + j, lanes), load_lanes(m2 + j, lanes)}, static_cast<Real>(first), m,
                  static_cast<Real>(n));
      store_lanes(mean + j, m.mean, lanes);
      store_lanes(m2 + j, m.m2, lanes);
    });
  }
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

// y = line(x) + residual, above 0 with a ReLU.
template <bool relu, bool residual>
void apply_line(const BatchNormShape& s, const Wide& w, const LineTables& tables, const Real* x, const Real* beside,
                Real* y, uint8_t* signs, int64_t begin, int64_t end) {
  // In place the line was just read.
  const bool streams =
      w.width % kLanes == 0 && y != x && !(residual && y == beside) && worth_streaming(s.rows * s.c, y);
  for (int64_t item = begin; item < end; ++item)
    for_elements(s, w, item, [&](int64_t i, int64_t t, int64_t lanes) {
      const Vec v = on_line<relu, residual>(train_line(tables, t, lanes), x + i, beside + i, lanes);
      if (signs) store_signs(signs, i, v);
      if (streams && lanes == kLanes)
        stream(y + i, v);
      else
        store_lanes(y + i, v, lanes);
    });
}

void train(const BatchNormShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Wide w = wide_of(s);
  const Workspace ws = workspace_of(w, args.workspace);
  if (phase == 0) {
    for (int64_t part = begin; part < end; ++part) {
      const Range r = rows_of(w, part);
      moments_of_part(x + r.begin * w.width, r.end - r.begin, w.width, ws.first + part * w.width,
                      ws.second + part * w.width);
    }
  } else if (phase == 1) {
    const Real* gamma = buffer<const Real>(args, 1);
    const Real* beta = buffer<const Real>(args, 2);
    Real* mean = buffer<Real>(args, 5);
    Real* variance = buffer<Real>(args, 6);
    const LineTables tables = s.line ? line_tables(buffer<Real>(args, 4), s.c) : ws.tables;
    const int64_t fold = s.line ? 1 : w.fold;
    const Range channels = channels_of(s, begin, end);
    for_vectors(channels.begin, channels.end, [&](int64_t j, int64_t lanes) {
      const Moments m = merge_parts(s, w, ws, x, j, lanes);
      const Vec v = m.m2 / static_cast<Real>(s.rows);
      store_lanes(mean + j, m.mean, lanes);
      store_lanes(variance + j, v, lanes);
      store_repeated(tables.mean, s, fold, j, m.mean, lanes);
      store_repeated(tables.scale, s, fold, j, load_lanes(gamma + j, lanes) * inverse_deviation(v, s.epsilon), lanes);
      store_repeated(tables.shift, s, fold, j, load_lanes(beta + j, lanes), lanes);
    });
  } else {
    const auto apply = s.relu ? (s.residual ? apply_line<true, true> : apply_line<true, false>)
                              : (s.residual ? apply_line<false, true> : apply_line<false, false>);
    apply(s, w, ws.tables, x, buffer<const Real>(args, 3), buffer<Real>(args, 4),
          s.signs ? buffer<uint8_t>(args, 7) : nullptr, begin, end);
  }
}

// --- gradient --------------------------------------------------------------------------------------------

// Sums over rows of gy and of gy * (x - mean), for one vector of columns.
struct GradientSums {
  Vec gy, product;
};
template <bool relu>
STRIATE_INLINE GradientSums gradient_sums(const Real* x, const Real* gy, const Line& line, int64_t rows, int64_t stride,
                                          int64_t lanes) {
  GradientSums sums{};
  if (rows == kRows) {
    Vec g[kRows];
    STRIATE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Vec centred = load_lanes(x + r * stride, lanes) - line.mean;
      g[r] = masked<relu>(load_lanes(gy + r * stride, lanes), centred, line);
      sums.product = fma(g[r], centred, sums.product);
    }
    sums.gy = sum_of_rows([&](int r) { return g[r]; });
    return sums;
  }
  for (int64_t r = 0; r < rows; ++r) {
    const Vec centred = load_lanes(x + r * stride, lanes) - line.mean;
    const Vec g = masked<relu>(load_lanes(gy + r * stride, lanes), centred, line);
    sums.gy += g;
    sums.product = fma(g, centred, sums.product);
  }
  return sums;
}

// Of every column of a part, into the tables `first` and `second`.
template <bool relu>
void gradient_sums_of_part(const LineTables& tables, const Real* x, const Real* gy, int64_t rows, int64_t width,
                           Real* first, Real* second) {
  for (int64_t row = 0; row < rows; row += kRows) {
    const int64_t n = min_of(kRows, rows - row), at = row * width;
    for_vectors(0, width, [&](int64_t j, int64_t lanes) {
      GradientSums sums = gradient_sums<relu>(x + at + j, gy + at + j, mask_line(tables, j, lanes), n, width, lanes);
      if (row > 0) {
        sums.gy += load_lanes(first + j, lanes);
        sums.product += load_lanes(second + j, lanes);
      }
      store_lanes(first + j, sums.gy, lanes);
      store_lanes(second + j, sums.product, lanes);
    });
  }
}

// gx = scale * (gy - mean(gy) - (x - mean) * slope), slope = mean(gy * (x - mean)) / (variance + epsilon).
template <bool relu>
void backward(const BatchNormShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* gamma = buffer<const Real>(args, 1);
  const Real* mean = buffer<const Real>(args, 2);
  const Real* variance = buffer<const Real>(args, 3);
  const Real* gy = buffer<const Real>(args, 4);
  const Real* beta = buffer<const Real>(args, 5);
  const Wide w = wide_of(s);
  const Workspace ws = workspace_of(w, args.workspace);
  const auto inverse_at = [&](int64_t j, int64_t lanes) {
    return inverse_deviation(load_lanes(variance + j, lanes), s.epsilon);
  };
  if (phase == 0) {
    Real* scratch = static_cast<Real*>(args.scratch);
    const LineTables own{scratch, scratch + w.width, nullptr, nullptr, scratch + 2 * w.width};
    for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
      store_repeated(own.mean, s, w.fold, j, load_lanes(mean + j, lanes), lanes);
      store_repeated(own.scale, s, w.fold, j, load_lanes(gamma + j, lanes) * inverse_at(j, lanes), lanes);
      store_repeated(own.level, s, w.fold, j, relu ? load_lanes(beta + j, lanes) : zero(), lanes);
    });
    for (int64_t part = begin; part < end; ++part) {
      const Range r = rows_of(w, part);
      gradient_sums_of_part<relu>(own, x + r.begin * w.width, gy + r.begin * w.width, r.end - r.begin, w.width,
                                  ws.first + part * w.width, ws.second + part * w.width);
    }
  } else if (phase == 1) {
    Real* ggamma = buffer<Real>(args, 7);
    Real* gbeta = buffer<Real>(args, 8);
    const LineTables tables = s.line ? line_tables(buffer<Real>(args, 6), s.c) : ws.tables;
    const int64_t fold = s.line ? 1 : w.fold;
    const Range channels = channels_of(s, begin, end);
    const int64_t parts = w.rows > 0 ? w.parts * w.fold : 0;
    reduce_columns<Sum>(ws.first + channels.begin, parts, s.c, channels.end - channels.begin, gbeta + channels.begin);
    reduce_columns<Sum>(ws.second + channels.begin, parts, s.c, channels.end - channels.begin, ggamma + channels.begin);
    for_vectors(channels.begin, channels.end, [&](int64_t j, int64_t lanes) {
      const Vec inverse = inverse_at(j, lanes);
      const Line line{load_lanes(mean + j, lanes), load_lanes(gamma + j, lanes) * inverse, zero(), zero(),
                      relu ? load_lanes(beta + j, lanes) : zero()};
      const int64_t rest = w.rows * w.fold * s.c + j;
      const GradientSums left = gradient_sums<relu>(x + rest, gy + rest, line, w.rest, s.c, lanes);
      const Vec sum = load_lanes(gbeta + j, lanes) + left.gy;
      const Vec product = load_lanes(ggamma + j, lanes) + left.product;
      store_lanes(gbeta + j, sum, lanes);
      store_lanes(ggamma + j, product * inverse, lanes);
      const Real rows = static_cast<Real>(s.rows);
      store_repeated(tables.mean, s, fold, j, line.mean, lanes);
      store_repeated(tables.scale, s, fold, j, line.scale, lanes);
      store_repeated(tables.level, s, fold, j, line.level, lanes);
      store_repeated(tables.shift, s, fold, j, sum / rows, lanes);
      store_repeated(tables.slope, s, fold, j, product * inverse * inverse / rows, lanes);
    });
  } else {
    Real* gx = buffer<Real>(args, 6);
    const bool streams = w.width % kLanes == 0 && gx != gy && gx != x && worth_streaming(s.rows * s.c, gx);
    for (int64_t item = begin; item < end; ++item)
      for_elements(s, w, item, [&](int64_t i, int64_t t, int64_t lanes) {
        const Vec v = gradient_on_line<relu>(gradient_line(ws.tables, t, lanes), x + i, gy + i, lanes);
        if (streams && lanes == kLanes)
          stream(gx + i, v);
        else
          store_lanes(gx + i, v, lanes);
      });
  }
}

void backward_any(const BatchNormShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  (s.relu ? backward<true> : backward<false>)(s, args, phase, begin, end);
}

// --- inference -------------------------------------------------------------------------------------------

int64_t infer_items(const BatchNormShape& s, int) { return wide_of(s).parts; }
int64_t three_tables(const BatchNormShape& s) { return 3 * wide_of(s).width * static_cast<int64_t>(sizeof(Real)); }

void infer(const BatchNormShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* x = buffer<const Real>(args, 0);
  const Real* gamma = buffer<const Real>(args, 1);
  const Real* beta = buffer<const Real>(args, 2);
  const Real* mean = buffer<const Real>(args, 3);
  const Real* variance = buffer<const Real>(args, 4);
  Real* y = buffer<Real>(args, 5);
  const Wide w = wide_of(s);
  const LineTables tables = line_tables(static_cast<Real*>(args.scratch), w.width);
  for_vectors(0, s.c, [&](int64_t j, int64_t lanes) {
    const Vec inverse = inverse_deviation(load_lanes(variance + j, lanes), s.epsilon);
    store_repeated(tables.mean, s, w.fold, j, load_lanes(mean + j, lanes), lanes);
    store_repeated(tables.scale, s, w.fold, j, load_lanes(gamma + j, lanes) * inverse, lanes);
    store_repeated(tables.shift, s, w.fold, j, load_lanes(beta + j, lanes), lanes);
  });
  for (int64_t part = begin; part < end; ++part)
    for_elements(s, w, part, [&](int64_t i, int64_t t, int64_t lanes) {
      store_lanes(y + i, on_line<false, false>(train_line(tables, t, lanes), x + i, nullptr, lanes), lanes);
    });
}

using Shape = BatchNormShape;
constexpr Kernel kTrain[] = {{"merged moments", erased_items<Shape, phase_items>, erased_run<Shape, train>, 3,
                              erased_size<Shape, workspace_bytes>}};
constexpr Kernel kBackward[] = {{"two sums", erased_items<Shape, phase_items>, erased_run<Shape, backward_any>, 3,
                                 erased_size<Shape, workspace_bytes>, erased_size<Shape, three_tables>}};
constexpr Kernel kInfer[] = {
    {"line", erased_items<Shape, infer_items>, erased_run<Shape, infer>, 1, nullptr, erased_size<Shape, three_tables>}};
constexpr KernelFunction kFunctions[] = {{"train", kTrain, 1}, {"backward", kBackward, 1}, {"infer", kInfer, 1}};

}  // namespace

const KernelTable normalization_table = {"normalization", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
