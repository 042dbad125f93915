// What the direct convolution kernels share: shapes brought to the form that runs fast, one spatial axis
// as a walk over taps, and strips of input padded along w so that inner loops never ask where the border is.
#pragma once

#include "kernels/conv.h"
#include "kernels/cpu/block_copy.h"
#include "kernels/cpu/micro_kernel.h"

namespace striate::STRIATE_ISA {
namespace {

STRIATE_INLINE int64_t product(const int64_t (&v)[3]) { return v[0] * v[1] * v[2]; }

// The same convolution with its pixels along w, where tiles run:
// - a kernel as large as its input is a product over (kernel..., c_in), which lie contiguous in x and in w (unless
//   merge_taps is false);
// - so are windows along w that neither overlap nor leave gaps (2x2 with stride 2): their pixels become channels;
// - a 1x1x1 kernel with unit strides and no padding is a product over all pixels of all images;
// - trailing axes of size 1 (convolutions in 1-D or 2-D laid out from the left) are moved to the front.
// Where the result is pooled, its pixels stay what they are.
STRIATE_INLINE ConvShape canonical(ConvShape s, bool merge_taps = true) {
  if (s.epilogue.pooling != Pooling::none) return s;
  if (merge_taps && s.stride[2] == s.kernel[2] && s.dilation[2] == 1 && s.pad[2] == 0 &&
      s.in[2] == s.out[2] * s.stride[2]) {
    s.c_in *= s.kernel[2];
    s.in[2] = s.out[2];
    s.kernel[2] = s.stride[2] = 1;
  }
  bool covers = merge_taps, pointwise = true;
  for (int i = 0; i < 3; ++i) {
    covers =
        covers && s.out[i] == 1 && s.pad[i] == 0 && s.kernel[i] == s.in[i] && (s.dilation[i] == 1 || s.kernel[i] == 1);
    pointwise = pointwise && s.kernel[i] == 1 && s.stride[i] == 1 && s.pad[i] == 0 && s.out[i] == s.in[i];
  }
  if (covers || pointwise) {
    if (covers) s.c_in *= product(s.kernel);
    const int64_t pixels = s.n * product(s.out);
    s.n = 1;
    for (int i = 0; i < 3; ++i) {
      s.in[i] = s.out[i] = s.kernel[i] = s.stride[i] = s.dilation[i] = 1;
      s.pad[i] = 0;
    }
    s.in[2] = s.out[2] = pixels;
    return s;
  }
  for (int round = 0; round < 2 && s.in[2] == 1 && s.out[2] == 1 && s.kernel[2] == 1 && s.pad[2] == 0; ++round) {
    int64_t* const fields[] = {s.in, s.out, s.kernel, s.stride, s.dilation, s.pad};
    for (int64_t* field : fields) {
      field[2] = field[1];
      field[1] = field[0];
      field[0] = 1;
    }
    s.pad[0] = 0;
  }
  return s;
}

// What prepared weights depend on whatever the kernel, of a canonical shape: see PrepareKernel::traits.
STRIATE_INLINE int64_t filter_traits(const ConvShape& s, int64_t* traits) {
  int64_t count = 0;
  traits[count++] = s.c_in;
  traits[count++] = s.c_out;
  for (int i = 0; i < 3; ++i) {
    traits[count++] = s.kernel[i];
    traits[count++] = s.stride[i];
    traits[count++] = s.dilation[i];
    traits[count++] = s.pad[i];
  }
  return count;
}

// One spatial axis of a correlation: output q (at out_first + q * out_step) sums over taps j the input at
// q * in_step + offset_first + j * offset_step, offsets ascending.
struct Axis {
  int64_t outputs, out_first, out_step;
  int64_t in_size, in_step;
  int64_t taps, offset_first, offset_step;
  int64_t packed_first;               // tap 0's place among this axis's packed weights
  int64_t source_first, source_step;  // tap j of the contract's w is source_first + j * source_step

