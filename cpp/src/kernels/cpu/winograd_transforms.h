// The one-dimensional transforms of Winograd's convolutions F(M outputs, R taps), on vectors of channels.
//
// M outputs of an R-tap filter need P = M + R - 1 products instead of M * R: input and filter are evaluated as
// polynomials at P points, multiplied there, and the product is interpolated (Toom-Cook, transposed). In two
// dimensions F(4x4, 3x3) spends 36 products where the sum has 144.
//
// The points are 0, infinity and pairs +-p; a transform yields them pair by pair, (0, infinity) first, since the two of
// a pair share their even and odd halves. The usual +-1, +-2 lose 3.5 times more accuracy than +-5/8, +-3/2 (largest
// error of F(4x4, 3x3) over 64 channels 1.4e-6 of the largest result against 4.7e-6), whose powers are exact too.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

STRIATE_INLINE constexpr double point(int points, int pair) { return points == 4 ? 1 : pair == 1 ? 0.625 : 1.5; }
STRIATE_INLINE constexpr double square(double x) { return x * x; }

// 1 / product over the other finite points q of (p - q): what the filter's transform divides by.
STRIATE_INLINE constexpr double filter_scale(int points, int pair) {
  const double a2 = square(point(points, 1)), b2 = square(point(points, 2));
  if (points == 4) return pair == 0 ? -1 / a2 : 1 / (2 * a2);
  if (pair == 0) return 1 / (a2 * b2);
  return pair == 1 ? 1 / (2 * a2 * (a2 - b2)) : 1 / (2 * b2 * (b2 - a2));
}

// Coefficient of term `n` of a polynomial of the filter (scaled) or of the outputs (not) at the pair's point.
struct Coefficients {
  Real at[3][5];
};
template <int P, bool Scaled>
constexpr Coefficients coefficients() {
  Coefficients c{};
  for (int pair = 0; pair < P / 2; ++pair) {
    double value = Scaled ? filter_scale(P, pair) : 1;
    for (Real& coefficient : c.at[pair]) {
      coefficient = Real(value);
      value *= point(P, pair);
    }
  }
  return c;
}
template <int P, bool Scaled>
constexpr Coefficients kCoefficients = coefficients<P, Scaled>();
template <int P, bool Scaled>
STRIATE_INLINE Vec coefficient(int pair, int n) {
  return set1(kCoefficients<P, Scaled>.at[pair][n]);
}

// Input, P values -> two points: the coefficients of row p are those of the product of (t - q) over the others.
template <int P, int Pair>
STRIATE_INLINE void input_pair(const Vec (&s)[P], Vec& first, Vec& second) {
  constexpr double a2 = square(point(P, 1)), b2 = square(point(P, 2));
  if constexpr (P == 4 && Pair == 0) {
    first = s[2] - s[0];
    second = s[3] - s[1];
  } else if constexpr (P == 4) {
    first = s[2] + s[1];
    second = s[2] - s[1];
  } else if constexpr (Pair == 0) {
    const Vec outer = set1(Real(a2 * b2)), inner = set1(Real(-(a2 + b2)));
    first = fma(outer, s[0], fma(inner, s[2], s[4]));
    second = fma(outer, s[1], fma(inner, s[3], s[5]));
  } else {
    const Vec other = set1(Real(Pair == 1 ? -b2 : -a2)), p = set1(Real(point(P, Pair)));
    const Vec even = fma(other, s[2], s[4]), odd = fma(other, s[1], s[3]);
    first = fma(p, odd, even);
    second = fma(-p, odd, even);
  }
}

// Filter (T = R, scaled) or outputs of the adjoint (T = M): T coefficients -> their polynomial at two points.
template <int P, int Pair, bool Scaled, int T>
STRIATE_INLINE void spread_pair(const Vec (&g)[T], Vec& first, Vec& second) {
  if constexpr (Pair == 0) {
    first = Scaled ? coefficient<P, Scaled>(0, 0) * g[0] : g[0];
    second = g[T - 1];
  } else {
    Vec even = Scaled ? coefficient<P, Scaled>(Pair, 0) * g[0] : g[0];
    Vec odd = coefficient<P, Scaled>(Pair, 1) * g[1];
    STRIATE_UNROLL
    for (int n = 2; n < T; n += 2) even = fma(coefficient<P, Scaled>(Pair, n), g[n], even);
    STRIATE_UNROLL
    for (int n = 3; n < T; n += 2) odd = fma(coefficient<P, Scaled>(Pair, n), g[n], odd);
    first = even + odd;
    second = even - odd;
  }
}

