// The weight gradient: for each tap a product of x transposed (c_in, pixels) and gy (pixels, c_out), with the
// micro-kernel's rows running over (taps along w, channels), which lie contiguous in x.
//
// The weights are cut into blocks (c range x column range, all taps) whose sums stay in L2 while the pixels
// stream by, a few image rows (a unit) at a time. Fewer than kWantedItems blocks are each split over chunks of
// units; the number of chunks depends on the shape alone, and phase 1 adds the chunks' sums by a fixed tree.
#pragma once

#include "kernels/cpu/conv_geometry.h"

namespace striate::STRIATE_ISA {
namespace {
namespace weight_gradient {

constexpr int64_t kBlockElements = 64 << 10;  // sums of a block: 256 KB
constexpr int64_t kBlockChannels = 64, kBlockColumns = 64;
static_assert(kBlockColumns % kPanel == 0);
constexpr int64_t kUnitPixels = 16 * kTileRows;
constexpr int64_t kChunkPixels = 1024;  // writing and adding a chunk costs what about 60 pixels cost
constexpr int64_t kWantedItems = 32;

struct Plan {
  ConvShape s;  // canonical
  Axis d, h, w;
  int64_t c_blocks, column_blocks;
  int64_t h_block, w_block, h_blocks, w_blocks;
  int64_t units, chunks;
  int64_t side, c_out;  // outputs along w seen as one, and the channels of that

  explicit Plan(const ConvShape& shape) : s(canonical(shape)) {
    d = forward_axis(s, 0);
    h = forward_axis(s, 1);
    w = forward_axis(s, 2);
    side = outputs_side_by_side(w, s.c_out, 1 << 20);  // sums are stored once
    c_out = s.c_out * side;
    if (side > 1) w = side_by_side(w, side);
    const int64_t columns = min_of(c_out, kBlockColumns);
    int64_t channels = min_of(s.c_in, kBlockChannels);
    while (channels > 1 && taps() * channels * columns > kBlockElements) channels = ceil_div(channels, 2);
    c_blocks = ceil_div(s.c_in, channels);
    column_blocks = ceil_div(c_out, kBlockColumns);
    w_block = min_of(w.outputs, 2 * kUnitPixels);
    h_block = min_of(h.outputs, ceil_div(kUnitPixels, w_block));
    h_blocks = ceil_div(h.outputs, h_block);
    w_blocks = ceil_div(w.outputs, w_block);
    units = s.n * d.outputs * h_blocks * w_blocks;
    const int64_t blocks = c_blocks * column_blocks;
    chunks = min_of(ceil_div(kWantedItems, blocks), ceil_div(s.n * product(s.out), kChunkPixels));
    chunks = blocks >= kWantedItems ? 1 : min_of(chunks, units);
  }

