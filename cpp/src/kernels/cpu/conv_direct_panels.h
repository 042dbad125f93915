// How a direct convolution is cut into items, and its weights packed into panels [panel][tap][c_in][kPanel].
#pragma once

#include "kernels/cpu/conv_geometry.h"

namespace striate::STRIATE_ISA {
namespace {
namespace direct {

constexpr int64_t kItemPixels = 32 * kTileRows;
constexpr int64_t kStripElements = (512 << 10) / sizeof(Real);   // of the 1 to 2 MB of L2
constexpr int64_t kPanelElements = (1024 << 10) / sizeof(Real);  // of panels that stay in L2
constexpr int64_t kWantedItems = 32;
constexpr int64_t kItemTerms = 1 << 16;  // products an item should have: about 3 us
constexpr int64_t kHalvedPixels = 128;   // whose halves read panels at 9 GB/s at most

template <bool Gradient>
struct Correlation {
  ConvShape s;          // canonical
  int64_t c_in, c_out;  // of the correlation: swapped in the gradient
  int64_t phases[3];
  int64_t panels, groups;    // panels of output channels; groups of panels in items
  int64_t w_block, h_block;  // outputs of an item
  int64_t w_blocks, h_blocks, planes;
  int64_t side = 1;       // outputs along w seen as one, which is among c_out
  int64_t w_taps;         // packed along w
  int64_t bias_channels;  // canonical output channels are (tap, channel) where taps were merged into them
  bool one_tap;           // for any output: the product of a matrix
  bool in_place;          // no window reaches over the borders along w
  bool by_pixels;         // whether items that follow each other are of the same pixels, not of the same panels

  explicit Correlation(const ConvShape& shape)
      : s(canonical(shape, !Gradient || !shape.epilogue.bias || shape.c_in % kPanel == 0)) {
    c_in = Gradient ? s.c_out : s.c_in;
    c_out = Gradient ? s.c_in : s.c_out;
    bias_channels = Gradient ? shape.c_in : shape.c_out;
    for (int i = 0; i < 3; ++i) phases[i] = Gradient ? s.stride[i] : 1;
    if (s.epilogue.part.whole == 0) side = outputs_side_by_side(axis(2, 0), c_out, s.kernel[0] * s.kernel[1] * c_in);
    w_taps = side == 1 ? s.kernel[2] : wider_taps(own_axis(2, 0), side);
    c_out *= side;
    const Axis d = axis(0, 0), h = axis(1, 0), w = axis(2, 0);
    // Of an axis's taps, a phase has one in so many.
    const auto spacing = [](const Axis& a) { return max_of(a.source_step, -a.source_step); };
    one_tap = s.kernel[0] <= spacing(d) && s.kernel[1] <= spacing(h) && w_taps <= spacing(w);
    // In the gradient: no window before the first or behind the last would meet the image.
    const int64_t stride = s.stride[2], pad = s.pad[2], reach = (s.kernel[2] - 1) * s.dilation[2];
    in_place = Gradient ? reach - pad < stride && s.in[2] <= s.out[2] * stride - pad
                        : pad <= 0 && (s.out[2] - 1) * stride - pad + reach < s.in[2];
    panels = ceil_div(c_out, kPanel);
    planes = max_of(d.outputs, 1);
    w_block = min_of(w.outputs, kItemPixels);
    h_block = max_of(min_of(h.outputs, kItemPixels / w_block), 1);
    const bool pooled = s.epilogue.pooling != Pooling::none;
    if (pooled) one_tap = false;
    // Windows of a pooling stay within a block.
    const int64_t least_h = pooled ? 2 : 1, w_multiple = pooled && side % 2 != 0 ? 2 : 1;
    const auto half = [](int64_t block, int64_t multiple) { return ceil_div(block, 2 * multiple) * multiple; };
    h_block = max_of(h_block / least_h, 1) * least_h;
    while (!one_tap && h_block > least_h && strip_elements() > kStripElements) h_block = half(h_block, least_h);
    while (!one_tap && w_block > kTileRows && strip_elements() > kStripElements) w_block = half(w_block, w_multiple);
    count_blocks(h, w);
    const int64_t terms = s.n * product(s.out) * product(s.kernel) * c_in * c_out;
    int64_t wanted = max_of(min_of(kWantedItems, terms / kItemTerms), 1);
    // Panels alone, where they are many and all of them more than L2 holds: each block of lines would read them again.
    if (!one_tap && items() == 1 && panels >= kWantedItems / 4 && panels * packed_panel() > kPanelElements)
      wanted = min_of(wanted, panels);
    // One group's panels stay in L2 over all pixels; where all panels do, pixels are shared out first, in items of two
    // tiles or more, so that a thread reads what it wrote.
    by_pixels = !one_tap || panels * packed_panel() <= kPanelElements / 2;
    const bool whole = one_tap && by_pixels;
    // Panels of up to twice that pass by one half of an image's pixels, then by the other. If panels were shared out,
    // each core would write what the other had read: at 8 GB/s, where they share no L3.
    if (one_tap && !whole && items() == 1 && w.outputs >= kHalvedPixels && panels * packed_panel() <= kPanelElements) {
      by_pixels = true;
      wanted = min_of(wanted, 2 * panels);
      w_block = ceil_div(w.outputs, 2);
      count_blocks(h, w);
    }
    while (items() * (whole ? 1 : panels) < wanted && h_block > least_h &&
           (!whole || h_block * w_block > 2 * kTileRows)) {
      h_block = half(h_block, least_h);
      count_blocks(h, w);
    }
    while (items() * (whole ? 1 : panels) < wanted && w_block > (whole ? 2 : 1) * kTileRows) {
      w_block = half(w_block, w_multiple);
      count_blocks(h, w);
    }
    groups = whole ? max_of(wanted / items(), 1) : ceil_div(wanted, items());
    if (one_tap) groups = max_of(groups, ceil_div(panels * packed_panel(), kPanelElements));
    groups = min_of(panels, groups);
  }

