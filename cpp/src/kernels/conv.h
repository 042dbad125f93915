// Convolution (cross-correlation) over three spatial axes (d, h, w); 1-D and 2-D use size-1 axes.
//   y[n, o, k] = epilogue(sum over taps t and channels c of x[n, o*stride + t*dilation - pad, c] * w[t, c, k])
// x (n, in..., c_in), w (kernel..., c_in / groups, c_out), y (n, out..., c_out): channels-last, contiguous.
// Taps outside x contribute nothing.
#pragma once

#include "kernels/epilogue.h"
#include "kernels/isa.h"

namespace striate {

// What a convolution sums is made from a normalization's line first, some rows at a time, and left in memory, too.
struct NormalizedInput {
  bool any = false;
  bool relu = false;      // forward: what is made is above 0; input_gradient: see BatchNormShape
  bool residual = false;  // forward alone: added before the ReLU
  bool signs = false;     // forward alone: those of what is made are left, too
};

struct ConvShape {
  int64_t n, c_in, c_out, groups;  // groups = 1 today; the field is its place
  int64_t in[3], out[3], kernel[3];
  int64_t stride[3], dilation[3];
  int64_t pad[3];     // before; what lies after follows from `out`
  Epilogue epilogue;  // of forward and input_gradient (which is the forward pass of a transposed convolution)
  // Of a forward pass with a 1x1 kernel in steps of 1, a full panel of channels or more: x is first pooled by its
  // maximum, in windows of 3x3 along h and w in steps of 1 that reach one pixel beyond the image.
  bool pools_input;
  // Of a pointwise kernel, forward or input_gradient, with whole vectors to sum and a full panel of results.
  NormalizedInput normalized;
};

// A product over pixels: a 1x1 kernel in steps of 1.
inline bool is_pointwise(const ConvShape& s) {
  for (int i = 0; i < 3; ++i)
    if (s.kernel[i] != 1 || s.stride[i] != 1 || s.pad[i] != 0 || s.in[i] != s.out[i]) return false;
  return true;
}

// forward          buffers (x, w, bias, residual, mask, y); y pooled, or some channels of wider memory, where the
//                  epilogue says so
// input_gradient   buffers (gy, w, bias, residual, mask, gx): gx = epilogue(d(sum y*gy)/dx), which is epilogue(0) for
//                  elements no window touches
// Both, normalized: buffers (x or gy, w, bias, residual, mask, line, beside, y or gx, made, signs or none); what is
//                  summed is `made` = train's y of x and the residual `beside`, or backward's gx of x = `beside` and gy
//                  (kernels/normalization.h). `made` may be x or gy, or `beside`.
// weight_gradient  buffers (x, gy, gw): gw = d(sum y*gy)/dw; pixels reduced in an order fixed by the shape
// No buffer is aliased but those epilogue.h allows. Accumulates in T. Sizes may be any >= 1 (n too); kernel may exceed
// the padded input only if `out` is then 0, which is not passed down.
enum class ConvFunction : int { forward, input_gradient, weight_gradient };

}  // namespace striate

STRIATE_DECLARE_TABLE(conv)
