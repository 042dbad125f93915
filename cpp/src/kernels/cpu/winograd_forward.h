// Winograd convolution F(M x M outputs, R x R taps), forward and input gradient (the correlation of gy with the turned,
// transposed kernel), 3x3 or 5x5 with unit steps, 3x3 with steps of 2 by phases.
//
// An item is a patch of tiles, of one or several images, for a group of panels of output channels. For each pair of
// rows of points (or all, of few channels) it transforms the input and multiplies it, point by point, by the
// transformed weights, which stream from L3 or memory: T tiles a patch read 64 (AVX2) or 128 bytes in T cycles. Then
// the sums of all points are transformed back, a few tiles of a row at a time, into an L1 tile that the epilogue
// finishes.
//
// Where tiles are too few for all threads, panels are shared out, too. A thread then keeps a patch's transformed input
// from one group to the next. (Transformed once for all threads, in a phase of its own, it had to be fetched from the
// core that wrote it: 512 -> 512 @14, one image, on two cores that share no L3, took 0.72 ms in place of 0.66.)
#pragma once

#include "kernels/cpu/winograd_filters.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// Sums of the points of one pair of rows, all panels of a point after the other, so that its input stays in L1.
// Meanwhile memory that will be wanted is asked for: the weights of the next panel or two, in the order in which these
// are met, else what `ahead` names.
template <int M, int R, bool Gradient>
void multiply(const Convolution<M, R, Gradient>& k, int pair, const Block& block, const PatchTiles& tiles,
              const Real* input, const Real* weights, int64_t panel_begin, int64_t panel_end, Real* sums, bool near,
              Ahead (&ahead)[2]) {
  constexpr int P = M + R - 1;
  // What `ahead` names, late enough to stay in L2, unless the terms left would not do to ask for all of it.
  const bool asks = pair > 0 || k.c_in <= kLeastChannels;
  for (int64_t i = 0; i < 2 * P; ++i, input += block.point) {
    const int64_t at = pair * 2 * P + i;
    const Run places = tiles.with_point(at / P, at % P);
    if (places.count() == 0) continue;
    const Run in_phases = Gradient ? Run{0, 1} : k.phases.with_point(at / P, at % P);
    const int64_t first_term = in_phases.begin * k.c_in, terms = in_phases.count() * k.c_in;
    // After the last point come the first of the panels that follow, which this thread will most likely do next.
    const Real* next_point = at + 1 < P * P ? weights + (at + 1) * k.weight_point() + panel_begin * k.weight_panel()
                                            : weights + panel_end % k.panels * k.weight_panel();
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      const int64_t width = k.panel_width(panel);
      const Real* b = weights + at * k.weight_point() + panel * k.weight_panel();
      // Where a phase of the output vanishes its sums are zero.
      const bool vanishes = Gradient && !k.phases.has_point(k.out_phase(panel), at / P, at % P);
      Reduction sum{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, vanishes ? 0 : terms, block.row, 1, width};
      Real* to = sums + (panel - panel_begin) * k.sum_panel() + at * kPanel;
      if (width == kLanes && terms == kLanes && !vanishes) {
        const Real* next = nullptr;
        for (int64_t a = 0; a < 2 && !next; ++a) next = ahead[a].take(places.count());
        narrow_product(input + places.begin * block.row + first_term, block.row, b + first_term * width,
                       to + places.begin * k.kSumTile, k.kSumTile, places.count(), next);
        continue;
      }
      // Fewer than four tiles of rows have not the terms to ask for two panels.
      const int64_t row_tiles = ceil_div(places.count(), kTileRows), wanted = row_tiles < 4 ? 1 : 2;
      int64_t asked = 0;
      for_tile_runs(places.count(), kTileRows, [&](int64_t from, int64_t rows, int64_t count) {
        sum.tiles = count;
        sum.a_tile = rows * block.row;
        sum.c_tile = rows * k.kSumTile;
        sum.prefetch = nullptr;
        sum.prefetch_step = kLine;
        if (!near && (panel - panel_begin) % wanted == 0) {
          sum.prefetch_step = min_of(max_of(wanted * width / row_tiles, 1), kLine);
          sum.prefetch = (panel + 1 < panel_end ? b + k.weight_panel() : next_point) + asked;
          asked += count * terms * sum.prefetch_step;
        }
        for (int64_t a = 0; a < 2 && asks && !sum.prefetch; ++a) sum.prefetch = ahead[a].take(count * terms);
        if (!sum.prefetch) sum.prefetch_step = 0;
        const int64_t first = places.begin + from;
        micro_kernel(RowLayout::strided, rows, width, false)(sum, input + first * block.row + first_term,
                                                             b + first_term * width, to + first * k.kSumTile,
                                                             k.kSumTile, width, false);
      });
    }
  }
}

