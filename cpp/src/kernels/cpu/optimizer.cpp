// Optimizer updates: one pass over the weights and their slots.
#include "kernels/optimizer.h"

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

template <class Shape>
int64_t items(const Shape& s, int) {
  return split_count(s.n);
}
template <class Shape>
STRIATE_INLINE Range range(const Shape& s, int64_t begin, int64_t end) {
  return split_range(s.n, items(s, 0), begin, end, kLanes);
}

void sgd(const SgdShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* w = buffer<const Real>(args, 0);
  const Real* g = buffer<const Real>(args, 1);
  const Real rate = *buffer<const Real>(args, 2);
  Real* w_new = buffer<Real>(args, 3);
  const Range r = range(s, begin, end);
  for_vectors(r.begin, r.end, [&](int64_t i, int64_t lanes) {
    store_lanes(w_new + i, fma(load_lanes(g + i, lanes), set1(-rate), load_lanes(w + i, lanes)), lanes);
  });
}

void momentum(const MomentumShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* w = buffer<const Real>(args, 0);
  const Real* v = buffer<const Real>(args, 1);
  const Real* g = buffer<const Real>(args, 2);
  const Real rate = *buffer<const Real>(args, 3);
  Real* w_new = buffer<Real>(args, 4);
  Real* v_new = buffer<Real>(args, 5);
  const Vec keep = set1(static_cast<Real>(s.momentum));
  const Range r = range(s, begin, end);
  for_vectors(r.begin, r.end, [&](int64_t i, int64_t lanes) {
    const Vec step = load_lanes(g + i, lanes) * rate;
    const Vec velocity = fma(keep, load_lanes(v + i, lanes), -step);
    const Vec move = s.nesterov ? fma(keep, velocity, -step) : velocity;
    store_lanes(v_new + i, velocity, lanes);
    store_lanes(w_new + i, load_lanes(w + i, lanes) + move, lanes);
  });
}

// base^n by squaring: no libm, and the same bits everywhere.
double power(double base, int64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, base *= base)
    if (n & 1) result *= base;
  return result;
}

void adam(const AdamShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* w = buffer<const Real>(args, 0);
  const Real* m = buffer<const Real>(args, 1);
  const Real* v = buffer<const Real>(args, 2);
  const Real* g = buffer<const Real>(args, 3);
  const double rate = *buffer<const Real>(args, 4);
  const int64_t t = *buffer<const int64_t>(args, 5) + 1;
  Real* w_new = buffer<Real>(args, 6);
  Real* m_new = buffer<Real>(args, 7);
  Real* v_new = buffer<Real>(args, 8);
  const double corrected = rate * __builtin_sqrt(1 - power(s.beta2, t)) / (1 - power(s.beta1, t));
  const Vec alpha = set1(static_cast<Real>(corrected)), epsilon = set1(static_cast<Real>(s.epsilon));
  const Vec new1 = set1(static_cast<Real>(1 - s.beta1)), new2 = set1(static_cast<Real>(1 - s.beta2));
  const Range r = range(s, begin, end);
  for_vectors(r.begin, r.end, [&](int64_t i, int64_t lanes) {
    const Vec gradient = load_lanes(g + i, lanes);
    const Vec old_m = load_lanes(m + i, lanes), old_v = load_lanes(v + i, lanes);
    const Vec mean = fma(gradient - old_m, new1, old_m);
    const Vec square = fma(fma(gradient, gradient, -old_v), new2, old_v);
    store_lanes(m_new + i, mean, lanes);
    store_lanes(v_new + i, square, lanes);
    store_lanes(w_new + i, load_lanes(w + i, lanes) - alpha * mean / (sqrt(square) + epsilon), lanes);
  });
}

constexpr Kernel kSgd[] = {{"vector", erased_items<SgdShape, items<SgdShape>>, erased_run<SgdShape, sgd>}};
constexpr Kernel kMomentum[] = {
    {"vector", erased_items<MomentumShape, items<MomentumShape>>, erased_run<MomentumShape, momentum>}};
constexpr Kernel kAdam[] = {{"vector", erased_items<AdamShape, items<AdamShape>>, erased_run<AdamShape, adam>}};
constexpr KernelFunction kFunctions[] = {{"sgd", kSgd, 1}, {"momentum", kMomentum, 1}, {"adam", kAdam, 1}};

}  // namespace

const KernelTable optimizer_table = {"optimizer", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
