// Winograd convolution, forward and input gradient, for weights whose points would lie outside the caches: 3x3 filters
// grow fourfold, 512 x 512 of them to 38 MB, which it takes longer to write and to read again than to make anew. Only
// for weights that change with every step: prepared once, they are read faster than made.
//
// An item is a patch of tiles for one panel of output channels. It transforms the panel's filters for some input
// channels, all points at once, which then lie in L2, and adds their products to the sums of all points; and so on to
// the last channel. The input of all patches is transformed in a phase of its own, since every panel reads it.
#pragma once

#include "kernels/cpu/winograd_forward.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// Filters are transformed once a patch, which takes as long as 2 to 4 of its tiles. AVX-512: 84 tiles leave 390 KB of
// sums, 128 channels 590 KB of points.
constexpr int64_t kFarTiles = (kTileRows > 8 ? 6 : 12) * kTileRows;
constexpr int64_t kFarChannels = 128;
constexpr int64_t kApartChannels = 64;  // of an item of the phase that transforms the input
// With more patches it takes longer to read their input again for each panel than to have prepared the weights.
constexpr int64_t kFarPatches = 2;
static_assert(kFarChannels % kApartChannels == 0 && kFarTiles + kTileRows <= PatchTiles::kMost);

template <int M, int R, bool Gradient>
struct Far : Convolution<M, R, Gradient> {
  using Convolution<M, R, Gradient>::P;
  Block block;    // of the input: [patch][channels / kFarChannels][point]
  int64_t steps;  // of kFarChannels channels
  explicit Far(const ConvShape& shape)
      : Convolution<M, R, Gradient>(shape, kFarTiles),
        block(this->patches.most_tiles(), kFarChannels),
        steps(ceil_div(this->c_in, kFarChannels)) {}
  int64_t input_step() const { return P * P * block.point; }
  int64_t input_elements() const { return steps * input_step(); }  // of a patch
  static constexpr int64_t kFilterPoint = kFarChannels * kPanel + kLanes;
};

template <int M, int R, bool Gradient>
void transform_far(const Far<M, R, Gradient>& k, const Real* x, Real* input, int64_t begin, int64_t end) {
  constexpr int P = M + R - 1;
  const int64_t blocks = ceil_div(k.c_in, kApartChannels);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t patch = item / blocks, c = item % blocks * kApartChannels;
    transform_input<P, 0, P / 2, true>(
        k.grid, PatchTiles(k.grid, k.patches.at(patch)), input_pixels<R, Gradient>(k.s, x, 0),
        {c, min_of(k.c_in - c, kApartChannels)}, k.block,
        input + patch * k.input_elements() + c / kFarChannels * k.input_step() + c % kFarChannels);
  }
}

// The filters of a panel for kFarChannels input channels, as kRuns runs of kFarChannels cache lines to be asked for, a
// run with a point's first tile.
template <int M, int R, bool Gradient>
struct FiltersAhead {
  const Real* w = nullptr;  // of the first tap, channel and column
  int64_t row, tap;         // from row to row, and from tap to tap
  FiltersAhead(const Far<M, R, Gradient>& k, const Real* weights, int64_t panel, int64_t step)
      : row(Gradient ? k.c_in : k.c_out), tap(k.c_in * k.c_out) {
    if (step == k.steps) ++panel, step = 0;  // the next item's
    if (panel == k.panels) panel = 0;
    const int64_t c = step * kFarChannels;
    w = weights + (Gradient ? panel * kPanel * row + c : c * row + panel * kPanel);
  }
  // A tap's rows are input channels of kPanel columns or, in the gradient, columns of kFarChannels channels. A run is
  // kWide lines of each row, a line of all rows after the other.
  static constexpr int64_t kRows = Gradient ? kPanel : kFarChannels, kWide = kFarChannels / kRows;
  static constexpr int64_t kTapRuns = kPanel > kLine ? kPanel / kLine : 1;
  static constexpr int64_t kRuns = R * R * kTapRuns;
  // Run i, while `sum` does kFarChannels terms, in parts as long as the rows.
  void ask(int64_t i, Reduction& sum) const {
    sum.prefetch = w + i / kTapRuns * tap + i % kTapRuns * kWide * kLine;
    sum.prefetch_step = row;
    sum.prefetch_jump = kLine - kRows * row;
    sum.count[2] = kWide;
    sum.a_stride[2] = kRows;
    sum.b_stride[2] = kRows * sum.b_step;
    sum.length = kRows;
  }
};

