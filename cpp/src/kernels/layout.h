// Moving data: strided copies, fills and padding. Exact on every ISA.
#pragma once

#include "kernels/isa.h"

namespace striate {

// y[y_offset + sum i_k * y_stride_k] = x[x_offset + sum i_k * x_stride_k] over all indices i of `size`;
// offsets and strides in elements of `element_bytes` (1, 4 or 8). A stride of 0 in x broadcasts. Serves
// transposition, cropping, concatenation (one call a part), zero padding (after a fill) and broadcast_to.
struct CopyShape {
  int element_bytes;
  int rank;
  int64_t size[8];
  int64_t x_stride[8];
  int64_t y_stride[8];
  int64_t x_offset, y_offset;
};

// y[0..n) = value (converted to T when element_bytes is T's size, else the integer of that size).
struct FillShape {
  int element_bytes;
  int64_t n;
  double value;
};

// Padding by copying what lies inside: y has size lo + x + hi on every axis.
enum class PadMode : int { constant, replicate, reflect };
struct PadShape {
  PadMode mode;
  double value;  // constant
  int rank;
  int64_t size[8];  // of x
  int64_t lo[8], hi[8];
};

// buffers: copy (x, y); fill (y); pad (x, y), T only; pad_gradient (gy, gx), T only: every element of gy
// is added to the gx it was copied from, in row-major order of gy (a constant's are dropped).
enum class LayoutFunction : int { copy, fill, pad, pad_gradient };

}  // namespace striate

STRIATE_DECLARE_TABLE(layout)
