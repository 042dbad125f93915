// The arithmetic of sliding windows that convolution and pooling share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/op.h"

namespace striate {

// How windows lie on the spatial axes (all but the first and the last) of a channels-last value. Empty vectors stand
// for 1 everywhere, or 0 for padding.
struct Windows {
  const char* what = "window";  // for errors: "window" or "kernel"
  std::vector<int64_t> size;    // may hold kUnknown
  std::vector<int64_t> strides, dilations;
  std::string padding;  // "valid", "same", "explicit"
  std::vector<int64_t> pad_lo, pad_hi;
  bool ceil_mode = false;
  bool strict = false;
};

// kUnknown where the input's or the window's size is.
struct Placement {
  std::vector<int64_t> out, lo, hi;
};

// Of N cells, effective window E = d (F - 1) + 1 and stride S:
//   valid, explicit:  out = floor((N + lo + hi - E) / S) + 1; ceil_mode rounds up, and drops the last window if it
//                     would start at or beyond N + lo
//   same:             out = ceil(N / S), padding (out - 1) S + E - N or nothing, the odd cell after
// Error(shape) where a window does not fit, or with `strict` where the stride leaves cells over.
Placement place_windows(std::string_view op, const Shape& x, const Windows& windows);

// One entry, at least `least`, for each spatial axis of x.
void check_entries(std::string_view op, const char* name, const std::vector<int64_t>& values, const Shape& x,
                   int64_t least);
// "valid", "same" or "explicit".
void check_padding(std::string_view op, const std::string& padding);
// (n, spatial..., c) with 1 to 3 spatial axes.
void check_image(std::string_view op, const Shape& x);

// Right-aligned in (d, h, w), with `missing` for the axes that are not there.
void fill_axes(int64_t (&axes)[3], const std::vector<int64_t>& values, int64_t missing);

}  // namespace striate
