#include "ops/strides.h"

#include <algorithm>

#include "core/check.h"

namespace striate {
namespace {

// The size of an axis counted from the end; missing leading axes are 1.
int64_t size_from_end(const Shape& shape, int from_end) {
  return from_end < shape.rank() ? shape[shape.rank() - 1 - from_end] : 1;
}

}  // namespace

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> sizes(rank);
  for (int i = 0; i < rank; ++i) {
    const int64_t p = size_from_end(a, i), q = size_from_end(b, i);
    STRIATE_CHECK(p == q || p == 1 || q == 1 || p == kUnknown || q == kUnknown, shape, op, "shapes ", a.text(), " and ",
                  b.text(), " do not broadcast: axis ", -1 - i, " has ", p, " and ", q,
                  ". Expected equal sizes, or 1. Reshape one of them.");
    sizes[rank - 1 - i] = p == 1 ? q : q == 1 ? p : p == kUnknown ? q : p;
  }
  return Shape(sizes);
}

bool broadcasts_to(const Shape& small, const Shape& large) {
  if (small.rank() > large.rank()) return false;
  for (int i = 0; i < small.rank(); ++i) {
    const int64_t p = size_from_end(small, i), q = size_from_end(large, i);
    if (p != q && p != 1 && p != kUnknown && q != kUnknown) return false;
  }
  return true;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides(shape.rank());
  int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

Strides broadcast_strides(const Shape& operand, const Shape& result) {
  const Strides own = contiguous_strides(operand);
  const int missing = result.rank() - operand.rank();
  Strides strides(result.rank(), 0);
  for (int axis = 0; axis < operand.rank(); ++axis)
    if (operand[axis] != 1) strides[missing + axis] = own[axis];
  return strides;
}

Walk merged_walk(const Shape& size, const std::vector<Strides>& strides) {
  Walk walk;
  walk.strides.resize(strides.size());
  for (int axis = 0; axis < size.rank(); ++axis) {
    if (size[axis] == 1) continue;
    bool merges = !walk.size.empty();
    for (size_t i = 0; merges && i < strides.size(); ++i)
      merges = walk.strides[i].back() == strides[i][axis] * size[axis];
    if (merges)
      walk.size.back() *= size[axis];
    else
      walk.size.push_back(size[axis]);
    for (size_t i = 0; i < strides.size(); ++i) {
      if (merges)
        walk.strides[i].back() = strides[i][axis];
      else
        walk.strides[i].push_back(strides[i][axis]);
    }
  }
  if (walk.size.empty()) {
    walk.size.push_back(1);
    for (Strides& operand : walk.strides) operand.push_back(1);
  }
  return walk;
}

}  // namespace striate
