// Direct convolution, forward and input gradient, as one correlation: register tiles of pixels along w times
// output channels, weights packed into panels [panel][tap][c_in][kPanel] beforehand.
//
// An item is a block of output pixels of one image and phase (see gradient_axis) for a group of panels. It
// pads its strip of input once, then each panel (73 KB at 64 channels, 3x3) streams through the tiles from L2
// at 128 bytes per 14 cycles, far below what L2 gives. Taps above, below, before and behind the input are left
// out of the loops; only the borders along w are copied zeros. With one tap it is the panels that stay in L2 while
// the input streams by: each tile of pixels meets all of them, and the next tile is asked for meanwhile.
//
// Results without an epilogue go from the registers to y; large ones past the caches, since an ordinary store reads
// the line first and the next step will not find it in a cache anyway (8.5 GB/s became 17).
#pragma once

#include "kernels/cpu/conv_geometry.h"
#include "kernels/cpu/epilogue.h"

namespace striate::STRIATE_ISA {
namespace {
namespace direct {

constexpr int64_t kItemPixels = 32 * kTileRows;
constexpr int64_t kStripElements = (512 << 10) / sizeof(Real);   // of the 1 to 2 MB of L2
constexpr int64_t kPanelElements = (1024 << 10) / sizeof(Real);  // of panels that stay in L2
constexpr int64_t kWantedItems = 32;
constexpr int64_t kItemTerms = 1 << 16;  // products an item should have: about 3 us
// Outputs summed in one call, on several lines if these are short; before an epilogue they wait in L1.
constexpr int64_t kRunPixels = 16 * kTileRows;
constexpr int64_t kRunElements = kItemPixels * kPanel;  // a line may be longer
constexpr int64_t kRunPanels = 8;

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