// Transforms one panel's sums back and finishes them. What short tiles have in the place of points at infinity reaches
// their last row and column only, over which the next tile's pixels come, or none.
template <int M, int R, bool Gradient>
void finish(const Convolution<M, R, Gradient>& k, int64_t panel, const PatchTiles& tiles, const Real* sums,
            const Finish& to, Real* pixels) {
  constexpr int P = M + R - 1;
  constexpr int64_t kPixelRow = Convolution<M, R, Gradient>::kRunTiles * M * kPanel;
  const Pooling pooling = k.s.epilogue.pooling;
  const int64_t phase = k.out_phase(panel), column = k.first_column(panel);
  const int64_t width = k.panel_width(panel), columns = min_of(k.c_out - column, kPanel);
  const int64_t y_channels = row_channels(k.s.epilogue, k.c_out);
  // The outputs of a phase: every so many pixels of y, from the first on, and how many.
  using Phases = Phases<R, Gradient>;
  constexpr int64_t kStep = Gradient ? kSteps<R> : 1;
  const int64_t h = Gradient ? k.s.in[1] : k.s.out[1], w = Gradient ? k.s.in[2] : k.s.out[2];
  const int64_t first_h = kStep > 1 ? k.phases.h.first(Phases::all_h(phase)) : 0;
  const int64_t first_w = kStep > 1 ? k.phases.w.first(Phases::all_w(phase)) : 0;
  const int64_t bottom = ceil_div(h - first_h, kStep), right = ceil_div(w - first_w, kStep);
  for (int64_t t = 0; t < tiles.count();) {
    const PatchTiles::Tile& first = tiles[t];
    int64_t run = 0;  // tiles of a row
    do {
      const Real* from = sums + tiles[t + run].place * k.kSumTile;
      Real* pixel = pixels + (tiles[t + run].left - first.left) * kPanel;
      for (int64_t v = 0; v < width; v += kLanes)
        gather_tile<P, false, M>(
            [&](int at) { return load(from + at * kPanel + v); },
            [&](int row, int c, Vec out) { store(pixel + row * kPixelRow + c * kPanel + v, out); });
      ++run;
    } while (run < k.kRunTiles && t + run < tiles.count() && tiles[t + run].left > first.left);
    const int64_t top = first.top, left = first.left, high = min_of(first.bottom, bottom) - top;
    const int64_t wide = max_of(min_of(tiles[t + run - 1].right, right) - left, 0);
    if (pooling == Pooling::none) {
      const int64_t y_top = first.image * h + top * kStep + first_h, y_left = left * kStep + first_w;
      for (int64_t row = 0; row < high; ++row)
        finish_tile(k.s.epilogue, pixels + row * kPixelRow, kPanel, wide, columns,
                    tile_at(to, column, ((y_top + row * kStep) * w + y_left) * y_channels + column),
                    kStep * y_channels);
    } else {
      Real* y = to.y + (((first.image * h + top) / 2 * w + left) / 2) * k.c_out + column;
      const Real* bias = to.bias ? to.bias + column : nullptr;
      const bool pools = pools_first(k.s.epilogue);
      for (int64_t row = 0; row < high && !pools; ++row)
        finish_tile(k.s.epilogue, pixels + row * kPixelRow, kPanel, wide, columns, bias, pixels + row * kPixelRow,
                    kPanel);
      for (int64_t row = 0; row < high; row += 2, y += w / 2 * k.c_out) {
        Real *upper = pixels + row * kPixelRow, *lower = upper + kPixelRow;
        if (pools)
          finish_pooled(k.s.epilogue, upper, lower, kPanel, wide / 2, columns, bias, y, k.c_out);
        else
          pool_lines(pooling, upper, lower, kPanel, wide / 2, columns, y, k.c_out);
      }
    }
    t += run;
  }
}

