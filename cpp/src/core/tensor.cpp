#include "striate/tensor.h"

#include <cmath>
#include <cstring>

#include "core/check.h"
#include "core/storage.h"

namespace striate {
namespace {

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::float32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::float64;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::int32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::int64;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::uint8;
}

// Calls f with a value of the element type.
template <class F>
void with_type(DType dtype, F f) {
  switch (dtype) {
    case DType::float32:
      return f(float{});
    case DType::float64:
      return f(double{});
    case DType::int32:
      return f(int32_t{});
    case DType::int64:
      return f(int64_t{});
    case DType::uint8:
      return f(uint8_t{});
  }
}

// As the cast kernel does it: integers from floating point truncate and saturate, NaN gives 0.
template <class To, class From>
To converted(From x) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (!(x == x)) return 0;
    if (x >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    if (x <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  }
  return static_cast<To>(x);
}

}  // namespace

Tensor::Tensor(DType dtype, const Shape& shape) : dtype_(dtype), shape_(shape) {
  STRIATE_CHECK(shape.known(), shape, "tensor", "shape ", shape.text(),
                " has unknown sizes; a tensor needs all of them");
  storage_ = std::make_shared<Storage>(bytes());
  data_ = storage_->data();
}

Tensor Tensor::wrap(void* data, DType dtype, const Shape& shape, std::function<void()> release) {
  STRIATE_CHECK(shape.known(), shape, "tensor", "shape ", shape.text(), " has an unknown size. Give every size.");
  STRIATE_CHECK(data || shape.elements() == 0, value, "tensor", "wrap(nullptr) of shape ", shape.text(),
                ": there is no memory. Give its address.");
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = shape;
  tensor.storage_ = std::make_shared<Storage>(
      data, tensor.bytes(), release ? std::move(release) : [] {});
  tensor.data_ = data;
  return tensor;
}

template <class T>
Tensor Tensor::of(const Shape& shape, std::span<const T> values) {
  Tensor tensor(dtype_of<T>(), shape);
  STRIATE_CHECK(static_cast<int64_t>(values.size()) == tensor.elements(), shape, "tensor", values.size(),
                " values do not fill shape ", shape.text(), " of ", tensor.elements(), " elements");
  if (!values.empty()) std::memcpy(tensor.data_, values.data(), tensor.bytes());
  return tensor;
}

Tensor Tensor::zeros(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  std::memset(tensor.data_, 0, tensor.bytes());
  return tensor;
}

Tensor Tensor::full(DType dtype, const Shape& shape, double value) {
  Tensor tensor(dtype, shape);
  with_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    std::fill_n(static_cast<T*>(tensor.data_), tensor.elements(), converted<T>(value));
  });
  return tensor;
}

Tensor Tensor::scalar(double value, DType dtype) { return full(dtype, Shape{}, value); }

template <class T>
T* Tensor::as() {
  STRIATE_CHECK(dtype_of<T>() == dtype_, type, "tensor", "holds ", dtype_name(dtype_), ", asked for as ",
                dtype_name(dtype_of<T>()), ". Use cast() first.");
  return static_cast<T*>(data_);
}

Tensor Tensor::copy() const {
  Tensor tensor(dtype_, shape_);
  if (bytes() > 0) std::memcpy(tensor.data_, data_, bytes());
  return tensor;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  STRIATE_CHECK(shape.known() && shape.elements() == elements(), shape, "tensor", "shape ", shape_.text(), " of ",
                elements(), " elements cannot be seen as ", shape.text());
  Tensor tensor = *this;
  tensor.shape_ = shape;
  return tensor;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor tensor(dtype, shape_);
  with_type(dtype_, [&](auto from) {
    using From = decltype(from);
    with_type(dtype, [&](auto to) {
      using To = decltype(to);
      const auto* x = static_cast<const From*>(data_);
      auto* y = static_cast<To*>(tensor.data_);
      for (int64_t i = 0, n = elements(); i < n; ++i) y[i] = converted<To>(x[i]);
    });
  });
  return tensor;
}

Tensor Tensor::slice(int64_t begin, int64_t end) const {
  STRIATE_CHECK(shape_.rank() > 0 && 0 <= begin && begin <= end && end <= shape_[0], index, "tensor", "slice [", begin,
                ", ", end, ") of shape ", shape_.text(), " is out of range");
  Tensor tensor = *this;
  const int64_t row = shape_.product(1, shape_.rank()) * dtype_bytes(dtype_);
  tensor.data_ = static_cast<char*>(data_) + begin * row;
  tensor.shape_ = shape_.with(0, end - begin);
  return tensor;
}

double Tensor::item() const {
  STRIATE_CHECK(data_ && elements() == 1, shape, "tensor", "item() needs one element, shape is ", shape_.text());
  double value = 0;
  with_type(dtype_, [&](auto zero) { value = static_cast<double>(*static_cast<const decltype(zero)*>(data_)); });
  return value;
}

#define STRIATE_INSTANTIATE(T)                                                 \
  template STRIATE_API Tensor Tensor::of<T>(const Shape&, std::span<const T>); \
  template STRIATE_API T* Tensor::as<T>();
STRIATE_INSTANTIATE(float)
STRIATE_INSTANTIATE(double)
STRIATE_INSTANTIATE(int32_t)
STRIATE_INSTANTIATE(int64_t)
STRIATE_INSTANTIATE(uint8_t)
#undef STRIATE_INSTANTIATE

}  // namespace striate