  void count_blocks(const Axis& h, const Axis& w) {
    h_blocks = ceil_div(h.outputs, h_block);
    w_blocks = ceil_div(w.outputs, w_block);
    groups = 1;
  }
  Axis own_axis(int i, int64_t phase) const { return Gradient ? gradient_axis(s, i, phase) : forward_axis(s, i); }
  Axis axis(int i, int64_t phase) const {
    return i == 2 && side > 1 ? side_by_side(own_axis(i, phase), side) : own_axis(i, phase);
  }
  int64_t items() const { return s.n * product(phases) * planes * h_blocks * w_blocks * groups; }

  // Of the largest phase: each axis's span is bounded by its first phase's outputs and the whole kernel.
  int64_t strip_elements() const {
    const Axis d = axis(0, 0), h = axis(1, 0), w = axis(2, 0);
    const int64_t h_span = min_of((h_block - 1) * h.in_step + (s.kernel[1] - 1) * h.offset_step + 1, h.in_size);
    const int64_t w_span = (w_block - 1) * w.in_step + (w_taps - 1) * w.offset_step + 1;
    return min_of(s.kernel[0], d.in_size) * h_span * w_span * c_in;
  }

  // Finished outputs of one panel that wait to be pooled.
  int64_t pooled_elements() const {
    return s.epilogue.pooling == Pooling::none ? 0 : h_block * w_block * max_of(kPanel, c_out / panels) + kLanes;
  }
  int64_t panel_width(int64_t panel) const { return c_out - panel * kPanel <= kLanes ? kLanes : kPanel; }
  // Whether panels are asked for early: they come from further away than L2, and, where it is the input that streams by
  // each group of them, that does not.
  bool weights_stream() const {
    return product(phases) == 1 && panels * packed_panel() > kPanelElements / 4 &&
           (!one_tap || s.n * product(s.in) * c_in <= kPanelElements);
  }
  int64_t packed_panel() const { return s.kernel[0] * s.kernel[1] * w_taps * c_in * kPanel; }
};

// --- packed weights --------------------------------------------------------------------------------------

template <bool Gradient>
int64_t packed_bytes(const void* shape) {
  const Correlation<Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.panels * k.packed_panel() * int64_t{sizeof(Real)};
}

template <bool Gradient>
int64_t panel_traits(const void* shape, int64_t* traits) {
  const Correlation<Gradient> k(*static_cast<const ConvShape*>(shape));
  const int64_t count = filter_traits(k.s, traits);
  traits[count] = k.side;
  return count + 1;
}

template <bool Gradient>
int64_t pack_items(const void* shape) {
  const Correlation<Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.panels * k.s.kernel[0] * k.s.kernel[1];
}

// One row of taps for outputs side by side: zeros but where a tap belongs to the output.
template <bool Gradient>
void pack_beside(const Correlation<Gradient>& k, const Real* from, Real* to, int64_t width) {
  const Axis own = k.own_axis(2, 0);
  const int64_t channels = k.c_out / k.side;
  zero_run(to, k.w_taps * k.c_in * width);
  for (int64_t tap = 0; tap < own.taps; ++tap) {
    const Real* source = from + (own.source_first + tap * own.source_step) * k.c_in * channels;
    for (int64_t j = 0; j < k.side; ++j) {
      Real* row = to + (tap + j * own.in_step) * k.c_in * width + j * channels;
      for (int64_t c = 0; c < k.c_in; ++c)
        for (int64_t i = 0; i < channels; ++i)
          row[c * width + i] = source[Gradient ? i * k.c_in + c : c * channels + i];
    }
  }
}

// Item: one (panel, source kd, source kh).
template <bool Gradient>
void pack(const void* shape, const void* source, void* prepared, int64_t begin, int64_t end) {
  const Correlation<Gradient> k(*static_cast<const ConvShape*>(shape));
  const Real* w = static_cast<const Real*>(source);
  Real* packed = static_cast<Real*>(prepared);
  // Where a source tap lies among the packed ones, along one axis.
  const auto packed_tap = [&](int i, int64_t source_tap) {
    const Axis axis = k.own_axis(i, Gradient ? gradient_phase(k.s, i, source_tap) : 0);
    return axis.packed_first + (source_tap - axis.source_first) / axis.source_step;
  };
  for (int64_t item = begin; item < end; ++item) {
    const int64_t panel = item / (k.s.kernel[0] * k.s.kernel[1]);
    const int64_t kd = item / k.s.kernel[1] % k.s.kernel[0], kh = item % k.s.kernel[1];
    const int64_t width = k.panel_width(panel), first = panel * kPanel;
    const int64_t valid = min_of(width, k.c_out - first);
    const int64_t row = packed_tap(0, kd) * k.s.kernel[1] + packed_tap(1, kh);
    if (k.side > 1) {
      pack_beside(k, w + (kd * k.s.kernel[1] + kh) * k.s.kernel[2] * k.s.c_in * k.s.c_out,
                  packed + row * k.w_taps * k.c_in * width, width);
      continue;
    }
    for (int64_t kw = 0; kw < k.s.kernel[2]; ++kw) {
      const Real* from = w + ((kd * k.s.kernel[1] + kh) * k.s.kernel[2] + kw) * k.s.c_in * k.s.c_out;
      Real* to = packed + panel * k.packed_panel() + (row * k.s.kernel[2] + packed_tap(2, kw)) * k.c_in * width;
      if constexpr (Gradient) {
        transpose(from + first * k.s.c_out, k.s.c_out, valid, k.c_in, to, width);
        for (int64_t c = 0; c < k.c_in; ++c)
          for (int64_t j = valid; j < width; ++j) to[c * width + j] = 0;
      } else {
        for (int64_t c = 0; c < k.c_in; ++c) {
          copy_run(to + c * width, from + c * k.s.c_out + first, valid);
          for (int64_t j = valid; j < width; ++j) to[c * width + j] = 0;
        }
      }
    }
  }
}

}  // namespace direct
}  // namespace
}  // namespace striate::STRIATE_ISA