  int64_t position(int64_t q, int64_t tap) const { return q * in_step + offset_first + tap * offset_step; }
  // Taps of output q that fall into the input: [first, end).
  int64_t first_tap(int64_t q) const {
    const int64_t before = -position(q, 0);
    return before <= 0 ? 0 : min_of(taps, ceil_div(before, offset_step));
  }
  int64_t end_tap(int64_t q) const {
    const int64_t room = in_size - position(q, 0);
    return room <= 0 ? 0 : min_of(taps, ceil_div(room, offset_step));
  }
};

STRIATE_INLINE Axis forward_axis(const ConvShape& s, int i) {
  return {s.out[i], 0, 1, s.in[i], s.stride[i], s.kernel[i], -s.pad[i], s.dilation[i], 0, 0, 1};
}

STRIATE_INLINE int64_t modulo(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

// The sum of floor((a * i + b) / m) over i < n, without negative terms. With a and b below m it counts the points under
// a line; along the other axis that is such a sum again, of a and m as Euclid's algorithm goes on with them.
[[maybe_unused]] static int64_t floor_sum(int64_t n, int64_t m, int64_t a, int64_t b) {
  for (int64_t sum = 0;;) {
    sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
    const int64_t rest = a % m, top = rest * n + b % m;
    if (top < m) return sum;
    a = m;
    m = rest;
    n = top / a;
    b = top % a;
  }
}

// The input gradient of a strided convolution is `stride` correlations with unit step, one for each residue
// of the input position (its phase): position r + q * stride is touched by the taps t with
// t * dilation = r + pad (mod stride), at output q + (r + pad - t * dilation) / stride. Each tap belongs to one
// phase of its axis, so packed weights are ordered by phase, within it by ascending offset (descending t).
STRIATE_INLINE int64_t gradient_phase(const ConvShape& s, int i, int64_t tap) {
  return modulo(tap * s.dilation[i] - s.pad[i], s.stride[i]);
}

// In closed form: strides may be large, and every item asks for its axes.
STRIATE_INLINE Axis gradient_axis(const ConvShape& s, int i, int64_t phase) {
  const int64_t stride = s.stride[i], dilation = s.dilation[i], kernel = s.kernel[i];
  int64_t common = stride, inverse = 0;  // gcd(stride, dilation) = inverse * dilation (mod stride)
  for (int64_t rest = dilation, factor = 1; rest != 0;) {
    const int64_t times = common / rest, next = common % rest, next_factor = inverse - times * factor;
    common = rest;
    inverse = factor;
    rest = next;
    factor = next_factor;
  }
  const int64_t period = stride / common, first_phase = gradient_phase(s, i, 0);
  Axis axis{ceil_div(s.in[i] - phase, stride), phase, stride, s.out[i], 1, 0, 0, dilation / common, 0, 0, -period};
  // The taps of lower phases are those with v = first_phase + t * dilation below `phase` (mod stride): for them alone
  // floor((v - phase) / stride) is less, by one, than floor(v / stride).
  if (phase > 0)
    axis.packed_first = floor_sum(kernel, stride, dilation, first_phase + stride) -
                        floor_sum(kernel, stride, dilation, first_phase + stride - phase);
  if ((phase - first_phase) % common != 0) return axis;
  const int64_t tap = modulo((phase - first_phase) / common * inverse, period);  // the phase's first
  if (tap >= kernel) return axis;
  axis.taps = ceil_div(kernel - tap, period);
  axis.source_first = tap + (axis.taps - 1) * period;
  axis.offset_first = (phase + s.pad[i] - axis.source_first * dilation) / stride;
  return axis;
}

// With few output channels most lanes would stay empty, so `side` neighbouring outputs along w are seen as one with
// side times the channels, whose kernel is wider by zero taps: 5 taps and 6 channels, two side by side, fill 12 of 16
// lanes for 6 taps' work, 62% of the peak in place of 37%. Axes of unit out_step and offset_step alone.
STRIATE_INLINE int64_t wider_taps(const Axis& w, int64_t side) { return w.taps + (side - 1) * w.in_step; }

// terms: products an output and channel has for each tap along w.
STRIATE_INLINE int64_t outputs_side_by_side(const Axis& w, int64_t channels, int64_t terms) {
  int64_t best = 1;
  if (w.out_step != 1 || w.offset_step != 1 || 2 * channels > kPanel) return best;
  // Cycles an output: a term of a row takes one with two vectors, a little more than half with one, whose tiles load as
  // often as they add; storing part of a vector takes about 6.
  const auto cycles = [&](int64_t side) {
    const int64_t vectors = ceil_div(side * channels, kLanes);
    const double term = vectors == 1 ? (kTallRows + 1) / (2.0 * kTallRows) : 1;
    const double stores = double(vectors) + (side * channels % kLanes ? 5 : 0);
    return (double(terms * wider_taps(w, side)) * term + stores) / double(side);
  };
  double least = cycles(1);
  for (int64_t side = 2; side * channels <= kPanel; ++side) {
    if (w.outputs % side != 0 || cycles(side) >= least) continue;
    least = cycles(side);
    best = side;
  }
  return best;
}

STRIATE_INLINE Axis side_by_side(Axis w, int64_t side) {
  w.taps = wider_taps(w, side);
  w.outputs /= side;
  w.in_step *= side;
  return w;
}

// A box of input positions ready for the micro-kernel: positions outside x along w hold zeros.
struct Strip {
  const Real* base;  // (first plane, first row, first position)
  int64_t plane, row, pixel;
};

struct StripBox {
  int64_t d_first, d_step, d_count;  // planes, all inside x
  int64_t h_begin, h_end;            // rows, all inside x
  int64_t w_begin, w_end;            // positions; may reach over the borders
  int64_t c_begin, c_end;            // channels
  int64_t elements() const { return d_count * (h_end - h_begin) * (w_end - w_begin) * (c_end - c_begin); }
};

// x: one image (in..., channels). In place where the box lies inside x, else copied to scratch (which costs
// about c_in / 4 cycles a pixel, against taps * c_in * c_out / 32 for the sums). Copies of runs of channels
// narrower than x's are what keeps a weight gradient's blocks dense in cache.
[[maybe_unused]] static Strip make_strip(const Real* x, const int64_t (&in)[3], int64_t channels, const StripBox& box,
                                         Real* scratch) {
  const int64_t width = box.c_end - box.c_begin;
  const int64_t row = in[2] * channels, plane = in[1] * row;
  const Real* corner = x + box.d_first * plane + box.h_begin * row + box.c_begin;
  if (box.w_begin >= 0 && box.w_end <= in[2] && width == channels)
    return {corner + box.w_begin * channels, box.d_step * plane, row, channels};

  const int64_t inside_begin = min_of(max_of(box.w_begin, 0), box.w_end);
  const int64_t inside_end = max_of(min_of(box.w_end, in[2]), inside_begin);
  Real* to = scratch;
  for (int64_t d = 0; d < box.d_count; ++d) {
    for (int64_t h = 0; h < box.h_end - box.h_begin; ++h) {
      const Real* from = corner + d * box.d_step * plane + h * row + inside_begin * channels;
      zero_run(to, (inside_begin - box.w_begin) * width);
      to += (inside_begin - box.w_begin) * width;
      if (width == channels) {
        copy_run(to, from, (inside_end - inside_begin) * width);
      } else {
        for (int64_t w = 0; w < inside_end - inside_begin; ++w) copy_run(to + w * width, from + w * channels, width);
      }
      to += (inside_end - inside_begin) * width;
      zero_run(to, (box.w_end - inside_end) * width);
      to += (box.w_end - inside_end) * width;
    }
  }
  const int64_t strip_row = (box.w_end - box.w_begin) * width;
  return {scratch, (box.h_end - box.h_begin) * strip_row, strip_row, width};
}

}  // namespace
}  // namespace striate::STRIATE_ISA
