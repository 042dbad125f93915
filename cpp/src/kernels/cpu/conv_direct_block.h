// The sums of one block of a direct convolution: its lines of outputs, panel by panel or, with one tap, tile by tile.
#pragma once

#include "kernels/cpu/conv_direct_panels.h"
#include "kernels/cpu/epilogue.h"

namespace striate::STRIATE_ISA {
namespace {
namespace direct {

// Outputs summed in one call, on several lines if these are short; before an epilogue they wait in L1.
constexpr int64_t kRunPixels = 16 * kTileRows;
constexpr int64_t kRunElements = kItemPixels * kPanel;  // a line may be longer
constexpr int64_t kRunPanels = 8;

// Rows of a tile that lie a multiple of 4 KB apart share one set of L1, of 12 lines: more push each other out before
// their 16 terms are over (1024 -> 256 @14: 96% of peak with 14 rows, 99.5% with 12 to 10).
constexpr int64_t kSetElements = 4096 / sizeof(Real), kSetRows = 12, kLeastSetRows = 10;
STRIATE_INLINE int64_t tile_rows_apart(int64_t pixels, int64_t pixel_row) {
  const bool fits = kTileRows <= kSetRows || pixel_row % kSetElements != 0;
  return fits || pixels / ceil_div(pixels, kSetRows) < kLeastSetRows ? kTileRows : kSetRows;
}

struct Operands {
  const Real *x, *packed;
  Finish finish;
};

struct Block {
  int64_t image, plane, h_begin, h_end, w_begin, w_end, panel_begin, panel_end;
};

template <bool Gradient>
struct BlockSums {
  BlockSums(const Correlation<Gradient>& correlation, const Axis& d_axis, const Axis& h_axis, const Axis& w_axis,
            const Block& block, const Operands& operands, Real* scratch)
      : k(correlation), d(d_axis), h(h_axis), w(w_axis), b(block), at(operands), sums(scratch) {
    read_input(scratch + kRunElements + k.pooled_elements());
    place_results(scratch + kRunElements);
    plan_asking();
  }
  void run() {
    if (k.one_tap)
      run_tiles();
    else
      run_panels();
  }

  // A line of outputs: its taps along h, what they read, and where its results begin.
  struct Line {
    int64_t q, h_tap, h_taps, y;
    const Real* row;
  };

  const Correlation<Gradient>& k;
  const Axis &d, &h, &w;
  const Block& b;
  const Operands& at;
  const Epilogue& ending = k.s.epilogue;
  Real* const sums;
  const int64_t d_tap = d.first_tap(b.plane), d_taps = max_of(d.end_tap(b.plane) - d_tap, 0);
  const int64_t pixels = b.w_end - b.w_begin;
  const bool dense = w.offset_step == 1;  // taps along w and channels are one run
  const bool pooled = ending.pooling != Pooling::none;
  const bool plain = pools_first(ending) ||
                     (!ending.bias && !ending.residual && !ending.mask && ending.activation == Activation::none);
  const bool own_bias = k.side == 1 && k.bias_channels != k.c_out;  // repeats with the taps merged into channels
  const int64_t out_h = Gradient ? k.s.in[1] : k.s.out[1], out_w = (Gradient ? k.s.in[2] : k.s.out[2]) / k.side;
  // The input.
  Strip strip{sums, 0, 0, k.c_in};
  int64_t h_first, pixel_row;  // the strip's first row; from pixel to pixel of a line of outputs
  // Where results go: y, or what waits for the pooling, a panel of the block, outputs side by side as they are.
  Finish to = at.finish;
  int64_t y_channels = row_channels(ending, k.c_out), y_row = w.out_step * y_channels;
  int64_t y_line = h.out_step * out_w * y_channels;
  // Runs of memory asked for with one tap: a tile's input, what its results are joined with, and where they go. A
  // buffer that this run of the program has not met yet lies in memory, and a store reads the line first.
  bool asks_y;
  int64_t asked = 1;
  const Real* beside[3];
  int64_t panels_a_call;