// Some pairs of rows of points of all channels.
template <int First, int Pairs, int M, int R, bool Gradient>
void transform_pairs(const Convolution<M, R, Gradient>& k, const PatchTiles& tiles, const Real* x, Real* input) {
  for (int64_t phase = 0; phase < k.kInPhases; ++phase)
    transform_input<M + R - 1, First, Pairs>(k.grid, tiles, input_pixels<R, Gradient>(k.s, x, phase), {0, k.c_in},
                                             k.input_block(), input + phase * k.c_in);
}

template <int M, int R, bool Gradient>
void run(const ConvShape& shape, const KernelArgs& args, int, int64_t begin, int64_t end) {
  constexpr int P = M + R - 1;
  const Convolution<M, R, Gradient> k(shape);
  const Grid& g = k.grid;
  const int64_t x_h = Gradient ? k.s.out[1] : k.s.in[1], x_w = Gradient ? k.s.out[2] : k.s.in[2];
  const int64_t y_h = Gradient ? k.s.in[1] : k.s.out[1], y_w = Gradient ? k.s.in[2] : k.s.out[2];
  const Real *x = buffer<const Real>(args, 0), *weights = buffer<const Real>(args, 1);
  const Finish to = finish_of(shape.epilogue, args, k.s.n * product(Gradient ? k.s.in : k.s.out) * k.c_out, k.c_out);
  const Block block = k.input_block();
  Real* pixels = static_cast<Real*>(args.scratch);
  Real* sums = pixels + k.kPixels;
  Real* input = sums + k.group_panels() * k.sum_panel();
  int64_t& kept = *reinterpret_cast<int64_t*>(input + k.input_elements());  // the patch whose input that is
  if (args.fresh) kept = -1;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t number = item / k.groups;
    const Patch patch = k.patches.at(number);
    const PatchTiles tiles(g, patch);
    const int64_t panel_begin = part_begin(k.panels, k.groups, item % k.groups);
    const int64_t panel_end = part_begin(k.panels, k.groups, item % k.groups + 1);
    // A thread's first item has them come from further away, wherever they stay then. Sums of fewer terms are over
    // before what is asked for comes (GoogLeNet's 5x5 layers: 1% of an image slower).
    const bool near = k.weights_near() && (!args.fresh || item > begin || k.terms() < 64);
    Ahead ahead[2];
    const auto multiply_pair = [&](int pair, const Real* points) {
      multiply(k, pair, block, tiles, points, weights, panel_begin, panel_end, sums, near, ahead);
    };
    const auto multiply_all = [&](const Real* points) {
      for (int pair = 0; pair < P / 2; ++pair) multiply_pair(pair, points + pair * 2 * P * block.point);
    };
    if (k.keeps()) {
      if (kept != number) transform_pairs<0, P / 2>(k, tiles, x, input);
      kept = number;
      multiply_all(input);
    } else {
      // What this item will write, then what the next will read, which this thread will most likely claim.
      if (!to.streams && k.s.epilogue.pooling == Pooling::none && k.s.epilogue.part.whole == 0)
        ahead[0] = Ahead(g, patch, Gradient ? kSteps<R> : 1, y_h, y_w, to.y, k.c_out);
      if (item + 1 < k.patches.count)
        ahead[1] = Ahead(g, k.patches.at(item + 1), Gradient ? 1 : kSteps<R>, x_h, x_w, x, k.c_in);
      if (k.at_once()) {
        transform_pairs<0, P / 2>(k, tiles, x, input);
        multiply_all(input);
      } else {
        for_pairs<P>([&](auto pair) {
          transform_pairs<pair.value, 1>(k, tiles, x, input);
          multiply_pair(pair.value, input);
        });
      }
    }
    for (int64_t panel = panel_begin; panel < panel_end; ++panel)
      finish(k, panel, tiles, sums + (panel - panel_begin) * k.sum_panel(), to, pixels);
  }
}

