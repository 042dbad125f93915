#include "ops/reduction.h"

namespace striate {
namespace {

// All axes, the first, the last, the middle, two apart (two kernel calls), and one of size 1.
template <class OpType>
std::vector<Sample> reduction_samples(Tensor (*draw)(const Shape&, uint64_t)) {
  const auto over = [](std::vector<int64_t> axes, bool keepdims) {
    OpType op;
    op.axes = std::move(axes);
    op.keepdims = keepdims;
    return op;
  };
  return {make_sample(over({}, false), {draw({3, 5}, 1)}, {0}),
          make_sample(over({0}, false), {draw({7, 3}, 2)}, {0}),
          make_sample(over({-1}, true), {draw({2, 3, 5}, 3)}, {0}),
          make_sample(over({1}, false), {draw({2, 5, 3}, 4)}, {0}),
          make_sample(over({2, 0}, false), {draw({3, 2, 5}, 5)}, {0}),
          make_sample(over({0, 2, 4}, true), {draw({2, 3, 1, 2, 3}, 6)}, {0}),
          make_sample(over({1}, false), {draw({4, 1}, 7)}, {0})};
}

Tensor any_values(const Shape& shape, uint64_t seed) { return uniform_sample(shape, seed); }

}  // namespace

std::vector<Sample> Sum::samples() { return reduction_samples<Sum>(any_values); }
std::vector<Sample> Mean::samples() { return reduction_samples<Mean>(any_values); }
std::vector<Sample> Max::samples() { return reduction_samples<Max>(distinct_sample); }
std::vector<Sample> Min::samples() { return reduction_samples<Min>(distinct_sample); }

std::vector<Sample> Argmax::samples() {
  Argmax last, middle;
  middle.axis = 1;
  return {make_sample(last, {distinct_sample({3, 17}, 1)}, {}),
          make_sample(middle, {distinct_sample({2, 5, 3}, 2)}, {})};
}

}  // namespace striate