  void read_input(Real* copy) {
    StripBox box{};
    box.d_first = d.position(b.plane, d_tap);
    box.d_step = d.offset_step;
    box.d_count = d_taps;
    box.h_begin = min_of(max_of(h.position(b.h_begin, 0), 0), h.in_size);
    box.h_end = max_of(min_of(h.position(b.h_end - 1, h.taps - 1) + 1, h.in_size), box.h_begin);
    box.w_begin = w.position(b.w_begin, 0);
    box.w_end = max_of(w.position(b.w_end - 1, w.taps - 1) + 1, box.w_begin);
    box.c_end = k.c_in;
    const int64_t in_size[3] = {d.in_size, h.in_size, w.in_size};
    if (box.elements() > 0) strip = make_strip(at.x + b.image * product(in_size) * k.c_in, in_size, k.c_in, box, copy);
    h_first = box.h_begin;
    pixel_row = w.in_step * strip.pixel;
  }

  void place_results(Real* waiting) {
    if (!pooled) return;
    to.y = waiting;
    y_row = k.side > 1 ? k.c_out : kPanel;
    y_line = pixels * y_row;
  }

  void plan_asking() {
    asks_y = !pooled && !to.streams && to.y != to.residual && to.y != to.mask && y_row == k.c_out;
    if (b.panel_end - b.panel_begin == k.panels && y_row == k.c_out) {
      if (to.residual) beside[asked++ - 1] = to.residual;
      if (to.mask) beside[asked++ - 1] = to.mask;
      if (asks_y) beside[asked++ - 1] = to.y;
    }
    panels_a_call = min_of(kRunPanels, ceil_div(b.panel_end - b.panel_begin, asked));
  }

  Line line_at(int64_t q) const {
    Line line{};
    line.q = q;
    line.h_tap = h.first_tap(q);
    line.h_taps = max_of(h.end_tap(q) - line.h_tap, 0);
    line.row = strip.base + (h.position(q, line.h_tap) - h_first) * strip.row;
    const int64_t out_d = Gradient ? k.s.in[0] : k.s.out[0];
    const int64_t plane = b.image * out_d + d.out_first + b.plane * d.out_step;
    const int64_t row = plane * out_h + h.out_first + q * h.out_step;
    line.y = pooled ? (q - b.h_begin) * y_line : (row * out_w + w.out_first + b.w_begin * w.out_step) * y_channels;
    return line;
  }

  Reduction sum_of(const Line& line, int64_t width) const {
    const int64_t tap = k.c_in * width;
    return {{d_taps, line.h_taps, dense ? 1 : w.taps},
            {strip.plane, h.offset_step * strip.row, w.offset_step * strip.pixel},
            {k.s.kernel[1] * k.w_taps * tap, k.w_taps * tap, tap},
            dense ? w.taps * k.c_in : k.c_in,
            pixel_row,
            1,
            width};
  }

  const Real* taps_of(const Line& line, int64_t panel, int64_t width) const {
    const int64_t row = (d.packed_first + d_tap) * k.s.kernel[1] + h.packed_first + line.h_tap;
    return at.packed + panel * k.packed_panel() + (w.packed_first + row * k.w_taps) * k.c_in * width;
  }

