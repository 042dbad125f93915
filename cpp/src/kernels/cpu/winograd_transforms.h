// The one-dimensional transforms of Winograd's convolutions F(M outputs, R taps), on vectors of channels.
//
// M outputs of an R-tap filter need P = M + R - 1 products instead of M * R: input and filter are evaluated as
// polynomials at P points, multiplied there, and the product is interpolated (Toom-Cook, transposed). In two
// dimensions F(4x4, 3x3) spends 36 products where the sum has 144.
//
// The points are 0, infinity and pairs +-p; a transform yields them pair by pair, (0, infinity) first, since the two of
// a pair share their even and odd halves. The usual +-1, +-2 lose 3.5 times more accuracy than +-5/8, +-3/2 (largest
// error of F(4x4, 3x3) over 64 channels 1.4e-6 of the largest result against 4.7e-6), whose powers are exact too.
// +-1/2, +-1, +-7/4 are among the best of 125 triples: F(4x4, 5x5) loses 5.5e-6, a plain sum of as many terms 1.1e-6
// to 1.8e-6.
#pragma once

#include "kernels/cpu/table.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

STRIATE_INLINE constexpr double point(int points, int pair) {
  constexpr double kPoints[3][3] = {{1}, {0.625, 1.5}, {0.5, 1, 1.75}};
  return pair == 0 ? 0 : kPoints[points / 2 - 2][pair - 1];
}
STRIATE_INLINE constexpr double square(double x) { return x * x; }

// 1 / product over the other finite points q of (p - q): what the filter's transform divides by.
STRIATE_INLINE constexpr double filter_scale(int points, int pair) {
  const double p2 = square(point(points, pair));
  double product = pair == 0 ? 1 : 2 * p2;
  for (int other = 1; other < points / 2; ++other)
    if (other != pair) product *= p2 - square(point(points, other));
  return 1 / product;
}

// Coefficient of term `n` of a polynomial of the filter (scaled) or of the outputs (not) at the pair's point.
struct Coefficients {
  Real at[4][5];
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

// The product of (u - p^2) over the pairs but `left_out`: its coefficients, of u^0, u^1, ...
struct EvenProduct {
  double at[4];
};
STRIATE_INLINE constexpr EvenProduct even_product(int points, int left_out) {
  EvenProduct c{{1}};
  int degree = 0;
  for (int pair = 1; pair < points / 2; ++pair) {
    if (pair == left_out) continue;
    const double p2 = square(point(points, pair));
    for (int n = ++degree; n > 0; --n) c.at[n] = c.at[n - 1] - p2 * c.at[n];
    c.at[0] *= -p2;
  }
  return c;
}

// Its value, where u^n is s[First + 2 n].
template <int P, int Pair, int First>
STRIATE_INLINE Vec input_sum(const Vec (&s)[P]) {
  constexpr EvenProduct c = even_product(P, Pair);
  constexpr int degree = P / 2 - (Pair == 0 ? 1 : 2);
  Vec sum = s[First + 2 * degree];
  STRIATE_UNROLL
  for (int n = degree - 1; n >= 0; --n)
    sum = c.at[n] == -1 ? sum - s[First + 2 * n] : fma(set1(Real(c.at[n])), s[First + 2 * n], sum);
  return sum;
}

// Input, P values -> two points: the coefficients of row p are those of the product of (t - q) over the others.
template <int P, int Pair>
STRIATE_INLINE void input_pair(const Vec (&s)[P], Vec& first, Vec& second) {
  if constexpr (Pair == 0) {
    first = input_sum<P, 0, 0>(s);
    second = input_sum<P, 0, 1>(s);
  } else {
    constexpr double p = point(P, Pair);
    const Vec even = input_sum<P, Pair, 2>(s), odd = input_sum<P, Pair, 1>(s);
    first = p == 1 ? even + odd : fma(set1(Real(p)), odd, even);
    second = p == 1 ? even - odd : fma(set1(Real(-p)), odd, even);
  }
}

template <int P, int Pair = 0>
STRIATE_INLINE void input_points(const Vec (&s)[P], Vec (&out)[P]) {
  input_pair<P, Pair>(s, out[2 * Pair], out[2 * Pair + 1]);
  if constexpr (2 * Pair + 2 < P) input_points<P, Pair + 1>(s, out);
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

template <int P, bool Scaled, int T, int Pair = 0>
STRIATE_INLINE void spread_points(const Vec (&g)[T], Vec (&out)[P]) {
  spread_pair<P, Pair, Scaled>(g, out[2 * Pair], out[2 * Pair + 1]);
  if constexpr (2 * Pair + 2 < P) spread_points<P, Scaled, T, Pair + 1>(g, out);
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

template <int Value>
struct Constant {
  static constexpr int value = Value;
};
// work(pair) for every pair of rows of points; pair.value is a constant.
template <int P, int Pair = 0, class Work>
STRIATE_INLINE void for_pairs(Work work) {
  work(Constant<Pair>{});
  if constexpr (2 * Pair + 2 < P) for_pairs<P, Pair + 1>(work);
}

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
    input_points<P>(rows[i], out);
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
    spread_points<P, Scaled>(rows[i], out);
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
