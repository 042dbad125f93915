// Convolution (cross-correlation) over three spatial axes (d, h, w); 1-D and 2-D use size-1 axes.
//   y[n, o, k] = epilogue(sum over taps t and channels c of x[n, o*stride + t*dilation - pad, c] * w[t, c, k])
// x (n, in..., c_in), w (kernel..., c_in / groups, c_out), y (n, out..., c_out): channels-last, contiguous.
// Taps outside x contribute nothing.
#pragma once

#include "kernels/epilogue.h"
#include "kernels/isa.h"

namespace striate {

struct ConvShape {
  int64_t n, c_in, c_out, groups;  // groups = 1 today; the field is its place
  int64_t in[3], out[3], kernel[3];
  int64_t stride[3], dilation[3];
  int64_t pad[3];     // before; what lies after follows from `out`
  Epilogue epilogue;  // of forward and input_gradient (which is the forward pass of a transposed convolution)
  // Of a forward pass with a 1x1 kernel in steps of 1, a full panel of channels or more: x is first pooled by its
  // maximum, in windows of 3x3 along h and w in steps of 1 that reach one pixel beyond the image.
  bool pools_input;
};

// forward          buffers (x, w, bias, residual, mask, y); y pooled, or some channels of wider memory, where the
//                  epilogue says so
// input_gradient   buffers (gy, w, bias, residual, mask, gx): gx = epilogue(d(sum y*gy)/dx), which is epilogue(0) for
//                  elements no window touches
// weight_gradient  buffers (x, gy, gw): gw = d(sum y*gy)/dw; pixels reduced in an order fixed by the shape
// No buffer is aliased but those epilogue.h allows. Accumulates in T. Sizes may be any >= 1 (n too); kernel may exceed
// the padded input only if `out` is then 0, which is not passed down.
enum class ConvFunction : int { forward, input_gradient, weight_gradient };

}  // namespace striate

STRIATE_DECLARE_TABLE(conv)