// Adds the products of `channels` channels, point by point. Meanwhile the next point's input is asked for, and with the
// first tile of points what `ahead` names.
template <int M, int R, bool Gradient>
void multiply_far(const Far<M, R, Gradient>& k, const PatchTiles& tiles, const Real* input, const Real* filters,
                  int64_t channels, int64_t width, bool accumulate, Real* sums,
                  const FiltersAhead<M, R, Gradient>& ahead) {
  constexpr int P = M + R - 1;
  constexpr int64_t kRuns = FiltersAhead<M, R, Gradient>::kRuns, kEvery = P * P / kRuns > 1 ? P * P / kRuns : 1;
  Reduction sum{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, channels, k.block.row, 1, width};
  sum.prefetch_step = kLine;
  for (int64_t i = 0; i < P * P; ++i, input += k.block.point, filters += k.kFilterPoint) {
    const Run places = tiles.with_point(i / P, i % P);
    if (places.count() == 0) continue;
    for_tile_runs(places.count(), kTileRows, [&](int64_t from, int64_t rows, int64_t count) {
      const MicroKernel add = micro_kernel(RowLayout::strided, rows, width, false);
      const Real* a = input + (places.begin + from) * k.block.row;
      Real* to = sums + (places.begin + from) * k.kSumTile + i * kPanel;
      sum.c_tile = rows * k.kSumTile;
      if (from == 0 && i % kEvery == 0 && i / kEvery < kRuns && channels == kFarChannels) {
        Reduction first = sum;
        first.tiles = 1;
        ahead.ask(i / kEvery, first);
        add(first, a, filters, to, k.kSumTile, width, accumulate);
        a += rows * k.block.row;
        to += sum.c_tile;
        --count;
      }
      if (count == 0) return;
      sum.tiles = count;
      sum.a_tile = rows * k.block.row;
      sum.prefetch = a + k.block.point;
      add(sum, a, filters, to, k.kSumTile, width, accumulate);
    });
  }
}

template <int M, int R, bool Gradient>
void run_far(const ConvShape& shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Far<M, R, Gradient> k(shape);
  const Real *x = buffer<const Real>(args, 0), *w = buffer<const Real>(args, 1);
  Real* input = static_cast<Real*>(args.workspace);
  if (phase == 0) return transform_far(k, x, input, begin, end);
  const Finish to = finish_of(shape.epilogue, args, k.s.n * product(Gradient ? k.s.in : k.s.out) * k.c_out, k.c_out);
  Real* pixels = static_cast<Real*>(args.scratch);
  Real* sums = pixels + k.kPixels;
  Real* filters = sums + k.sum_panel();
  for (int64_t item = begin; item < end; ++item) {
    const int64_t panel = item % k.panels, width = k.panel_width(panel);
    const PatchTiles tiles(k.grid, k.patches.at(item / k.panels));
    const Real* points = input + item / k.panels * k.input_elements();
    for (int64_t step = 0; step < k.steps; ++step, points += k.input_step()) {
      const int64_t first = step * kFarChannels, channels = min_of(k.c_in - first, kFarChannels);
      for (int64_t c = 0; c < channels; c += kLanes)
        transform_filters(k, w, panel, 0, first + c, k.kFilterPoint, Stores::near, filters + c * width);
      multiply_far(k, tiles, points, filters, channels, width, step > 0, sums,
                   FiltersAhead<M, R, Gradient>(k, w, panel, step + 1));
    }
    finish(k, panel, tiles, sums, to, pixels);
  }
}

template <int M, int R, bool Gradient>
int64_t far_items(const ConvShape& shape, int phase) {
  const Far<M, R, Gradient> k(shape);
  return k.patches.count * (phase == 0 ? ceil_div(k.c_in, kApartChannels) : k.panels);
}
template <int M, int R, bool Gradient>
int64_t far_workspace(const ConvShape& shape) {
  const Far<M, R, Gradient> k(shape);
  return k.patches.count * k.input_elements() * int64_t{sizeof(Real)};
}
template <int M, int R, bool Gradient>
int64_t far_scratch(const ConvShape& shape) {
  const Far<M, R, Gradient> k(shape);
  return (k.kPixels + k.sum_panel() + k.P * k.P * k.kFilterPoint) * int64_t{sizeof(Real)};
}

// As of prepared weights, with transforms of filters in place of reading their points.
template <int M, int R, bool Gradient>
double far_cost(const ConvShape& shape) {
  if (!can_do<R>(canonical(shape))) return -1;
  const Far<M, R, Gradient> k(shape);
  if (k.weights_near() || k.patches.count > kFarPatches) return -1;
  return arithmetic(k) + 200.0 * double(k.patches.count) * double(k.c_in) * double(ceil_div(k.c_out, kLanes));
}

template <int M, int R, bool Gradient>
constexpr Kernel far_kernel() {
  static_assert(M == 4 && R == 3, "F(2x2), and phases, took longer than others: 512 -> 512 @7, batch 16");
  Kernel kernel{"winograd_4x4_far", erased_items<ConvShape, far_items<M, R, Gradient>>,
                erased_run<ConvShape, run_far<M, R, Gradient>>, 2};
  kernel.workspace = erased_size<ConvShape, far_workspace<M, R, Gradient>>;
  kernel.scratch = erased_size<ConvShape, far_scratch<M, R, Gradient>>;
  kernel.cost = erased_cost<ConvShape, far_cost<M, R, Gradient>>;
  kernel.winograd = true;
  return kernel;
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
