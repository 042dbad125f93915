// Softmax and cross-entropies on every ISA against loops in long double.
#include "kernels/softmax.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

const std::vector<SoftmaxShape> kShapes = [] {
  std::vector<SoftmaxShape> shapes = {{128, 10}, {3, 1000}, {2000, 10}, {1, 2}, {70, 257}};
  for (int64_t c : kChannels) shapes.push_back({5, c});
  return shapes;
}();

// Logits of up to +-8, one row far away so that only the difference from its maximum can be taken.
std::vector<double> logits(int64_t rows, int64_t n) {
  auto x = reals(rows * n, 1);
  for (int64_t i = 0; i < rows * n; ++i) x[i] = double(float(8 * x[i] + (i / n == 1 ? 512 : 0)));
  return x;
}

struct Row {
  long double top, sum;
};
Row row_of(const double* x, int64_t n) {
  Row r{x[0], 0};
  for (int64_t k = 0; k < n; ++k) r.top = std::max<long double>(r.top, x[k]);
  for (int64_t k = 0; k < n; ++k) r.sum += std::exp(x[k] - r.top);
  return r;
}

// A sum of n terms, folded to lanes of vectors; exp's 2 ulp (4 in double) and the division.
template <class T>
double relative(int64_t n) {
  return epsilon<T>() * (8 + double(n) / 4);
}

TEST_CASE("softmax and log softmax") {
  for (const SoftmaxShape& s : kShapes) {
    const auto x = logits(s.rows, s.n);
    std::vector<double> p(s.rows * s.n), log_p(s.rows * s.n);
    for (int64_t i = 0; i < s.rows * s.n; ++i) {
      const Row r = row_of(x.data() + i / s.n * s.n, s.n);
      p[i] = double(std::exp(x[i] - r.top) / r.sum);
      log_p[i] = double(x[i] - r.top - std::log(r.sum));
    }
    for_each_kernel(
        Family::softmax, int(SoftmaxFunction::forward), &s,
        [&](const Kernel& kernel, const std::string& label, auto* type) {
          using T = TypeOf<decltype(type)>;
          INFO(label, " (", s.rows, ", ", s.n, ")");
          const auto got = call(kernel, &s, {reals_as<T>(x)}, {s.rows * s.n * int64_t(sizeof(T))}, {{0, 0}});
          check_close(values_of<T>(got[0]), p, [&](size_t i) { return relative<T>(s.n) * p[i]; });
        });
    for_each_kernel(
        Family::softmax, int(SoftmaxFunction::log_forward), &s,
        [&](const Kernel& kernel, const std::string& label, auto* type) {
          using T = TypeOf<decltype(type)>;
          INFO(label, " (", s.rows, ", ", s.n, ")");
          const auto got = call(kernel, &s, {reals_as<T>(x)}, {s.rows * s.n * int64_t(sizeof(T))}, {{0, 0}});
          check_close(values_of<T>(got[0]), log_p,
                      [&](size_t i) { return relative<T>(s.n) + 2 * epsilon<T>() * std::abs(log_p[i]); });
        });
  }
}

TEST_CASE("softmax: overflow, infinities and NaN stay in their rows") {
  const SoftmaxShape s{5, 3};
  const std::vector<double> x = {1e30, 0, -1e30, kNaN, 0, 1, 0, -kInf, 0, kInf, 0, 1, 1, 1, 1};
  const std::vector<double> want = {1, 0, 0, kNaN, kNaN, kNaN, 0.5, 0, 0.5, kNaN, kNaN, kNaN, 1. / 3, 1. / 3, 1. / 3};
  for_each_kernel(Family::softmax, int(SoftmaxFunction::forward), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label);
                    auto got = values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {15 * int64_t(sizeof(T))})[0]);
                    for (int i : {10, 11}) got[i] = T(kNaN);  // beside an infinite logit peers differ: 0 or NaN
                    check_close(got, want, [](size_t) { return epsilon<T>(); });
                  });
}

