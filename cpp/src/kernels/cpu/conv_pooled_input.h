// The 1x1 convolution of a max pooling, as on the fourth branch of an Inception block: an item pools a few rows of an
// image into scratch memory and multiplies them from there. A pooling by itself takes 0.4 of the product's time (512
// channels @14, one image), and on two cores that share no L3 about as long as it: it writes what both have read, at
// 8 GB/s (docs/performance.md).
#pragma once

#include "kernels/cpu/conv_direct.h"
#include "kernels/cpu/pool_max_columns.h"

namespace striate::STRIATE_ISA {
namespace {
namespace pooled_input {

constexpr int64_t kRunPanels = 8;  // summed in one call

struct Plan {
  PoolShape pooling;
  int64_t rows;    // of an image in an item: a tile's pixels or more
  int64_t blocks;  // of rows in an image

  explicit Plan(const ConvShape& s)
      : pooling{s.n,
                s.c_in,
                {s.in[0], s.in[1], s.in[2]},
                {s.out[0], s.out[1], s.out[2]},
                {1, 3, 3},
                {1, 1, 1},
                {0, 1, 1},
                {0, 1, 1},
                false},
        rows(min_of(ceil_div(kTileRows, s.out[2]), s.out[1])),
        blocks(ceil_div(s.out[1], rows)) {}

  int64_t items() const { return pooling.n * pooling.in[0] * blocks; }
  int64_t pooled_elements() const { return rows * pooling.out[2] * pooling.c; }
  int64_t slot_elements() const { return pooling.window[2] * pooling.c; }
};

static void run(const ConvShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Plan p(s);
  const direct::Correlation<false> k(s);
  const Real *x = buffer<const Real>(args, 0), *packed = buffer<const Real>(args, 1);
  const Finish at = finish_of(s.epilogue, args, s.n * product(s.out) * s.c_out, s.c_out);
  const int64_t y_row = row_channels(s.epilogue, s.c_out), whole = s.c_out / kPanel;
  Real* sums = static_cast<Real*>(args.scratch);
  Real* pooled = sums + kRunPanels * kTileRows * kPanel;
  Real* slots = pooled + p.pooled_elements();
  for (int64_t item = begin; item < end; ++item) {
    const int64_t plane = item / p.blocks, row = item % p.blocks * p.rows;
    const int64_t first_row = plane * s.out[1] + row, count = min_of(p.rows, s.out[1] - row);
    max_by_columns(p.pooling, x, pooled, slots, {first_row, first_row + count});
    for_tile_runs(count * s.out[2], kTileRows, [&](int64_t first, int64_t height, int64_t tiles) {
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t pixel = first + t * height;
        for (int64_t panel = 0, panels; panel < k.panels; panel += panels) {
          panels = panel < whole ? min_of(whole - panel, kRunPanels) : 1;
          const int64_t width = k.panel_width(panel);
          Reduction sum{{1, 1, 1}, {}, {}, s.c_in, s.c_in, 1, width};
          sum.tiles = panels;
          sum.b_tile = k.packed_panel();
          sum.c_tile = height * kPanel;
          micro_kernel(RowLayout::strided, height, width, false)(
              sum, pooled + pixel * s.c_in, packed + panel * k.packed_panel(), sums, kPanel, width, false);
          for (int64_t i = 0; i < panels; ++i) {
            const int64_t channel = (panel + i) * kPanel;
            finish_tile(s.epilogue, sums + i * sum.c_tile, kPanel, height, min_of(s.c_out - channel, kPanel),
                        tile_at(at, channel, (first_row * s.out[2] + pixel) * y_row + channel), y_row);
          }
        }
      }
    });
  }
}

static int64_t items(const ConvShape& s, int) { return Plan(s).items(); }
static int64_t scratch(const ConvShape& s) {
  const Plan p(s);
  return (kRunPanels * kTileRows * kPanel + p.pooled_elements() + p.slot_elements()) * int64_t{sizeof(Real)};
}
static double cost(const ConvShape& s) {
  if (!s.pools_input || s.c_out < kPanel) return -1;
  ConvShape pooled = s;
  pooled.pools_input = false;
  return direct::cost<false>(pooled) + 4 * double(s.n) * double(product(s.out)) * double(ceil_div(s.c_in, kLanes));
}

constexpr Kernel kernel() {
  Kernel kernel{"pooled input", erased_items<ConvShape, items>, erased_run<ConvShape, run>};
  kernel.scratch = erased_size<ConvShape, scratch>;
  kernel.cost = erased_cost<ConvShape, cost>;
  kernel.prepared_input = 1;
  kernel.prepare = &direct::kPanels<false>;
  return kernel;
}

}  // namespace pooled_input
}  // namespace
}  // namespace striate::STRIATE_ISA
