// Turns a kernel file's typed functions into the type-erased entries of kernels/kernel.h. Included by
// kernels/cpu only; the templates are instantiated on functions of the per-ISA namespace with internal
// linkage, so that no symbol is shared between ISAs.
#pragma once

#include "kernels/kernel.h"
#include "simd/vec.h"

namespace striate::STRIATE_ISA {
namespace {

template <class Shape, int64_t (*F)(const Shape&, int)>
int64_t erased_items(const void* shape, int phase) {
  return F(*static_cast<const Shape*>(shape), phase);
}

template <class Shape, int64_t (*F)(const Shape&)>
int64_t erased_size(const void* shape) {
  return F(*static_cast<const Shape*>(shape));
}

template <class Shape, double (*F)(const Shape&)>
double erased_cost(const void* shape) {
  return F(*static_cast<const Shape*>(shape));
}

template <class Shape, void (*F)(const Shape&, const KernelArgs&, int, int64_t, int64_t)>
void erased_run(const void* shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  F(*static_cast<const Shape*>(shape), args, phase, begin, end);
}

template <class T>
inline __attribute__((always_inline)) T* buffer(const KernelArgs& args, int index) {
  return static_cast<T*>(args.buffers[index]);
}

STRIATE_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
STRIATE_INLINE int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
STRIATE_INLINE int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }

// An ordinary store reads its line first, and a large result will not be in a cache when the next step asks for it:
// past the caches it is written at 17 GB/s in place of 8.5. Vectors of y must then be aligned.
constexpr int64_t kPastCaches = (16 << 20) / sizeof(Real);
STRIATE_INLINE bool worth_streaming(int64_t elements, const Real* y) {
  return elements >= kPastCaches && reinterpret_cast<uintptr_t>(y) % sizeof(Vec) == 0;
}

}  // namespace
}  // namespace striate::STRIATE_ISA
