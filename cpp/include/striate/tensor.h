// A contiguous, row-major array in memory, shared by reference.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "striate/dtype.h"
#include "striate/export.h"
#include "striate/shape.h"

namespace striate {

class Storage;

// Copying a Tensor copies the handle, not the elements. The elements lie 64-byte aligned unless wrapped.
class STRIATE_API Tensor {
 public:
  Tensor() = default;  // no elements, float32, shape (0)
  Tensor(const Tensor&) = default;
  Tensor& operator=(const Tensor&) = default;
  // What is moved from is empty.
  Tensor(Tensor&& other) noexcept { swap(other); }
  Tensor& operator=(Tensor&& other) noexcept {
    Tensor moved(std::move(other));
    swap(moved);
    return *this;
  }
  // Uninitialised. Error(memory) if it cannot be had, Error(shape) for unknown sizes.
  Tensor(DType dtype, const Shape& shape);
  // Memory that somebody else owns; `release` is called when the last handle goes.
  static Tensor wrap(void* data, DType dtype, const Shape& shape, std::function<void()> release);
  template <class T>
  static Tensor of(const Shape& shape, std::span<const T> values);  // a copy
  static Tensor zeros(DType dtype, const Shape& shape);
  static Tensor full(DType dtype, const Shape& shape, double value);
  static Tensor scalar(double value, DType dtype = DType::float32);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t elements() const { return shape_.elements(); }
  int64_t bytes() const { return elements() * dtype_bytes(dtype_); }
  void* data() { return data_; }
  const void* data() const { return data_; }
  template <class T>
  T* as();  // Error(type) unless T is the element type
  template <class T>
  const T* as() const {
    return const_cast<Tensor*>(this)->as<T>();
  }
  bool empty() const { return data_ == nullptr || elements() == 0; }

  Tensor copy() const;
  Tensor reshaped(const Shape& shape) const;       // the same elements; Error(shape) if their number differs
  Tensor cast(DType dtype) const;                  // a copy in another type, or this if it has it
  Tensor slice(int64_t begin, int64_t end) const;  // [begin, end) of the first axis, sharing the elements
  double item() const;                             // the only element; Error(shape) if there are more

 private:
  void swap(Tensor& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(data_, other.data_);
    std::swap(dtype_, other.dtype_);
    std::swap(shape_, other.shape_);
  }

  std::shared_ptr<Storage> storage_;
  void* data_ = nullptr;
  DType dtype_ = DType::float32;
  Shape shape_{0};
};

// The engine's own allocation counter, in bytes: tensors, variables, arenas, scratch.
STRIATE_API int64_t allocated_bytes();
STRIATE_API int64_t peak_allocated_bytes();
STRIATE_API void reset_peak_allocated_bytes();

}  // namespace striate