  // What a call asks for meanwhile, a share with every term; `from`, `rows`, `lines` as in `add`.
  __attribute__((always_inline)) void ask_ahead(Reduction& sum, const Line& line, int64_t panel, const Real* x,
                                                int64_t from, int64_t rows, int64_t lines) const {
    if (k.weights_stream() && k.one_tap) {
      // The panels of the next items, a share of them with every tile: of all outputs, which meet this group one after
      // the other, or of the block, which then meets the next.
      const int64_t outputs = k.by_pixels ? (b.h_end - b.h_begin) * pixels : h.outputs * w.outputs;
      const int64_t output = k.by_pixels ? (line.q - b.h_begin) * pixels : line.q * w.outputs + b.w_begin;
      const int64_t group = (b.panel_end - b.panel_begin) * k.packed_panel();
      sum.prefetch_step = min_of(ceil_div(rows * kPanel, outputs), kLine);
      sum.prefetch = at.packed + b.panel_end % k.panels * k.packed_panel() + (output + from) * group / outputs +
                     (panel - b.panel_begin) * k.packed_panel() * rows / outputs;
    } else if (k.weights_stream() && line.h_taps > 0) {
      // The next panel, a share of it with every tile of the block.
      const int64_t outputs = (b.h_end - b.h_begin) * pixels, next = (panel + 1) % k.panels * k.packed_panel();
      const int64_t terms = max_of(d_taps * line.h_taps * w.taps * k.c_in, 1);
      sum.prefetch_step = min_of(ceil_div(rows * k.packed_panel(), outputs * terms), kLine);
      sum.prefetch = at.packed + next + ((line.q - b.h_begin) * pixels + from * lines) * k.packed_panel() / outputs;
    } else if (k.one_tap) {
      // The next tile's input and the memory beside it, runs one after the other, a share of them with every panel.
      const int64_t shares = b.panel_end - b.panel_begin, at_share = (panel - b.panel_begin) * asked;
      const int64_t run = at_share / shares, elements = run == 0 ? rows * pixel_row : rows * y_row;
      sum.prefetch_step = min_of(ceil_div(elements * asked, max_of(shares * sum.length, 1)), kLine);
      sum.prefetch = (run == 0 ? x + rows * pixel_row : beside[run - 1] + line.y + (from + rows) * y_row) +
                     at_share % shares * elements / shares;
    } else if (k.in_place && panel == b.panel_begin && line.h_taps * w.taps > 0) {
      // The next row of outputs, a share of its input with every term.
      sum.prefetch_step = ceil_div(h.in_step * strip.row, ceil_div(pixels, kTileRows) * line.h_taps * w.taps * k.c_in);
      sum.prefetch = line.row + (line.h_taps * h.offset_step + from * h.in_step / pixels) * strip.row;
    } else if (asks_y && panel == b.panel_begin && pixels == w.outputs && d_taps * line.h_taps > 0) {
      // The lines of results after these, which are one run of memory.
      const int64_t terms = d_taps * line.h_taps * w.taps * k.c_in;
      sum.prefetch_step = min_of(ceil_div(y_line, ceil_div(pixels, kTileRows) * terms), kLine);
      sum.prefetch = to.y + line.y + lines * y_line + from * y_row;
    }
  }

  // On `lines` lines, a run of `tiles` tiles of `rows` outputs from output `from` on, each `panels` panels.
  void add(const Line& line, int64_t panel, int64_t panels, int64_t from, int64_t rows, int64_t tiles,
           int64_t lines) const {
    const int64_t width = k.panel_width(panel), columns = min_of(k.c_out - panel * kPanel, kPanel);
    Reduction sum = sum_of(line, width);
    const Real* x = line.row + from * pixel_row;
    ask_ahead(sum, line, panel, x, from, rows, lines);
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
  }

  // With one tap: each tile meets all panels. Whole panels; then what is left, in tiles of its own height.
  void run_tiles() const {
    const int64_t whole = min_of(max_of(k.c_out / kPanel, b.panel_begin), b.panel_end);
    for (int64_t q = b.h_begin; q < b.h_end; ++q) {
      const Line line = line_at(q);
      for_tile_runs(pixels, tile_rows_apart(pixels, pixel_row), [&](int64_t first, int64_t rows, int64_t tiles) {
        for (int64_t t = 0; t < tiles; ++t)
          for (int64_t panel = b.panel_begin; panel < whole; panel += panels_a_call)
            add(line, panel, min_of(whole - panel, panels_a_call), first + t * rows, rows, 1, 1);
      });
      if (whole < b.panel_end)
        for_tile_runs(pixels, tile_rows(k.panel_width(whole)),
                      [&](int64_t first, int64_t rows, int64_t tiles) { add(line, whole, 1, first, rows, tiles, 1); });
    }
  }

  void run_panels() const {
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
      if (pooled) pool(panel);
    }
  }

  // What waits of a panel, to y.
  void pool(int64_t panel) const {
    const int64_t channels = k.c_out / k.side, wide = out_w * k.side / 2;
    const int64_t row = ((b.image * k.s.out[0] + b.plane) * out_h + b.h_begin) / 2;
    Real* y = at.finish.y + panel * kPanel + (row * wide + b.w_begin * k.side / 2) * channels;
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
};

}  // namespace direct
}  // namespace
}  // namespace striate::STRIATE_ISA
