// Input gradient of a convolution with few input channels and unit steps: lanes are the taps along w and the channels,
// which one pixel of gy reaches and which lie side by side in gx. Tiles of pixels are summed over the taps along d and
// h; then they are added up along w, each over its neighbours, in L1. Where outputs side by side (conv_direct_panels.h)
// leave lanes and taps idle, all but the last lanes have work: 16 -> 6 channels, 5x5, on 14x14 spend 8,000 cycles an
// image in place of 19,000.
#pragma once

#include "kernels/cpu/conv_geometry.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {
namespace overlapped {

constexpr int64_t kSumElements = 8192;  // of an item: 32 KB
constexpr int64_t kOverlapCycles = 12;  // to add a pixel's vectors to the row

struct Plan {
  ConvShape s;               // canonical
  int64_t reach, width;      // lanes of a pixel, and of its panel
  int64_t lines, blocks;     // of gx in an item, and items a plane
  int64_t row, row_columns;  // elements of a row of gx with what pads it, and of gx
  explicit Plan(const ConvShape& shape)
      : s(canonical(shape)),
        reach(s.kernel[2] * s.c_in),
        width(reach <= kLanes ? kLanes : kPanel),
        lines(max_of(min_of(kSumElements / (s.out[2] * width), s.in[1]), 1)),
        blocks(ceil_div(s.in[1], lines)),
        row((s.out[2] + s.kernel[2] - 1) * s.c_in),
        row_columns(s.in[2] * s.c_in) {}