TEST_CASE("softmax gradient") {
  for (const SoftmaxShape& s : kShapes) {
    const auto gy = reals(s.rows * s.n, 2);
    auto y = reals(s.rows * s.n, 3);
    for (double& v : y) v = std::abs(v) / double(s.n);
    std::vector<double> want(s.rows * s.n);
    for (int64_t row = 0; row < s.rows; ++row) {
      long double dot = 0;
      for (int64_t k = row * s.n; k < (row + 1) * s.n; ++k) dot += double(float(y[k])) * gy[k];
      for (int64_t k = row * s.n; k < (row + 1) * s.n; ++k) want[k] = double(double(float(y[k])) * (gy[k] - dot));
    }
    for (double& v : y) v = double(float(v));
    for_each_kernel(Family::softmax, int(SoftmaxFunction::backward), &s,
                    [&](const Kernel& kernel, const std::string& label, auto* type) {
                      using T = TypeOf<decltype(type)>;
                      INFO(label, " (", s.rows, ", ", s.n, ")");
                      const auto got = call(kernel, &s, {reals_as<T>(y), reals_as<T>(gy)},
                                            {s.rows * s.n * int64_t(sizeof(T))}, {{0, 1}});
                      // |gy| <= 1 and |dot| <= 1: a sum of n products, two roundings.
                      check_close(values_of<T>(got[0]), want, [&](size_t i) { return relative<T>(s.n) * y[i] * 2; });
                    });
  }
}

// --- cross-entropy ---------------------------------------------------------------------------------------

struct Loss {
  std::vector<double> loss, gx;
};

// labels (rows, n), by the formulas of the contract.
Loss reference(const CrossEntropyShape& s, const std::vector<double>& x, const std::vector<double>& labels,
               const std::vector<double>& g) {
  Loss out{std::vector<double>(s.rows), std::vector<double>(s.rows * s.n)};
  for (int64_t row = 0; row < s.rows; ++row) {
    const double *z = x.data() + row * s.n, *label = labels.data() + row * s.n;
    double* gx = out.gx.data() + row * s.n;
    long double loss = 0, total = 0, label_sum = 0, inner = 0;
    for (int64_t k = 0; k < s.n; ++k) total += z[k], label_sum += label[k];
    if (s.from_logits) {
      const Row r = row_of(z, s.n);
      for (int64_t k = 0; k < s.n; ++k) {
        if (label[k] != 0) loss += label[k] * (r.top + std::log(r.sum) - z[k]);
        gx[k] = double(g[row] * (std::exp(z[k] - r.top) / r.sum * label_sum - label[k]));
      }
    } else {
      std::vector<long double> u(s.n);
      for (int64_t k = 0; k < s.n; ++k) {
        const long double q = z[k] / total;
        const long double clipped = std::min<long double>(std::max<long double>(q, s.clip), 1 - s.clip);
        loss -= label[k] * std::log(clipped);
        u[k] = q >= s.clip && q <= 1 - s.clip ? -label[k] / q : 0;
        inner += u[k] * q;
      }
      for (int64_t k = 0; k < s.n; ++k) gx[k] = double(g[row] * (u[k] - inner) / total);
    }
    out.loss[row] = double(loss);
    if (std::isnan(label[0])) {
      out.loss[row] = kNaN;
      std::fill(gx, gx + s.n, kNaN);
    }
  }
  return out;
}

// Loss and gradient of every kernel against the reference; the magnitudes in a loss are at most `largest`.
void check(const CrossEntropyShape& s, const std::vector<double>& x, const std::vector<double>& dense,
           const std::vector<int32_t>& sparse) {
  const auto g = reals(s.rows, 7);
  const Loss want = reference(s, x, dense, g);
  const auto labels = [&](auto* type) { return s.sparse ? bytes_of(sparse) : reals_as<TypeOf<decltype(type)>>(dense); };
  for_each_kernel(Family::softmax, int(SoftmaxFunction::cross_entropy), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label, " (", s.rows, ", ", s.n, ") sparse=", s.sparse, " from_logits=", s.from_logits);
                    const auto got = call(kernel, &s, {reals_as<T>(x), labels(type)}, {s.rows * int64_t(sizeof(T))});
                    // Each of up to n terms of at most 2^5 times a label, labels summing to at most n.
                    check_close(values_of<T>(got[0]), want.loss, [&](size_t i) {
                      return relative<T>(s.n) * (32 + std::abs(want.loss[i])) * (s.sparse ? 1 : double(s.n) / 4 + 1);
                    });
                  });
  for_each_kernel(Family::softmax, int(SoftmaxFunction::cross_entropy_backward), &s,
                  [&](const Kernel& kernel, const std::string& label, auto* type) {
                    using T = TypeOf<decltype(type)>;
                    INFO(label, " (", s.rows, ", ", s.n, ") sparse=", s.sparse, " from_logits=", s.from_logits);
                    const auto got = call(kernel, &s, {reals_as<T>(x), labels(type), reals_as<T>(g)},
                                          {s.rows * s.n * int64_t(sizeof(T))}, {{0, 0}});
                    check_close(values_of<T>(got[0]), want.gx, [&](size_t i) {
                      double label_sum = 0;
                      for (int64_t k = 0; k < s.n; ++k) label_sum += std::abs(dense[int64_t(i) / s.n * s.n + k]);
                      // From probabilities the inner sum cancels nothing larger than the labels over the row's total.
                      double total = 1;
                      if (!s.from_logits) {
                        total = 0;
                        for (int64_t k = 0; k < s.n; ++k) total += x[int64_t(i) / s.n * s.n + k];
                      }
                      return relative<T>(s.n) * (std::abs(want.gx[i]) + label_sum / total) + epsilon<T>();
                    });
                  });
}

