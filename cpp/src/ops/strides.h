// Walking several arrays at once: broadcast shapes, strides, and merging of axes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "striate/shape.h"

namespace striate {

// NumPy's rule. An unknown size beside k > 1 is taken as k, beside 1 or another unknown it stays unknown.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);
// Whether `small` broadcasts to exactly `large`, as far as sizes are known.
bool broadcasts_to(const Shape& small, const Shape& large);

using Strides = std::vector<int64_t>;  // in elements, one per axis

Strides contiguous_strides(const Shape& shape);
// Of an operand of this shape seen as `result`: 0 on the axes it is repeated along.
Strides broadcast_strides(const Shape& operand, const Shape& result);

// Axes of size 1 dropped and neighbours merged wherever every operand steps through both as through one.
// At least one axis is left.
struct Walk {
  std::vector<int64_t> size;
  std::vector<Strides> strides;  // one per operand
  int rank() const { return static_cast<int>(size.size()); }
};
Walk merged_walk(const Shape& size, const std::vector<Strides>& strides);

}  // namespace striate
