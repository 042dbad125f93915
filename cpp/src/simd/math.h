// exp, log, tanh and sigmoid on vectors: no libm, the same bits on every machine with the same ISA.
// Within 2 ulp of the exact value in float (tanh: 2.5), 4 in double (tests/cpp/kernels/math_test.cpp sweeps them). NaN
// passes, overflow gives inf, results below the least normal number may be flushed to 0.
//
// The series are Taylor's, cut where the next term is below half an ulp, so every coefficient can be checked by eye;
// minimax fits of the same error save one term in exp and none in log.
#pragma once

#include "simd/vec.h"

namespace striate::STRIATE_ISA {

constexpr bool kIsDouble = sizeof(Real) == 8;
constexpr int kMantissaBits = kIsDouble ? 52 : 23;
constexpr IntLane kExponentBias = kIsDouble ? 1023 : 127;
constexpr IntLane kSignBit = static_cast<IntLane>(1) << (kIsDouble ? 63 : 31);

// ln 2 = hi + lo; hi has few enough bits that n * hi is exact for every exponent n, with or without a fused
// multiply-add (9 bits in float, 33 in double).
constexpr Real kLn2Hi = kIsDouble ? 0x1.62e42feep-1 : 0x1.63p-1;
constexpr Real kLn2Lo = kIsDouble ? 0x1.a39ef35793c76p-33 : -0x1.bd0105c610ca8p-13;
constexpr Real kLog2E = 1.4426950408889634;

// 2^n for n in the range of normal exponents.
STRIATE_INLINE Vec exp2_int(Int n) { return from_bits((n + kExponentBias) << kMantissaBits); }

// a with the sign of b; a is not negative.
STRIATE_INLINE Vec copy_sign(Vec a, Vec b) { return from_bits(bits(a) | (bits(b) & kSignBit)); }

// sum of c[k] * x^k
template <int kTerms>
STRIATE_INLINE Vec polynomial(Vec x, const Real (&c)[kTerms]) {
  Vec sum = set1(c[kTerms - 1]);
  STRIATE_UNROLL
  for (int k = kTerms - 2; k >= 0; --k) sum = fma(sum, x, set1(c[k]));
  return sum;
}

// e^r - 1 for |r| <= ln(2) / 2: r + r^2 * (1/2! + r/3! + ...). The first term left out is below 2^-27 of e^r in
// float, 2^-57 in double.
STRIATE_INLINE Vec expm1_reduced(Vec r) {
  if constexpr (kIsDouble) {
    constexpr Real kInverseFactorials[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                           1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                           1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    return fma(r * r, polynomial(r, kInverseFactorials), r);
  } else {
    constexpr Real kInverseFactorials[] = {1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040};
    return fma(r * r, polynomial(r, kInverseFactorials), r);
  }
}

// x = n ln 2 + r (Cody and Waite's reduction in two parts).
struct ExpReduced {
  Int n;
  Vec r;
};
STRIATE_INLINE ExpReduced reduce_exp(Vec x) {
  const Vec n = round(x * kLog2E);
  return {to_int(n), fma(n, set1(-kLn2Lo), fma(n, set1(-kLn2Hi), x))};
}

STRIATE_INLINE Vec exp(Vec x) {
  // Beyond these bounds the result is 0 or inf, and n would leave the range where 2^(n/2) is a normal number.
  // Written so that NaN fails both comparisons and stays.
  constexpr Real kLowest = kIsDouble ? -746 : -104;
  constexpr Real kHighest = kIsDouble ? 710 : 89;
  x = x < kLowest ? set1(kLowest) : x;
  x = x > kHighest ? set1(kHighest) : x;
  const ExpReduced e = reduce_exp(x);
  const Int half = e.n >> 1;  // two factors, since 2^128 alone is inf while e^88.7 is not
  return (1 + expm1_reduced(e.r)) * exp2_int(half) * exp2_int(e.n - half);
}

// x = 2^n * m with m in [sqrt(1/2), sqrt(2)); log(m) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = (m-1) / (m+1),
// |s| < 0.172. With f = m - 1 the leading terms are regrouped as f - (f^2/2 - s (f^2/2 + tail)), which keeps f exact.
STRIATE_INLINE Vec log(Vec x) {
  constexpr Real kLeastNormal = kIsDouble ? 0x1p-1022 : 0x1p-126;
  constexpr Real kLift = kIsDouble ? 0x1p54 : 0x1p25;  // brings denormals into the normal range
  constexpr IntLane kLiftExponent = kIsDouble ? 54 : 25;
  constexpr Real kSqrtHalf = 0.70710678118654752;
  const Int tiny = x < kLeastNormal;
  const Vec lifted = abs(tiny ? x * kLift : x);  // a negative x ends as NaN; its bits must not overflow below
  // Subtracting sqrt(1/2)'s bits before the shift rounds the exponent so that m falls in [sqrt(1/2), sqrt(2)).
  const Int offset = bits(lifted) - bits(set1(kSqrtHalf));
  const Int exponent = offset >> kMantissaBits;
  const Vec m = from_bits(bits(lifted) - (exponent << kMantissaBits));
  const Vec n = to_real(exponent - (tiny & kLiftExponent));

  const Vec f = m - 1;
  const Vec s = f / (2 + f);
  const Vec z = s * s;
  Vec tail;
  if constexpr (kIsDouble) {
    constexpr Real kOdd[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                             2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
    tail = z * polynomial(z, kOdd);
  } else {
    constexpr Real kOdd[] = {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9};
    tail = z * polynomial(z, kOdd);
  }
  const Vec half_square = f * f * Real(0.5);
  const Vec correction = fma(s, half_square + tail, n * kLn2Lo);
  Vec y = fma(n, set1(kLn2Hi), f - (half_square - correction));

  const Vec infinity = set1(__builtin_inf());
  y = x == infinity ? infinity : y;
  y = x == 0 ? -infinity : y;
  y = x < 0 ? set1(__builtin_nan("")) : y;
  return x != x ? x : y;
}

// The same where 2^n is a normal number: 2^n and r. Adding 1.5 * 2^mantissa bits rounds, and leaves n in the low bits.
struct ExpScaled {
  Vec scale, r;
};
STRIATE_INLINE ExpScaled reduce_exp_normal(Vec x) {
  constexpr Real kMagic = kIsDouble ? 0x1.8p52 : 0x1.8p23;
  const Vec shifted = fma(x, set1(kLog2E), set1(kMagic));
  const Vec n = shifted - kMagic;
  return {from_bits((bits(shifted) << kMantissaBits) + bits(set1(1))), fma(n, set1(-kLn2Lo), fma(n, set1(-kLn2Hi), x))};
}

// tanh|x| = t / (t + 2), t = e^(2|x|) - 1 = 2^n (e^r - 1) + (2^n - 1): no cancellation for small x, no branch. NaN
// comes through r. Three roundings in a row: 2.5 ulp; taking that of t + 2 out again, for 1.9, cost a third of the
// time.
STRIATE_INLINE Vec tanh(Vec x) {
  constexpr Real kOne = kIsDouble ? 44 : 20;  // where tanh(x/2) rounds to 1
  Vec twice = abs(x) * 2;
  twice = twice > kOne ? set1(kOne) : twice;
  const ExpScaled e = reduce_exp_normal(twice);
  const Vec t = fma(e.scale, expm1_reduced(e.r), e.scale - 1);
  return copy_sign(t / (t + 2), x);
}

// 1 / d, d = 1 + e^-x = 1 + 2^n + 2^n (e^r - 1), the small terms added first so that d is rounded about once. Where the
// result would be denormal it is 0.
STRIATE_INLINE Vec sigmoid(Vec x) {
  constexpr Real kHighest = kIsDouble ? 708.39641853226408 : 87.336544750553102;  // -log of the least normal number
  const Vec negated = -x;
  Vec bounded = negated < -kHighest ? set1(-kHighest) : negated;
  bounded = bounded > kHighest ? set1(kHighest) : bounded;
  const ExpReduced e = reduce_exp(bounded);
  const Vec scale = exp2_int(e.n);
  const Int large = e.n > 0;
  const Vec d = fma(scale, expm1_reduced(e.r), large ? set1(1) : 1 + scale) + (large ? scale : zero());
  const Vec y = 1 / d;
  return negated > kHighest ? zero() : y;
}

}  // namespace striate::STRIATE_ISA