template <int M, int R, bool Gradient>
int64_t items(const ConvShape& shape, int) {
  const Convolution<M, R, Gradient> k(shape);
  return k.patches.count * k.groups;
}

template <int M, int R, bool Gradient>
int64_t scratch(const ConvShape& shape) {
  const Convolution<M, R, Gradient> k(shape);
  return (k.kPixels + k.group_panels() * k.sum_panel() + k.input_elements()) * int64_t{sizeof(Real)} +
         int64_t{sizeof(int64_t)};
}

// Cycles but for the weights. Fitted to 19 layers of 16 to 512 channels, batch 1 to 128, phases to 8. A product of
// fewer than 4 rows waits for its sums.
template <int M, int R, bool Gradient>
double arithmetic(const Convolution<M, R, Gradient>& k) {
  const double in_vectors = double(ceil_div(k.c_in, kLanes)), out_vectors = double(ceil_div(k.c_out, kLanes));
  const double products = 1.15 * points_a_tile<M, R, Gradient>(k.s) * double(k.c_in) * out_vectors / 2;
  // Of 64 points: as much more as there are more of them.
  const double transform = k.P == 8 ? 380 : k.P == 6 ? 200 : k.kInPhases * k.kOutPhases > 1 ? 120 : 60;
  const double transforms = transform * (k.kInPhases * in_vectors + k.kOutPhases * out_vectors);
  return double(max_of(k.grid.tiles(), 4 * k.patches.count)) * (products + transforms);
}

template <int M, int R, bool Gradient>
double cost(const ConvShape& shape) {
  if (!can_do<R>(canonical(shape))) return -1;
  const Convolution<M, R, Gradient> k(shape);
  // 256 -> 512 @14 with steps of 2, 34 MB: no faster than direct.
  if (R == 2 && k.weight_elements() >= 2 * kFarElements) return -1;
  // Weights that do not stay in L2 come at 8 bytes a cycle at most.
  const double weights = double(k.weight_elements()) * sizeof(Real) / 8 * double(k.patches.count);
  return k.weights_near() || weights < arithmetic(k) ? arithmetic(k) : weights;
}

// By name and traits they are told apart.
constexpr const char* kPointsNames[2][5] = {
    {"", "", "2x2 points", "3x3 points", "4x4 points"},
    {"", "", "gradient 2x2 points", "gradient 3x3 points", "gradient 4x4 points"}};

template <int M, int R, bool Gradient>
constexpr PrepareKernel kWeights{kPointsNames[Gradient][M], weight_bytes<M, R, Gradient>, weight_items<M, R, Gradient>,
                                 transform_weights<M, R, Gradient>, weight_traits};

template <int M, int R, bool Gradient>
constexpr Kernel kernel() {
  Kernel kernel{kName<M, R>, erased_items<ConvShape, items<M, R, Gradient>>, erased_run<ConvShape, run<M, R, Gradient>>,
                1};
  kernel.scratch = erased_size<ConvShape, scratch<M, R, Gradient>>;
  kernel.cost = erased_cost<ConvShape, cost<M, R, Gradient>>;
  kernel.prepared_input = 1;
  kernel.prepare = &kWeights<M, R, Gradient>;
  kernel.winograd = true;
  return kernel;
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