  bool dense() const { return w.offset_step == 1; }
  int64_t run_groups() const { return s.kernel[0] * s.kernel[1] * (dense() ? 1 : s.kernel[2]); }
  int64_t block_channels() const { return ceil_div(s.c_in, c_blocks); }
  int64_t gradient_elements() const { return product(s.kernel) * s.c_in * s.c_out; }
  int64_t taps() const { return s.kernel[0] * s.kernel[1] * w.taps; }
  // Sums of a block: [panel][tap][channel][kPanel].
  int64_t sum_elements() const {
    return taps() * block_channels() * ceil_div(min_of(c_out, kBlockColumns), kPanel) * kPanel;
  }
  int64_t strip_elements() const {
    const int64_t h_span = min_of((h_block - 1) * h.in_step + (h.taps - 1) * h.offset_step + 1, h.in_size);
    const int64_t w_span = (w_block - 1) * w.in_step + (w.taps - 1) * w.offset_step + 1;
    return min_of(d.taps, d.in_size) * h_span * w_span * block_channels();
  }
};

struct Block {
  int64_t c_begin, c_end, column_begin, column_end;
};

// Adds one unit's pixels to the block's sums.
static void add_unit(const Plan& p, const Block& b, int64_t unit, const Real* x, const Real* gy, Real* sums,
                     Real* scratch, bool first) {
  const int64_t w_at = unit % p.w_blocks * p.w_block, h_at = unit / p.w_blocks % p.h_blocks * p.h_block;
  const int64_t plane = unit / p.w_blocks / p.h_blocks % p.d.outputs;
  const int64_t image = unit / p.w_blocks / p.h_blocks / p.d.outputs;
  const int64_t w_end = min_of(w_at + p.w_block, p.w.outputs), h_end = min_of(h_at + p.h_block, p.h.outputs);
  const int64_t channels = b.c_end - b.c_begin;
  const int64_t d_tap = p.d.first_tap(plane), d_end = p.d.end_tap(plane);

  StripBox box{};
  box.d_first = p.d.position(plane, d_tap);
  box.d_step = p.d.offset_step;
  box.d_count = max_of(d_end - d_tap, 0);
  box.h_begin = min_of(max_of(p.h.position(h_at, 0), 0), p.h.in_size);
  box.h_end = max_of(min_of(p.h.position(h_end - 1, p.h.taps - 1) + 1, p.h.in_size), box.h_begin);
  box.w_begin = p.w.position(w_at, 0);
  box.w_end = p.w.position(w_end - 1, p.w.taps - 1) + 1;
  box.c_begin = b.c_begin;
  box.c_end = b.c_end;
  Strip strip{scratch, 0, 0, channels};
  if (box.elements() > 0) strip = make_strip(x + image * product(p.s.in) * p.s.c_in, p.s.in, p.s.c_in, box, scratch);
  const Real* out = gy + ((image * p.d.outputs + plane) * p.h.outputs * p.w.outputs + w_at) * p.c_out;

  const int64_t run = (p.dense() ? p.w.taps : 1) * channels, w_runs = p.dense() ? 1 : p.w.taps;
  // The first panel asks for the unit after this one, a share with every term; the hardware does not follow a panel's
  // half of each pixel's lines (7x7 3 -> 64 @224, batch 16: 80% of peak, of one image, which lies in L3, 94).
  const int64_t unit_elements = (h_end - h_at) * p.w.outputs * p.c_out, row_tiles = ceil_div(run, tile_rows(kPanel));
  // Where two blocks share the columns each asks for the lines of both: 6% faster all the same (3 -> 96).
  const bool asks = p.w_blocks == 1 && p.c_out <= 2 * kBlockColumns;
  const int64_t ask_step =
      min_of(ceil_div(unit_elements, (h_end - h_at) * (w_end - w_at) * row_tiles * p.run_groups()), kLine);
  const Real* ahead = out + (h_at * p.w.outputs * p.c_out) + unit_elements;
  for (int64_t column = b.column_begin; column < b.column_end; column += kPanel) {
    const int64_t columns = min_of(p.c_out - column, kPanel);
    const bool masked = columns % kLanes != 0;
    for (int64_t group = 0; group < p.run_groups(); ++group, sums += run * kPanel) {
      const int64_t tap_w = group % w_runs, tap_h = group / w_runs % p.h.taps, tap_d = group / w_runs / p.h.taps;
      // The unit's rows whose tap falls into the input; the others would add nothing.
      int64_t q = h_at, q_end = h_end;
      while (q < q_end && p.h.position(q, tap_h) < 0) ++q;
      while (q < q_end && p.h.position(q_end - 1, tap_h) >= p.h.in_size) --q_end;
      const bool inside = tap_d >= d_tap && tap_d < d_end;
      Reduction sum{{1, 1, inside ? q_end - q : 0},
                    {0, 0, p.h.in_step * strip.row},
                    {0, 0, p.w.outputs * p.c_out},
                    w_end - w_at,
                    1,
                    p.w.in_step * strip.pixel,
                    p.c_out};
      const Real* from = strip.base + (tap_d - d_tap) * strip.plane +
                         (p.h.position(q, tap_h) - box.h_begin) * strip.row + tap_w * p.w.offset_step * strip.pixel;
      for_tile_runs(run, tile_rows(columns), [&](int64_t r, int64_t rows, int64_t tiles) {
        sum.tiles = tiles;
        sum.a_tile = rows;
        sum.c_tile = rows * kPanel;
        sum.prefetch = ahead;
        sum.prefetch_step = asks && column == b.column_begin ? ask_step : 0;
        ahead += tiles * sum.count[2] * sum.length * sum.prefetch_step;
        micro_kernel(RowLayout::unit, rows, columns, masked)(sum, from + r, out + q * p.w.outputs * p.c_out + column,
                                                             sums + r * kPanel, kPanel, columns, !first);
      });
    }
  }
}

static void store_block(const Plan& p, const Block& b, const Real* sums, Real* gw) {
  const int64_t channels = b.c_end - b.c_begin;
  if (p.side > 1) {  // each output's own taps and channels, added up in order
    const Axis own = forward_axis(p.s, 2);
    for (int64_t tap = 0; tap < product(p.s.kernel); ++tap) {
      const Real* first = sums + (tap / own.taps * p.w.taps + tap % own.taps) * channels * kPanel;
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t k = 0; k < p.s.c_out; ++k) {
          Real sum = 0;
          for (int64_t j = 0; j < p.side; ++j)
            sum += first[(j * own.in_step * channels + c) * kPanel + j * p.s.c_out + k];
          gw[(tap * p.s.c_in + b.c_begin + c) * p.s.c_out + k] = sum;
        }
    }
    return;
  }
  for (int64_t column = b.column_begin; column < b.column_end; column += kPanel) {
    const int64_t columns = min_of(p.s.c_out - column, kPanel);
    for (int64_t tap = 0; tap < product(p.s.kernel); ++tap) {
      for (int64_t c = 0; c < channels; ++c, sums += kPanel)
        copy_run(gw + (tap * p.s.c_in + b.c_begin + c) * p.s.c_out + column, sums, columns);
    }
  }
}

static void run(const ConvShape& shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Plan p(shape);
  Real* gw = buffer<Real>(args, 2);
  const int64_t elements = p.gradient_elements();
  if (phase == 1) return sum_part_items(static_cast<const Real*>(args.workspace), elements, p.chunks, begin, end, gw);
  Real* sums = static_cast<Real*>(args.scratch);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t chunk = item / (p.c_blocks * p.column_blocks);
    const int64_t c_block = item % p.c_blocks, column_block = item / p.c_blocks % p.column_blocks;
    const Block block{part_begin(p.s.c_in, p.c_blocks, c_block), part_begin(p.s.c_in, p.c_blocks, c_block + 1),
                      column_block * kBlockColumns, min_of((column_block + 1) * kBlockColumns, p.c_out)};
    const int64_t first = part_begin(p.units, p.chunks, chunk), last = part_begin(p.units, p.chunks, chunk + 1);
    for (int64_t unit = first; unit < last; ++unit)
      add_unit(p, block, unit, buffer<const Real>(args, 0), buffer<const Real>(args, 1), sums, sums + p.sum_elements(),
               unit == first);
    store_block(p, block, sums, p.chunks == 1 ? gw : static_cast<Real*>(args.workspace) + chunk * elements);
  }
}

static int64_t items(const ConvShape& shape, int phase) {
  const Plan p(shape);
  if (phase == 0) return p.chunks * p.c_blocks * p.column_blocks;
  return p.chunks == 1 ? 0 : ceil_div(p.gradient_elements(), kPartElements);
}
static int64_t workspace(const ConvShape& shape) {
  const Plan p(shape);
  return p.chunks == 1 ? 0 : p.chunks * p.gradient_elements() * int64_t{sizeof(Real)};
}
static int64_t scratch(const ConvShape& shape) {
  const Plan p(shape);
  return (p.sum_elements() + p.strip_elements()) * int64_t{sizeof(Real)};
}
// Fitted like the packed kernel's: what is copied and read again weighs the more, the fewer taps use it.
static double cost(const ConvShape& shape) {
  if (shape.groups != 1) return -1;
  const ConvShape s = canonical(shape);
  const double taps = double(product(s.kernel)), outputs = double(s.n) * double(product(s.out));
  return outputs * taps * double(s.c_in) * double(ceil_div(s.c_out, kLanes)) / 2 *
         (1.1 + 0.5 * double(product(s.stride)) / taps);
}

constexpr Kernel kernel() {
  Kernel kernel{"direct", erased_items<ConvShape, items>, erased_run<ConvShape, run>, 2};
  kernel.workspace = erased_size<ConvShape, workspace>;
  kernel.scratch = erased_size<ConvShape, scratch>;
  kernel.cost = erased_cost<ConvShape, cost>;
  return kernel;
}

}  // namespace weight_gradient
}  // namespace
}  // namespace striate::STRIATE_ISA