  explicit Correlation(const ConvShape& shape)
      : s(canonical(shape, !Gradient || !shape.epilogue.bias || shape.c_in % kPanel == 0)) {
    c_in = Gradient ? s.c_out : s.c_in;
    c_out = Gradient ? s.c_in : s.c_out;
    bias_channels = Gradient ? shape.c_in : shape.c_out;
    for (int i = 0; i < 3; ++i) phases[i] = Gradient ? s.stride[i] : 1;
    side = outputs_side_by_side(axis(2, 0), c_out, s.kernel[0] * s.kernel[1] * c_in);
    w_taps = side == 1 ? s.kernel[2] : wider_taps(own_axis(2, 0), side);
    c_out *= side;
    one_tap = in_place = true;
    for (int i = 0; i < 3; ++i)
      for (int64_t phase = 0; phase < phases[i]; ++phase) one_tap = one_tap && axis(i, phase).taps <= 1;
    for (int64_t phase = 0; phase < phases[2]; ++phase) {
      const Axis w = axis(2, phase);
      if (w.outputs > 0 && w.taps > 0)
        in_place = in_place && w.position(0, 0) >= 0 && w.position(w.outputs - 1, w.taps - 1) < w.in_size;
    }
    panels = ceil_div(c_out, kPanel);
    const Axis d = axis(0, 0), h = axis(1, 0), w = axis(2, 0);
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
    const int64_t wanted = max_of(min_of(kWantedItems, terms / kItemTerms), 1);
    while (items() * panels < wanted && h_block > least_h) {
      h_block = half(h_block, least_h);
      count_blocks(h, w);
    }
    while (items() * panels < wanted && w_block > kTileRows) {
      w_block = half(w_block, w_multiple);
      count_blocks(h, w);
    }
    groups = ceil_div(wanted, items());
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
    for (int64_t phase = 0; phase < k.phases[i]; ++phase) {
      const Axis axis = k.own_axis(i, phase);
      const int64_t along = (source_tap - axis.source_first) / axis.source_step;
      if (along >= 0 && along < axis.taps && axis.source_first + along * axis.source_step == source_tap)
        return axis.packed_first + along;
    }
    return int64_t{0};
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

// --- the correlation -------------------------------------------------------------------------------------

struct Operands {
  const Real *x, *packed;
  Finish finish;
};

struct Block {
  int64_t image, plane, h_begin, h_end, w_begin, w_end, panel_begin, panel_end;
};

template <bool Gradient>
void run_block(const Correlation<Gradient>& k, const Axis& d, const Axis& h, const Axis& w, const Block& b,
               const Operands& at, Real* scratch) {
  const int64_t in_elements = d.in_size * h.in_size * w.in_size * k.c_in;
  const int64_t out_size[3] = {Gradient ? k.s.in[0] : k.s.out[0], Gradient ? k.s.in[1] : k.s.out[1],
                               (Gradient ? k.s.in[2] : k.s.out[2]) / k.side};
  const int64_t in_size[3] = {d.in_size, h.in_size, w.in_size};
  const int64_t d_tap = d.first_tap(b.plane), d_taps = max_of(d.end_tap(b.plane) - d_tap, 0);
  StripBox box{};
  box.d_first = d.position(b.plane, d_tap);
  box.d_step = d.offset_step;
  box.d_count = d_taps;
  box.h_begin = min_of(max_of(h.position(b.h_begin, 0), 0), h.in_size);
  box.h_end = max_of(min_of(h.position(b.h_end - 1, h.taps - 1) + 1, h.in_size), box.h_begin);
  box.w_begin = w.position(b.w_begin, 0);
  box.w_end = max_of(w.position(b.w_end - 1, w.taps - 1) + 1, box.w_begin);
  box.c_end = k.c_in;
  Real* sums = scratch;
  Strip strip{scratch, 0, 0, k.c_in};
  if (box.elements() > 0)
    strip =
        make_strip(at.x + b.image * in_elements, in_size, k.c_in, box, scratch + kRunElements + k.pooled_elements());

  const Epilogue& ending = k.s.epilogue;
  const bool plain = pools_first(ending) ||
                     (!ending.bias && !ending.residual && !ending.mask && ending.activation == Activation::none);
  const bool dense = w.offset_step == 1;  // taps along w and channels are one run
  const int64_t pixels = b.w_end - b.w_begin, pixel_row = w.in_step * strip.pixel;
  // Results go to y, or wait for the pooling: a panel of the block, outputs side by side as they are.
  const bool pooled = ending.pooling != Pooling::none;
  Finish to = at.finish;
  int64_t y_row = w.out_step * k.c_out, y_line = h.out_step * out_size[2] * k.c_out;
  if (pooled) {
    to.y = scratch + kRunElements;
    y_row = k.side > 1 ? k.c_out : kPanel;
    y_line = pixels * y_row;
  }
  const bool own_bias = k.side == 1 && k.bias_channels != k.c_out;  // repeats with the taps merged into channels

  struct Line {
    int64_t q, h_tap, h_taps, y;
    const Real* row;
  };
  const auto line_at = [&](int64_t q) {
    Line line{};
    line.q = q;
    line.h_tap = h.first_tap(q);
    line.h_taps = max_of(h.end_tap(q) - line.h_tap, 0);
    line.row = strip.base + (h.position(q, line.h_tap) - box.h_begin) * strip.row;
    const int64_t out_h = h.out_first + q * h.out_step, out_d = d.out_first + b.plane * d.out_step;
    line.y = pooled ? (q - b.h_begin) * y_line
                    : (((b.image * out_size[0] + out_d) * out_size[1] + out_h) * out_size[2] + w.out_first +
                       b.w_begin * w.out_step) *
                          k.c_out;
    return line;
  };
  const auto sum_of = [&](const Line& line, int64_t width) {
    const int64_t tap = k.c_in * width;
    return Reduction{{d_taps, line.h_taps, dense ? 1 : w.taps},
                     {strip.plane, h.offset_step * strip.row, w.offset_step * strip.pixel},
                     {k.s.kernel[1] * k.w_taps * tap, k.w_taps * tap, tap},
                     dense ? w.taps * k.c_in : k.c_in,
                     pixel_row,
                     1,
                     width};
  };
  const auto taps_of = [&](const Line& line, int64_t panel, int64_t width) {
    return at.packed + panel * k.packed_panel() +
           (w.packed_first + ((d.packed_first + d_tap) * k.s.kernel[1] + h.packed_first + line.h_tap) * k.w_taps) *
               k.c_in * width;
  };
  // Runs of memory asked for with one tap: a tile's input, and what its results are joined with.
  struct {
    int64_t count = 1;
    const Real* beside[2];
  } asked;
  if (b.panel_end - b.panel_begin == k.panels && y_row == k.c_out) {
    if (to.residual) asked.beside[asked.count++ - 1] = to.residual;
    if (to.mask) asked.beside[asked.count++ - 1] = to.mask;
  }
  const int64_t run_panels = min_of(kRunPanels, ceil_div(b.panel_end - b.panel_begin, asked.count));
  // On `lines` lines, a run of `tiles` tiles of `rows` outputs from output `from` on, each `panels` panels.
  const auto add = [&](const Line& line, int64_t panel, int64_t panels, int64_t from, int64_t rows, int64_t tiles,
                       int64_t lines) {
    const int64_t width = k.panel_width(panel), columns = min_of(k.c_out - panel * kPanel, kPanel);
    Reduction sum = sum_of(line, width);
    const Real* x = line.row + from * pixel_row;
    if (k.weights_stream() && k.one_tap) {
      // The panels of the next items, a share of them with every tile of all outputs.
      const int64_t outputs = h.outputs * w.outputs, group = (b.panel_end - b.panel_begin) * k.packed_panel();
      sum.prefetch_step = min_of(ceil_div(rows * kPanel, outputs), kLine);
      sum.prefetch = at.packed + b.panel_end * k.packed_panel() +
                     (line.q * w.outputs + b.w_begin + from) * group / outputs +
                     (panel - b.panel_begin) * k.packed_panel() * rows / outputs;
    } else if (k.weights_stream() && line.h_taps > 0) {
      // The next panel, a share of it with every tile of the block.
      const int64_t outputs = (b.h_end - b.h_begin) * pixels, next = (panel + 1) % k.panels * k.packed_panel();
      const int64_t terms = max_of(d_taps * line.h_taps * w.taps * k.c_in, 1);
      sum.prefetch_step = min_of(ceil_div(rows * k.packed_panel(), outputs * terms), kLine);
      sum.prefetch = at.packed + next + ((line.q - b.h_begin) * pixels + from * lines) * k.packed_panel() / outputs;
    } else if (k.one_tap) {
      // The next tile's input and what its results are joined with, runs of memory one after the other, a share of them
      // with every panel.
      const int64_t shares = b.panel_end - b.panel_begin, at_share = (panel - b.panel_begin) * asked.count;
      const int64_t run = at_share / shares, elements = run == 0 ? rows * pixel_row : rows * y_row;
      sum.prefetch_step = min_of(ceil_div(elements * asked.count, max_of(shares * sum.length, 1)), kLine);
      sum.prefetch = (run == 0 ? x + rows * pixel_row : asked.beside[run - 1] + line.y + (from + rows) * y_row) +
                     at_share % shares * elements / shares;
    } else if (k.in_place && panel == b.panel_begin && line.h_taps * w.taps > 0) {
      // The next row of outputs, a share of its input with every term.
      sum.prefetch_step = ceil_div(h.in_step * strip.row, ceil_div(pixels, kTileRows) * line.h_taps * w.taps * k.c_in);
      sum.prefetch = line.row + (line.h_taps * h.offset_step + from * h.in_step / pixels) * strip.row;
    }
    sum.tiles = tiles * panels;
    sum.lines = lines;
    sum.a_line = h.in_step * strip.row;
    if (panels > 1)
      sum.b_tile = k.packed_panel();
    else
      sum.a_tile = rows * pixel_row;
    const int64_t y = line.y + from * y_row + (pooled ? 0 : panel * kPanel);
    const Real* taps = taps_of(line, panel, width);
    if (plain) {
      sum.stream = to.streams;
      sum.c_tile = panels > 1 ? kPanel : rows * y_row;
      sum.c_line = y_line;
      micro_kernel(RowLayout::strided, rows, columns, columns < width)(sum, x, taps, to.y + y, y_row, columns, false);
      return;
    }
    sum.c_tile = rows * kPanel;
    sum.c_line = tiles * sum.c_tile;
    micro_kernel(RowLayout::strided, rows, width, false)(sum, x, taps, sums, kPanel, width, false);
    for (int64_t i = 0; i < lines * panels; ++i) {  // of the two, one is 1
      const int64_t channel = panels > 1 ? (panel + i) * kPanel : panel * kPanel;
      finish_tile(ending, sums + i * (panels > 1 ? sum.c_tile : sum.c_line), kPanel, rows * tiles, columns,
                  tile_at(to, own_bias ? channel % k.bias_channels : channel, y + i * (panels > 1 ? kPanel : y_line)),
                  y_row);
    }
  };
  if (k.one_tap) {
    for (int64_t q = b.h_begin; q < b.h_end; ++q) {
      const Line line = line_at(q);
      // Whole panels; then what is left, in tiles of its own height.
      const int64_t whole = min_of(max_of(k.c_out / kPanel, b.panel_begin), b.panel_end);
      for_tile_runs(pixels, kTileRows, [&](int64_t first, int64_t rows, int64_t tiles) {
        for (int64_t t = 0; t < tiles; ++t)
          for (int64_t panel = b.panel_begin; panel < whole; panel += run_panels)
            add(line, panel, min_of(whole - panel, run_panels), first + t * rows, rows, 1, 1);
      });
      if (whole < b.panel_end)
        for_tile_runs(pixels, tile_rows(k.panel_width(whole)),
                      [&](int64_t first, int64_t rows, int64_t tiles) { add(line, whole, 1, first, rows, tiles, 1); });
    }
    return;
  }
  for (int64_t panel = b.panel_begin; panel < b.panel_end; ++panel) {
    for (int64_t q = b.h_begin, lines; q < b.h_end; q += lines) {
      // Lines whose windows have the same taps inside the input.
      const Line line = line_at(q);
      for (lines = 1; q + lines < b.h_end && (lines + 1) * pixels <= kRunPixels; ++lines)
        if (h.first_tap(q + lines) != line.h_tap || h.end_tap(q + lines) != line.h_tap + line.h_taps) break;
      for_tile_runs(pixels, tile_rows(k.panel_width(panel)), [&](int64_t first, int64_t rows, int64_t tiles) {
        add(line, panel, 1, first, rows, tiles, lines);
      });
    }
    if (pooled) {
      const int64_t channels = k.c_out / k.side, wide = out_size[2] * k.side / 2;
      Real* y = at.finish.y + panel * kPanel +
                (((b.image * out_size[0] + b.plane) * out_size[1] + b.h_begin) / 2 * wide + b.w_begin * k.side / 2) *
                    channels;
      const int64_t columns = min_of(channels - panel * kPanel, kPanel);
      const Real* bias = to.bias ? to.bias + panel * kPanel : nullptr;
      for (int64_t line = 0; line < b.h_end - b.h_begin; line += 2, y += wide * channels) {
        Real *upper = to.y + line * y_line, *lower = upper + y_line;
        if (pools_first(ending))
          finish_pooled(ending, upper, lower, y_row / k.side, pixels * k.side / 2, columns, bias, y, channels);
        else
          pool_lines(ending.pooling, upper, lower, y_row / k.side, pixels * k.side / 2, columns, y, channels);
      }
    }
  }
}

template <bool Gradient>
void run(const ConvShape& shape, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Correlation<Gradient> k(shape);
  Operands at{buffer<const Real>(args, 0), buffer<const Real>(args, 1),
              finish_of(shape.epilogue, args,
                        k.s.n * (Gradient ? product(k.s.in) : product(k.s.out)) * k.c_out / k.side, k.c_out)};
  if (shape.epilogue.pooling != Pooling::none) at.finish.streams = false;
  Real* scratch = static_cast<Real*>(args.scratch);
  if (k.side > 1 && at.finish.bias) {
    for (int64_t j = 0; j < k.c_out; ++j) scratch[j] = at.finish.bias[j % k.bias_channels];
    at.finish.bias = scratch;
  }
  scratch += kPanel;
  for (int64_t item = begin; item < end; ++item) {
    int64_t rest = item;
    const auto take = [&](int64_t count) {
      const int64_t index = rest % count;
      rest /= count;
      return index;
    };
    int64_t group = k.one_tap ? 0 : take(k.groups);
    const int64_t w_at = take(k.w_blocks) * k.w_block, h_at = take(k.h_blocks) * k.h_block;
    const int64_t plane = take(k.planes);
    const Axis w = k.axis(2, take(k.phases[2])), h = k.axis(1, take(k.phases[1])), d = k.axis(0, take(k.phases[0]));
    const int64_t image = take(k.s.n);
    if (k.one_tap) group = rest;  // one group's panels stay in L2 over all pixels
    const Block block{image,
                      plane,
                      h_at,
                      min_of(h_at + k.h_block, h.outputs),
                      w_at,
                      min_of(w_at + k.w_block, w.outputs),
                      part_begin(k.panels, k.groups, group),
                      part_begin(k.panels, k.groups, group + 1)};
    if (plane < d.outputs && block.h_begin < block.h_end && block.w_begin < block.w_end)
      run_block(k, d, h, w, block, at, scratch);
  }
}

template <bool Gradient>
int64_t items(const ConvShape& shape, int) {
  return Correlation<Gradient>(shape).items();
}

template <bool Gradient>
int64_t scratch(const ConvShape& shape) {
  const Correlation<Gradient> k(shape);
  return (kPanel + kRunElements + k.pooled_elements() + (k.in_place ? 0 : k.strip_elements())) * int64_t{sizeof(Real)};
}

double cost(const ConvShape& s) {
  if (s.groups != 1) return -1;
  return double(s.n) * double(product(s.out)) * double(product(s.kernel)) * double(s.c_in) *
         double(ceil_div(s.c_out, kLanes)) / 2;
}

// The names keep the two packings of one kernel apart: programs share what is prepared under one name.
template <bool Gradient>
constexpr PrepareKernel kPanels{Gradient ? "gradient panels" : "panels", packed_bytes<Gradient>, pack_items<Gradient>,
                                pack<Gradient>};

template <bool Gradient>
constexpr Kernel kernel() {
  Kernel kernel{"direct", erased_items<ConvShape, items<Gradient>>, erased_run<ConvShape, run<Gradient>>};
  kernel.scratch = erased_size<ConvShape, scratch<Gradient>>;
  kernel.cost = erased_cost<ConvShape, cost>;
  kernel.prepared_input = 1;
  kernel.prepare = &kPanels<Gradient>;
  return kernel;
}

}  // namespace direct
}  // namespace
}  // namespace striate::STRIATE_ISA