// The adjoint of `spread`: P points -> T outputs, or taps of the filter's gradient (scaled).
template <bool Scaled, int P, int T>
STRIATE_INLINE void gather(const Vec (&m)[P], Vec (&y)[T]) {
  y[0] = Scaled ? coefficient<P, Scaled>(0, 0) * m[0] : m[0];
  STRIATE_UNROLL
  for (int pair = 1; pair < P / 2; ++pair) {
    const Vec sum = m[2 * pair] + m[2 * pair + 1], difference = m[2 * pair] - m[2 * pair + 1];
    STRIATE_UNROLL
    for (int n = 0; n < T; ++n) {
      const Vec& half = n % 2 == 0 ? sum : difference;
      if (n == 0 && !Scaled)
        y[0] = y[0] + half;
      else if (n > 0 && pair == 1)
        y[n] = coefficient<P, Scaled>(pair, n) * half;
      else
        y[n] = fma(coefficient<P, Scaled>(pair, n), half, y[n]);
    }
  }
  y[T - 1] = y[T - 1] + m[1];
}

// --- two dimensions: points of a tile are numbered row * P + column, both in the order above -----------------------

// Rows 2 * Pair and 2 * Pair + 1 of the points of an input tile: a third of F(4x4, 3x3)'s 36 points for a third of
// its arithmetic, so that a block of tiles need not keep them all. load(column, its P values), store(point within the
// pair).
template <int P, int Pair, class Load, class Store>
STRIATE_INLINE void input_tile(Load load_column, Store store_at) {
  Vec rows[2][P];
  STRIATE_UNROLL
  for (int j = 0; j < P; ++j) {
    Vec column[P];
    load_column(j, column);
    input_pair<P, Pair>(column, rows[0][j], rows[1][j]);
  }
  STRIATE_UNROLL
  for (int i = 0; i < 2; ++i) {
    Vec out[P];
    input_pair<P, 0>(rows[i], out[0], out[1]);
    input_pair<P, 1>(rows[i], out[2], out[3]);
    if constexpr (P == 6) input_pair<P, 2>(rows[i], out[4], out[5]);
    STRIATE_UNROLL
    for (int j = 0; j < P; ++j) store_at(i * P + j, out[j]);
  }
}

// Pairs [First, First + Count), their points numbered from 0.
template <int P, int First, int Count, class Load, class Store>
STRIATE_INLINE void input_tiles(Load load_column, Store store_at) {
  input_tile<P, First>(load_column, store_at);
  if constexpr (Count > 1)
    input_tiles<P, First + 1, Count - 1>(load_column, [&](int i, Vec v) { store_at(2 * P + i, v); });
}

// The same rows of a filter (scaled) or of a tile of output gradients.
template <int P, int Pair, bool Scaled, int T, class Load, class Store>
STRIATE_INLINE void spread_tile(Load load_column, Store store_at) {
  Vec rows[2][T];
  STRIATE_UNROLL
  for (int j = 0; j < T; ++j) {
    Vec column[T];
    load_column(j, column);
    spread_pair<P, Pair, Scaled>(column, rows[0][j], rows[1][j]);
  }
  STRIATE_UNROLL
  for (int i = 0; i < 2; ++i) {
    Vec out[P];
    spread_pair<P, 0, Scaled>(rows[i], out[0], out[1]);
    spread_pair<P, 1, Scaled>(rows[i], out[2], out[3]);
    if constexpr (P == 6) spread_pair<P, 2, Scaled>(rows[i], out[4], out[5]);
    STRIATE_UNROLL
    for (int j = 0; j < P; ++j) store_at(i * P + j, out[j]);
  }
}

// Pairs [First, First + Count), their points numbered from 0.
template <int P, int First, int Count, bool Scaled, int T, class Load, class Store>
STRIATE_INLINE void spread_tiles(Load load_column, Store store_at) {
  spread_tile<P, First, Scaled, T>(load_column, store_at);
  if constexpr (Count > 1)
    spread_tiles<P, First + 1, Count - 1, Scaled, T>(load_column, [&](int i, Vec v) { store_at(2 * P + i, v); });
}

// All P x P points of a tile -> its T x T outputs (or taps, scaled).
template <int P, bool Scaled, int T, class Load, class Store>
STRIATE_INLINE void gather_tile(Load load_at, Store store_at) {
  Vec rows[T][P];
  STRIATE_UNROLL
  for (int j = 0; j < P; ++j) {
    Vec column[P], out[T];
    STRIATE_UNROLL
    for (int i = 0; i < P; ++i) column[i] = load_at(i * P + j);
    gather<Scaled>(column, out);
    STRIATE_UNROLL
    for (int i = 0; i < T; ++i) rows[i][j] = out[i];
  }
  STRIATE_UNROLL
  for (int i = 0; i < T; ++i) {
    Vec out[T];
    gather<Scaled>(rows[i], out);
    STRIATE_UNROLL
    for (int j = 0; j < T; ++j) store_at(i, j, out[j]);
  }
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
