#include "striate/shape.h"

#include <algorithm>

#include "core/check.h"

namespace striate {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 56;  // so that bytes, and sums of them, are whole numbers of 64 bits

}  // namespace

Shape::Shape(std::span<const int64_t> sizes) {
  STRIATE_CHECK(sizes.size() <= kMaxRank, shape, "shape", "a tensor has at most ", kMaxRank, " axes, received ",
                sizes.size());
  rank_ = static_cast<int>(sizes.size());
  int64_t total = 1;
  for (int i = 0; i < rank_; ++i) {
    sizes_[i] = sizes[i];
    STRIATE_CHECK(sizes[i] >= kUnknown, shape, "shape", "size ", sizes[i], " of axis ", i,
                  " is negative; sizes are >= 0, or None where unknown");
  }
  for (int i = 0; i < rank_; ++i) {  // strides are products of some sizes: an empty axis does not excuse the others
    const int64_t size = sizes_[i] == kUnknown ? 1 : std::max<int64_t>(sizes_[i], 1);
    STRIATE_CHECK(!__builtin_mul_overflow(total, size, &total) && total <= kMostElements, shape, "shape", text(),
                  " has more elements than memory could ever hold. Check the sizes.");
  }
}

bool Shape::known() const {
  for (int64_t size : *this)
    if (size == kUnknown) return false;
  return true;
}

int64_t Shape::elements() const { return product(0, rank_); }

int64_t Shape::product(int first, int last) const {
  int64_t total = 1;
  bool unknown = false;
  for (int i = first; i < last; ++i) {
    if (sizes_[i] == kUnknown)
      unknown = true;
    else
      total *= sizes_[i];
  }
  return unknown && total != 0 ? kUnknown : total;
}

Shape Shape::with(int axis, int64_t size) const {
  Shape copy = *this;
  copy.sizes_[axis] = size;
  return Shape(std::span<const int64_t>(copy.begin(), copy.end()));
}

Shape Shape::appended(int64_t size) const {
  std::array<int64_t, kMaxRank + 1> sizes{};
  std::copy(begin(), end(), sizes.begin());
  sizes[rank_] = size;
  return Shape(std::span<const int64_t>(sizes.data(), rank_ + 1));
}

std::string Shape::text() const {
  std::string out = "(";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) out += ", ";
    out += sizes_[i] == kUnknown ? "None" : std::to_string(sizes_[i]);
  }
  return out + (rank_ == 1 ? ",)" : ")");
}

bool compatible(const Shape& actual, const Shape& expected) {
  if (actual.rank() != expected.rank()) return false;
  for (int i = 0; i < actual.rank(); ++i)
    if (actual[i] != expected[i] && actual[i] != kUnknown && expected[i] != kUnknown) return false;
  return true;
}

}  // namespace striate