  bool possible() const {
    bool fits = s.groups == 1 && s.c_in < kLanes && s.kernel[2] > 1 && reach <= kPanel && !s.epilogue.bias;
    for (int i = 0; i < 3; ++i)  // gx lies within what gy reaches
      fits = fits && s.stride[i] == 1 && s.dilation[i] == 1 && s.pad[i] >= 0 &&
             s.pad[i] + s.in[i] <= s.out[i] + s.kernel[i] - 1;
    return fits;
  }
  int64_t tap_elements() const { return s.c_out * width; }  // of a tap along d and h
  int64_t sum_elements() const { return lines * s.out[2] * width; }
  int64_t row_elements() const { return row + kPanel; }
};

// The taps along an axis that reach element `at` of gx, and the element of gy that the first of them belongs to.
struct Reached {
  int64_t first, count, from;
};
STRIATE_INLINE Reached reached(const ConvShape& s, int axis, int64_t at) {
  const int64_t last = at + s.pad[axis];  // of gy, with tap 0
  const int64_t first = max_of(last - s.out[axis] + 1, 0);
  return {first, max_of(min_of(s.kernel[axis] - 1, last) - first + 1, 0), last - first};
}

// Prepared: [tap along d and h][channel of gy][tap along w, channel of gx].
static int64_t packed_bytes(const void* shape) {
  const Plan p(*static_cast<const ConvShape*>(shape));
  return p.s.kernel[0] * p.s.kernel[1] * p.tap_elements() * int64_t{sizeof(Real)};
}
static int64_t pack_items(const void* shape) {
  const Plan p(*static_cast<const ConvShape*>(shape));
  return p.s.kernel[0] * p.s.kernel[1];
}
static void pack(const void* shape, const void* source, void* prepared, int64_t begin, int64_t end) {
  const Plan p(*static_cast<const ConvShape*>(shape));
  for (int64_t tap = begin; tap < end; ++tap) {
    Real* to = static_cast<Real*>(prepared) + tap * p.tap_elements();
    transpose(static_cast<const Real*>(source) + tap * p.reach * p.s.c_out, p.s.c_out, p.reach, p.s.c_out, to, p.width);
    for (int64_t c = 0; c < p.s.c_out; ++c) zero_run(to + c * p.width + p.reach, p.width - p.reach);
  }
}
static int64_t traits(const void* shape, int64_t* values) {
  return filter_traits(Plan(*static_cast<const ConvShape*>(shape)).s, values);
}

// The sums of one line of gx: [pixel of gy][tap along w, channel].
static void sum_line(const Plan& p, const Real* gy, const Real* taps, const Reached& d, const Reached& h, Real* sums) {
  const int64_t pixels = p.s.out[2], line = pixels * p.s.c_out, plane = p.s.out[1] * line, tap = p.tap_elements();
  Reduction sum{
      {d.count, h.count, 1}, {-plane, -line, 0}, {p.s.kernel[1] * tap, tap, 0}, p.s.c_out, p.s.c_out, 1, p.width};
  const Real* from = gy + d.from * plane + h.from * line;
  const Real* first = taps + (d.first * p.s.kernel[1] + h.first) * tap;
  for_tile_runs(pixels, tile_rows(p.width), [&](int64_t pixel, int64_t rows, int64_t tiles) {
    sum.tiles = tiles;
    sum.a_tile = rows * p.s.c_out;
    sum.c_tile = rows * p.width;
    micro_kernel(RowLayout::strided, rows, p.width, false)(sum, from + pixel * p.s.c_out, first, sums + pixel * p.width,
                                                           p.width, p.width, false);
  });
}

static void run(const ConvShape& shape, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Plan p(shape);
  const ConvShape& s = p.s;
  const Real *gy = buffer<const Real>(args, 0), *taps = buffer<const Real>(args, 1);
  const Finish to = finish_of(shape.epilogue, args, 0, 1);
  Real* sums = static_cast<Real*>(args.scratch);
  Real* rows = sums + p.sum_elements();
  for (int64_t item = begin; item < end; ++item) {
    const int64_t plane = item / p.blocks, image = plane / s.in[0];
    const int64_t h_begin = item % p.blocks * p.lines, h_end = min_of(h_begin + p.lines, s.in[1]);
    const Reached d = reached(s, 0, plane % s.in[0]);
    const Real* from = gy + image * product(s.out) * s.c_out;
    for (int64_t h = h_begin; h < h_end; ++h)
      sum_line(p, from, taps, d, reached(s, 1, h), sums + (h - h_begin) * s.out[2] * p.width);
    zero_run(rows, (h_end - h_begin) * p.row_elements());
    // Neighbours are added a pass apart, and lines in turn: what was stored is not loaded at once. Idle lanes add 0.
    for (int64_t first = 0; first < s.kernel[2]; ++first)
      for (int64_t w = first; w < s.out[2]; w += s.kernel[2])
        for (int64_t h = 0; h < h_end - h_begin; ++h) {
          const Real* pixel = sums + (h * s.out[2] + w) * p.width;
          Real* at = rows + h * p.row_elements() + w * s.c_in;
          for_vectors(0, p.reach,
                      [&](int64_t j, int64_t lanes) { store(at + j, load(at + j) + load_lanes(pixel + j, lanes)); });
        }
    for (int64_t h = h_begin; h < h_end; ++h)
      finish_tile(s.epilogue, rows + (h - h_begin) * p.row_elements() + s.pad[2] * s.c_in, 0, 1, p.row_columns,
                  tile_at(to, 0, (plane * s.in[1] + h) * p.row_columns), 0);
  }
}

static int64_t items(const ConvShape& shape, int) {
  const Plan p(shape);
  return p.s.n * p.s.in[0] * p.blocks;
}
static int64_t scratch(const ConvShape& shape) {
  const Plan p(shape);
  return (p.sum_elements() + p.lines * p.row_elements()) * int64_t{sizeof(Real)};
}
static double cost(const ConvShape& shape) {
  const Plan p(shape);
  if (!p.possible()) return -1;
  const double pixels = double(p.s.n) * double(product(p.s.out));
  const double added = double(p.s.n) * double(p.s.in[0]) * double(p.s.in[1]) * double(p.s.out[2]);
  return pixels * double(p.s.kernel[0] * p.s.kernel[1]) * double(p.tap_elements() / kLanes) / 2 +
         kOverlapCycles * added;
}

constexpr PrepareKernel kTaps{"overlapped taps", packed_bytes, pack_items, pack, traits};

constexpr Kernel kernel() {
  Kernel kernel{"overlapped", erased_items<ConvShape, items>, erased_run<ConvShape, run>};
  kernel.scratch = erased_size<ConvShape, scratch>;
  kernel.cost = erased_cost<ConvShape, cost>;
  kernel.prepared_input = 1;
  kernel.prepare = &kTaps;
  return kernel;
}

}  // namespace overlapped
}  // namespace
}  // namespace striate::STRIATE_ISA
