// Elementwise arithmetic. One function per operation and addressing, chosen once above the loops.
#include "kernels/elementwise.h"

#include "kernels/cpu/split.h"
#include "simd/math.h"

namespace striate::STRIATE_ISA {
namespace {

template <UnaryOp op>
STRIATE_INLINE Vec apply(Vec x) {
  if constexpr (op == UnaryOp::negate) return -x;
  if constexpr (op == UnaryOp::exp) return exp(x);
  if constexpr (op == UnaryOp::log) return log(x);
  if constexpr (op == UnaryOp::sqrt) return sqrt(x);
  if constexpr (op == UnaryOp::square) return x * x;
  if constexpr (op == UnaryOp::abs) return abs(x);
  if constexpr (op == UnaryOp::reciprocal) return 1 / x;
  if constexpr (op == UnaryOp::sign) return x > 0 ? set1(1) : x < 0 ? set1(-1) : x;  // keeps 0 and NaN
  if constexpr (op == UnaryOp::relu) return x < 0 ? zero() : x;                      // keeps NaN
  if constexpr (op == UnaryOp::sigmoid) return sigmoid(x);
  if constexpr (op == UnaryOp::tanh) return tanh(x);
}

STRIATE_INLINE Vec one_where(Int mask) { return mask ? set1(1) : zero(); }

template <BinaryOp op>
STRIATE_INLINE Vec apply(Vec a, Vec b) {
  if constexpr (op == BinaryOp::add) return a + b;
  if constexpr (op == BinaryOp::subtract) return a - b;
  if constexpr (op == BinaryOp::multiply) return a * b;
  if constexpr (op == BinaryOp::divide) return a / b;
  if constexpr (op == BinaryOp::maximum) return max(a, b);
  if constexpr (op == BinaryOp::minimum) return min(a, b);
  if constexpr (op == BinaryOp::equal) return one_where(a == b);
  if constexpr (op == BinaryOp::not_equal) return one_where(a != b);
  if constexpr (op == BinaryOp::less) return one_where(a < b);
  if constexpr (op == BinaryOp::less_equal) return one_where(a <= b);
  if constexpr (op == BinaryOp::greater) return one_where(a > b);
  if constexpr (op == BinaryOp::greater_equal) return one_where(a >= b);
  if constexpr (op == BinaryOp::relu_gradient) return a > 0 ? b : zero();
  if constexpr (op == BinaryOp::sigmoid_gradient) return b * a * (1 - a);
  if constexpr (op == BinaryOp::tanh_gradient) return b * (1 - a * a);
}

// --- one input -------------------------------------------------------------------------------------------

template <UnaryOp op>
void map(const Real* x, Real* y, int64_t begin, int64_t end) {
  for_vectors(begin, end,
              [&](int64_t i, int64_t lanes) { store_lanes(y + i, apply<op>(load_lanes(x + i, lanes)), lanes); });
}

using Map = void (*)(const Real*, Real*, int64_t, int64_t);
constexpr Map kMaps[] = {  // in the order of UnaryOp
    map<UnaryOp::negate>, map<UnaryOp::exp>,     map<UnaryOp::log>,        map<UnaryOp::sqrt>,
    map<UnaryOp::square>, map<UnaryOp::abs>,     map<UnaryOp::reciprocal>, map<UnaryOp::sign>,
    map<UnaryOp::relu>,   map<UnaryOp::sigmoid>, map<UnaryOp::tanh>};

int64_t unary_items(const UnaryShape& s, int) { return split_count(s.n); }

void unary_run(const UnaryShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Range r = split_range(s.n, unary_items(s, 0), begin, end, kLanes);
  kMaps[static_cast<int>(s.op)](buffer<const Real>(args, 0), buffer<Real>(args, 1), r.begin, r.end);
}

// --- broadcasting ----------------------------------------------------------------------------------------

// Walks the rows (last axis) of a row-major y that cover its elements [begin, end), giving where each of
// kOperands operands has its row: f(y index, column of the first element, number of elements, operand offsets).
// Items are ranges of elements, so that neither many short rows nor one long row is a bad case.
template <int kOperands, class F>
STRIATE_INLINE void for_rows(int rank, const int64_t* size, const int64_t* const (&stride)[kOperands], int64_t begin,
                             int64_t end, F f) {
  const int last = rank - 1;
  const int64_t columns = size[last];
  int64_t index[8] = {};
  int64_t offset[kOperands] = {};
  int64_t row = begin / columns;
  int64_t column = begin - row * columns;
  for (int axis = last - 1; axis >= 0; --axis) {
    index[axis] = row % size[axis];
    row /= size[axis];
    for (int k = 0; k < kOperands; ++k) offset[k] += index[axis] * stride[k][axis];
  }
  for (int64_t i = begin; i < end;) {
    const int64_t n = min_of(columns - column, end - i);
    f(i, column, n, offset);
    i += n;
    column = 0;
    for (int axis = last - 1; axis >= 0; --axis) {
      for (int k = 0; k < kOperands; ++k) offset[k] += stride[k][axis];
      if (++index[axis] < size[axis]) break;
      index[axis] = 0;
      for (int k = 0; k < kOperands; ++k) offset[k] -= size[axis] * stride[k][axis];
    }
  }
}

// One operand along a row: kRow reads vectors, kScalar one value, kAny any stride.
enum class Along { kRow, kScalar, kAny };

template <Along along>
STRIATE_INLINE Vec load_along(const Real* p, int64_t i, int64_t stride, int64_t lanes) {
  if constexpr (along == Along::kRow) return load_lanes(p + i, lanes);
  if constexpr (along == Along::kScalar) return set1(*p);
  if constexpr (along == Along::kAny) {
    if (stride == 1) return load_lanes(p + i, lanes);
    Vec v{};
    for (int64_t lane = 0; lane < lanes; ++lane) v[lane] = p[(i + lane) * stride];
    return v;
  }
}

template <BinaryOp op, Along along_a, Along along_b>
void combine_rows(const BinaryShape& s, const Real* a, const Real* b, Real* y, int64_t begin, int64_t end) {
  const int64_t step_a = s.stride_a[s.rank - 1], step_b = s.stride_b[s.rank - 1];
  const int64_t* const strides[] = {s.stride_a, s.stride_b};
  for_rows(s.rank, s.size, strides, begin, end, [&](int64_t first, int64_t column, int64_t n, const int64_t* offset) {
    const Real* row_a = a + offset[0] + column * step_a;
    const Real* row_b = b + offset[1] + column * step_b;
    for_vectors(0, n, [&](int64_t i, int64_t lanes) {
      const Vec va = load_along<along_a>(row_a, i, step_a, lanes);
      const Vec vb = load_along<along_b>(row_b, i, step_b, lanes);
      store_lanes(y + first + i, apply<op>(va, vb), lanes);
    });
  });
}

template <BinaryOp op>
void combine(const BinaryShape& s, const Real* a, const Real* b, Real* y, int64_t begin, int64_t end) {
  const int64_t step_a = s.stride_a[s.rank - 1], step_b = s.stride_b[s.rank - 1];
  if (step_a == 1 && step_b == 1) return combine_rows<op, Along::kRow, Along::kRow>(s, a, b, y, begin, end);
  if (step_a == 1 && step_b == 0) return combine_rows<op, Along::kRow, Along::kScalar>(s, a, b, y, begin, end);
  if (step_a == 0 && step_b == 1) return combine_rows<op, Along::kScalar, Along::kRow>(s, a, b, y, begin, end);
  combine_rows<op, Along::kAny, Along::kAny>(s, a, b, y, begin, end);
}

using Combine = void (*)(const BinaryShape&, const Real*, const Real*, Real*, int64_t, int64_t);
constexpr Combine kCombines[] = {  // in the order of BinaryOp
    combine<BinaryOp::add>,           combine<BinaryOp::subtract>,         combine<BinaryOp::multiply>,
    combine<BinaryOp::divide>,        combine<BinaryOp::maximum>,          combine<BinaryOp::minimum>,
    combine<BinaryOp::equal>,         combine<BinaryOp::not_equal>,        combine<BinaryOp::less>,
    combine<BinaryOp::less_equal>,    combine<BinaryOp::greater>,          combine<BinaryOp::greater_equal>,
    combine<BinaryOp::relu_gradient>, combine<BinaryOp::sigmoid_gradient>, combine<BinaryOp::tanh_gradient>};

STRIATE_INLINE int64_t count(int rank, const int64_t* size) {
  int64_t n = 1;
  for (int axis = 0; axis < rank; ++axis) n *= size[axis];
  return n;
}

int64_t binary_items(const BinaryShape& s, int) { return split_count(count(s.rank, s.size)); }

void binary_run(const BinaryShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Range r = split_range(count(s.rank, s.size), binary_items(s, 0), begin, end, kLanes);
  kCombines[static_cast<int>(s.op)](s, buffer<const Real>(args, 0), buffer<const Real>(args, 1), buffer<Real>(args, 2),
                                    r.begin, r.end);
}

int64_t where_items(const WhereShape& s, int) { return split_count(count(s.rank, s.size)); }

void where_run(const WhereShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Real* c = buffer<const Real>(args, 0);
  const Real* a = buffer<const Real>(args, 1);
  const Real* b = buffer<const Real>(args, 2);
  Real* y = buffer<Real>(args, 3);
  const int last = s.rank - 1;
  const int64_t* const strides[] = {s.stride_c, s.stride_a, s.stride_b};
  const int64_t step[] = {s.stride_c[last], s.stride_a[last], s.stride_b[last]};
  const Range r = split_range(count(s.rank, s.size), where_items(s, 0), begin, end, kLanes);
  for_rows(s.rank, s.size, strides, r.begin, r.end,
           [&](int64_t first, int64_t column, int64_t n, const int64_t* offset) {
             const Real* row_c = c + offset[0] + column * step[0];
             const Real* row_a = a + offset[1] + column * step[1];
             const Real* row_b = b + offset[2] + column * step[2];
             for_vectors(0, n, [&](int64_t i, int64_t lanes) {
               const Vec vc = load_along<Along::kAny>(row_c, i, step[0], lanes);
               const Vec va = load_along<Along::kAny>(row_a, i, step[1], lanes);
               const Vec vb = load_along<Along::kAny>(row_b, i, step[2], lanes);
               store_lanes(y + first + i, vc != 0 ? va : vb, lanes);
             });
           });
}

constexpr Kernel kUnary[] = {{"vector", erased_items<UnaryShape, unary_items>, erased_run<UnaryShape, unary_run>}};
constexpr Kernel kBinary[] = {{"vector", erased_items<BinaryShape, binary_items>, erased_run<BinaryShape, binary_run>}};
constexpr Kernel kWhere[] = {{"vector", erased_items<WhereShape, where_items>, erased_run<WhereShape, where_run>}};
constexpr KernelFunction kFunctions[] = {{"unary", kUnary, 1}, {"binary", kBinary, 1}, {"where", kWhere, 1}};

}  // namespace

const KernelTable elementwise_table = {"elementwise", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
