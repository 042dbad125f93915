// The sizes of a tensor's axes, some of which may be unknown while a graph is traced.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "striate/export.h"

namespace striate {

inline constexpr int64_t kUnknown = -1;

// Up to 8 axes, row-major (the last one contiguous). Sizes are >= 0 or kUnknown.
class STRIATE_API Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  // Error(shape) for more than 8 axes, sizes below kUnknown, or more than 2^56 elements.
  explicit Shape(std::span<const int64_t> sizes);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return sizes_[axis]; }  // 0 <= axis < rank
  int64_t back() const { return sizes_[rank_ - 1]; }
  const int64_t* begin() const { return sizes_.data(); }
  const int64_t* end() const { return sizes_.data() + rank_; }
  std::span<const int64_t> sizes() const { return {begin(), end()}; }

  bool known() const;        // no size is unknown
  int64_t elements() const;  // product of the sizes; requires known()
  // Product of sizes in [first, last); kUnknown if one of them is.
  int64_t product(int first, int last) const;

  Shape with(int axis, int64_t size) const;  // a copy with one size replaced; Error(shape) as above
  Shape appended(int64_t size) const;
  std::string text() const;  // "(None, 28, 28, 1)"

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a.sizes_[i] != b.sizes_[i]) return false;
    return true;
  }

 private:
  std::array<int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

// True if a tensor of shape `actual` may stand where `expected` is asked: equal but for unknown sizes of either.
STRIATE_API bool compatible(const Shape& actual, const Shape& expected);

}  // namespace striate