// A class for each row, and the same as rows of 0 and 1 (NaN where the class does not exist).
struct Classes {
  std::vector<int32_t> sparse;
  std::vector<double> dense;
};
Classes classes(int64_t rows, int64_t n, bool with_invalid) {
  Classes c{std::vector<int32_t>(rows), std::vector<double>(rows * n)};
  for (int64_t row = 0; row < rows; ++row) {
    int64_t k = row * 7 % n;
    if (with_invalid && row % 5 == 3) k = row % 2 ? n : -1;
    c.sparse[row] = int32_t(k);
    if (k < 0 || k >= n)
      std::fill_n(c.dense.begin() + row * n, n, kNaN);
    else
      c.dense[row * n + k] = 1;
  }
  return c;
}

// Probabilities that need normalizing; where `extreme`, some are clipped at both ends.
std::vector<double> probabilities(int64_t rows, int64_t n, bool extreme) {
  auto p = reals(rows * n, 4);
  for (int64_t i = 0; i < rows * n; ++i) {
    p[i] = double(float(0.1 + std::abs(p[i])));
    if (extreme && i / n % 3 == 1) p[i] = i % n == i / n * 7 % n ? 1 : 0;
    if (extreme && i / n % 3 == 2) p[i] = i % n == 0 ? 1 : double(1e-9f);
  }
  return p;
}

TEST_CASE("cross-entropy: one-hot and sparse, from logits and from probabilities") {
  for (const SoftmaxShape& s : kShapes)
    for (bool from_logits : {true, false})
      for (bool sparse : {true, false}) {
        const Classes c = classes(s.rows, s.n, sparse);
        const auto x = from_logits ? logits(s.rows, s.n) : probabilities(s.rows, s.n, false);
        check({s.rows, s.n, sparse, from_logits, 1e-7}, x, c.dense, c.sparse);
      }
}

TEST_CASE("cross-entropy: soft labels of any sum") {
  for (const SoftmaxShape& s : {SoftmaxShape{9, 5}, SoftmaxShape{4, 33}})
    for (bool from_logits : {true, false}) {
      auto labels = reals(s.rows * s.n, 9);
      for (double& v : labels) v = std::abs(v);
      const auto x = from_logits ? logits(s.rows, s.n) : probabilities(s.rows, s.n, false);
      check({s.rows, s.n, false, from_logits, 1e-7}, x, labels, {});
    }
}

TEST_CASE("cross-entropy: clipped probabilities have a finite loss and no gradient") {
  const CrossEntropyShape s{9, 10, false, false, 1e-7};
  const auto x = probabilities(s.rows, s.n, true);
  const Classes c = classes(s.rows, s.n, false);
  for (bool sparse : {true, false}) check({s.rows, s.n, sparse, false, 1e-7}, x, c.dense, c.sparse);
}

TEST_CASE("cross-entropy: a class of probability 0 and label 0 takes no part") {
  const CrossEntropyShape s{1, 3, false, true, 1e-7};
  const std::vector<double> x = {0, -kInf, 0}, labels = {1, 0, 0};
  for_each_kernel(
      Family::softmax, int(SoftmaxFunction::cross_entropy), &s,
      [&](const Kernel& kernel, const std::string& label, auto* type) {
        using T = TypeOf<decltype(type)>;
        INFO(label);
        const auto got = values_of<T>(call(kernel, &s, {reals_as<T>(x), reals_as<T>(labels)}, {int64_t(sizeof(T))})[0]);
        check_close(got, {std::log(2.0)}, [](size_t) { return epsilon<T>(); });
      });
}

}  // namespace
