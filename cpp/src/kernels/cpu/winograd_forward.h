// Winograd convolution F(M x M outputs, R x R taps), forward and input gradient (the correlation of gy with the turned,
// transposed kernel), 3x3 or 5x5 with unit steps.
//
// An item is a patch of tiles, of one or several images, for a group of panels of output channels. For each pair of
// rows of points it transforms the input and multiplies it, point by point, by the transformed weights, which stream
// from L3 or memory: T tiles a patch read 64 (AVX2) or 128 bytes in T cycles. Then the sums of all points are
// transformed back, a few tiles of a row at a time, into an L1 tile that the epilogue finishes.
//
// Where tiles are too few for all threads, panels are shared out, too. All input is then transformed beforehand, in a
// phase of its own, instead of by every group for itself.
#pragma once

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/winograd_tiles.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// The fewer tiles a patch has, the more often it reads the weights; the more, the further out its input and sums lie.
// 512 -> 512 @28 on Zen 3, one thread: 12 tiles 127 ms, 24 to 48 tiles 88 ms (37 MB of weights come from memory);
// 64 -> 64 @56: 24 tiles 14.0 ms, 48 tiles 13.5 ms.
constexpr int64_t kPatchTiles = (kTileRows > 8 ? 4 : 8) * kTileRows;
constexpr int64_t kNearElements = (kLanes == 16 ? 640 << 10 : 128 << 10) / sizeof(Real);  // of weights that stay in L2
constexpr int64_t kFarElements = (16 << 20) / sizeof(Real);                               // that do not stay in L3
constexpr int64_t kWantedItems = 16;
constexpr int64_t kSharedProducts = 256 << 10;  // that a single patch must have to be shared out
constexpr int64_t kApartChannels = 64;          // of an item of the phase that transforms the input

template <int M, int R, bool Gradient>
struct Convolution {
  static constexpr int P = M + R - 1;
  static constexpr int64_t kRunTiles = 2 * kTileRows / M;  // transformed back together: 14 KB
  static constexpr int64_t kPixels = M * kRunTiles * M * kPanel;
  ConvShape s;  // canonical
  Grid grid;
  int64_t c_in, c_out;  // of the correlation: swapped in the gradient
  int64_t panels;
  Patches patches;
  int64_t groups;  // of panels, in items

  // In patches of about `most_tiles`, or as many as suit the shape.
  explicit Convolution(const ConvShape& shape, int64_t most_tiles = 0)
      : s(canonical(shape)),
        grid(make_grid<M, R, Gradient>(s)),
        c_in(Gradient ? s.c_out : s.c_in),
        c_out(Gradient ? s.c_in : s.c_out),
        panels(ceil_div(c_out, kPanel)),
        patches(grid, most_tiles > 0 ? most_tiles : patch_tiles()),
        groups(min_of(panels, ceil_div(kWantedItems, patches.count))) {
    const bool small = patches.count > 1 || P * P * grid.tiles() * c_in * c_out < kSharedProducts;
    if ((weights_near() && small) || patches.count > kWantedItems / 2) groups = 1;
  }

  int64_t patch_tiles() const {
    const int64_t wanted = ceil_div(grid.tiles(), kWantedItems * kTileRows) * kTileRows;
    const int64_t least = (kTileRows > 8 || weight_elements() < kFarElements ? 2 : 4) * kTileRows;
    if (wanted < least && !weights_near()) {  // panels are shared out as well, or instead
      const int64_t half = ceil_div(grid.tiles(), 2);
      return half > kTileRows && half < kPatchTiles ? half : kPatchTiles;
    }
    return min_of(wanted, kPatchTiles);
  }
  bool weights_near() const { return weight_elements() <= kNearElements; }
  bool apart() const { return groups > 1; }  // whether the input is transformed beforehand
  int64_t group_panels() const { return ceil_div(panels, groups); }
  int64_t panel_width(int64_t panel) const { return c_out - panel * kPanel <= kLanes ? kLanes : kPanel; }
  // Transformed weights: [point][panel][c_in][panel_width]; sums: [panel][tile][point][kPanel]. Points of weights and
  // tiles of sums lie a vector further apart than they need, for the sake of the cache sets.
  int64_t weight_panel() const { return c_in * kPanel; }
  int64_t weight_point() const { return panels * weight_panel() + kLanes; }
  int64_t weight_elements() const { return P * P * weight_point(); }
  static constexpr int64_t kSumTile = P * P * kPanel + kLanes;
  int64_t sum_panel() const { return patches.most_tiles() * kSumTile; }
  Block input_block() const { return Block(patches.most_tiles(), c_in); }
  int64_t input_elements() const { return (apart() ? P * P : 2 * P) * input_block().point; }  // of a patch
};

// --- weights ---------------------------------------------------------------------------------------------

template <int M, int R, bool Gradient>
int64_t weight_bytes(const void* shape) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.weight_elements() * int64_t{sizeof(Real)};
}

template <int M, int R, bool Gradient>
int64_t weight_items(const void* shape) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.panels * ceil_div(k.c_in, kLanes);
}

template <int P, int R, class Load, class Store>
STRIATE_INLINE void transform_filter(Load load_at, Store store_at) {
  const auto rows_of = [&](int pair) { return [&, pair](int i, Vec v) { store_at(pair * 2 * P + i, v); }; };
  spread_tile<P, 0, true, R>(load_at, rows_of(0));
  spread_tile<P, 1, true, R>(load_at, rows_of(1));
  if constexpr (P == 6) spread_tile<P, 2, true, R>(load_at, rows_of(2));
}

// Filters' points are stored in P * P places far apart: in L2, or outside, where their lines are asked for some
// channels before they are written (asked for in L2, one image of 512 -> 512 @7 takes 1.0 ms in place of 0.56).
enum class Stores { near, far, past_caches };

// The points of the filters of a panel for kLanes input channels: the first channel's lie at `to`, points are `point`
// apart.
template <int M, int R, bool Gradient>
void transform_filters(const Convolution<M, R, Gradient>& k, const Real* w, int64_t panel, int64_t c_begin,
                       int64_t point, Stores stores, Real* to) {
  constexpr int P = M + R - 1;
  const int64_t count = min_of(k.c_in - c_begin, kLanes), width = k.panel_width(panel);
  Real taps[R * R][kLanes * kLanes];
  for (int64_t v = 0; v < width; v += kLanes) {
    const int64_t column = panel * kPanel + v, valid = min_of(k.c_out - column, kLanes);
    for (int64_t t = 0; t < R * R; ++t) {
      if constexpr (Gradient) {
        // The taps turned round, and channels and columns exchanged.
        Real* turned = taps[R * R - 1 - t];
        if (valid < kLanes) zero_run(turned, kLanes * kLanes);
        transpose(w + (t * k.c_out + column) * k.c_in + c_begin, k.c_in, valid, count, turned, kLanes);
      } else {
        const Real* from = w + (t * k.c_in + c_begin) * k.c_out + column;
        for (int64_t c = 0; c < count; ++c) store(taps[t] + c * kLanes, load_lanes(from + c * k.c_out, valid));
      }
    }
    for (int64_t c = 0; c < count; ++c) {
      Real* first = to + c * width + v;
      const auto tap = [&](int i, int j) { return load(taps[i * R + j] + c * kLanes); };
      if (stores == Stores::past_caches) {
        transform_filter<P, R>(tap, [&](int i, Vec value) { stream(first + i * point, value); });
        continue;
      }
      if (stores == Stores::far)
        for (int64_t i = 0; i < P * P; ++i) __builtin_prefetch(first + i * point + 2 * width, 1, 2);
      transform_filter<P, R>(tap, [&](int i, Vec value) { store(first + i * point, value); });
    }
  }
}

// Item: kLanes input channels of a panel.
template <int M, int R, bool Gradient>
void transform_weights(const void* shape, const void* source, void* prepared, int64_t begin, int64_t end) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  const int64_t c_blocks = ceil_div(k.c_in, kLanes);
  // Past the caches where these cannot hold all of it and a vector is a whole line.
  const Stores stores = k.weight_elements() >= kFarElements && kLanes == kLine ? Stores::past_caches : Stores::far;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t panel = item / c_blocks, c_begin = item % c_blocks * kLanes;
    transform_filters(k, static_cast<const Real*>(source), panel, c_begin, k.weight_point(), stores,
                      static_cast<Real*>(prepared) + panel * k.weight_panel() + c_begin * k.panel_width(panel));
  }
}

// --- the correlation -------------------------------------------------------------------------------------

// Sums of the points of one pair of rows, all panels of a point after the other, so that its input stays in L1.
// Meanwhile memory that will be wanted is asked for: the weights of the next panel or two, in the order in which these
// are met, else what `ahead` names.
template <int M, int R, bool Gradient>
void multiply(const Convolution<M, R, Gradient>& k, int pair, const Block& block, const PatchTiles& tiles,
              const Real* input, const Real* weights, int64_t panel_begin, int64_t panel_end, Real* sums,
              Ahead (&ahead)[2]) {
  constexpr int P = M + R - 1;
  const bool near = k.weights_near();
  for (int64_t i = 0; i < 2 * P; ++i, input += block.point) {
    const int64_t at = pair * 2 * P + i;
    const PatchTiles::Places places = tiles.with_point(at / P, at % P);
    if (places.count() == 0) continue;
    // After the last point come the first of the panels that follow, which this thread will most likely do next.
    const Real* next_point = at + 1 < P * P ? weights + (at + 1) * k.weight_point() + panel_begin * k.weight_panel()
                                            : weights + panel_end % k.panels * k.weight_panel();
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      const int64_t width = k.panel_width(panel);
      const Real* b = weights + at * k.weight_point() + panel * k.weight_panel();
      Reduction sum{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, k.c_in, block.row, 1, width};
      Real* to = sums + (panel - panel_begin) * k.sum_panel() + at * kPanel;
      for_tile_runs(places.count(), kTileRows, [&](int64_t from, int64_t rows, int64_t count) {
        sum.tiles = count;
        sum.a_tile = rows * block.row;
        sum.c_tile = rows * k.kSumTile;
        sum.prefetch = nullptr;
        sum.prefetch_step = kLine;
        // Fewer than four tiles have not the terms to ask for two panels.
        const int64_t wanted = count < 4 ? 1 : 2;
        if (!near && from == 0 && (panel - panel_begin) % wanted == 0) {
          sum.prefetch = panel + 1 < panel_end ? b + k.weight_panel() : next_point;
          sum.prefetch_step = min_of(max_of(wanted * width / count, 1), kLine);
        }
        for (int64_t a = 0; a < 2 && pair > 0 && !sum.prefetch; ++a) sum.prefetch = ahead[a].take(count * k.c_in);
        if (!sum.prefetch) sum.prefetch_step = 0;
        const int64_t first = places.begin + from;
        micro_kernel(RowLayout::strided, rows, width, false)(sum, input + first * block.row, b, to + first * k.kSumTile,
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
  const Grid& g = k.grid;
  const Pooling pooling = k.s.epilogue.pooling;
  const int64_t width = k.panel_width(panel), columns = min_of(k.c_out - panel * kPanel, kPanel);
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
    const int64_t top = first.top, left = first.left, high = first.bottom - top;
    const int64_t wide = tiles[t + run - 1].right - left;
    if (pooling == Pooling::none) {
      const int64_t corner = ((first.image * g.h.out + top) * g.w.out + left) * k.c_out + panel * kPanel;
      for (int64_t row = 0; row < high; ++row)
        finish_tile(k.s.epilogue, pixels + row * kPixelRow, kPanel, wide, columns,
                    tile_at(to, panel * kPanel, corner + row * g.w.out * k.c_out), k.c_out);
    } else {
      Real* y = to.y + (((first.image * g.h.out + top) / 2 * g.w.out + left) / 2) * k.c_out + panel * kPanel;
      const Real* bias = to.bias ? to.bias + panel * kPanel : nullptr;
      const bool pools = pools_first(k.s.epilogue);
      for (int64_t row = 0; row < high && !pools; ++row)
        finish_tile(k.s.epilogue, pixels + row * kPixelRow, kPanel, wide, columns, bias, pixels + row * kPixelRow,
                    kPanel);
      for (int64_t row = 0; row < high; row += 2, y += g.w.out / 2 * k.c_out) {
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

// Phase 0, an item: some channels of a patch.
template <int M, int R, bool Gradient>
void transform_apart(const Convolution<M, R, Gradient>& k, const Real* x, Real* input, int64_t begin, int64_t end) {
  constexpr int P = M + R - 1;
  const int64_t blocks = ceil_div(k.c_in, kApartChannels);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t patch = item / blocks, first = item % blocks * kApartChannels;
    transform_input<P, 0, P / 2, true>(k.grid, PatchTiles(k.grid, k.patches.at(patch)), x,
                                       {k.c_in, first, min_of(k.c_in - first, kApartChannels)}, k.input_block(),
                                       input + patch * k.input_elements() + first);
  }
}

template <int M, int R, bool Gradient>
void run(const ConvShape& shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  constexpr int P = M + R - 1;
  const Convolution<M, R, Gradient> k(shape);
  const Grid& g = k.grid;
  const Real *x = buffer<const Real>(args, 0), *weights = buffer<const Real>(args, 1);
  Real* apart = static_cast<Real*>(args.workspace);
  if (phase == 0) return transform_apart(k, x, apart, begin, end);
  const Finish to = finish_of(shape.epilogue, args, k.s.n * product(Gradient ? k.s.in : k.s.out) * k.c_out, k.c_out);
  const Block block = k.input_block();
  Real* pixels = static_cast<Real*>(args.scratch);
  Real* sums = pixels + k.kPixels;
  Real* input = sums + k.group_panels() * k.sum_panel();
  const Channels all{k.c_in, 0, k.c_in};
  for (int64_t item = begin; item < end; ++item) {
    const Patch patch = k.patches.at(item / k.groups);
    const PatchTiles tiles(g, patch);
    const int64_t panel_begin = part_begin(k.panels, k.groups, item % k.groups);
    const int64_t panel_end = part_begin(k.panels, k.groups, item % k.groups + 1);
    Ahead ahead[2];
    const auto multiply_pair = [&](int pair, const Real* points) {
      multiply(k, pair, block, tiles, points, weights, panel_begin, panel_end, sums, ahead);
    };
    if (k.apart()) {
      const Real* points = apart + item / k.groups * k.input_elements();
      for (int pair = 0; pair < P / 2; ++pair) multiply_pair(pair, points + pair * 2 * P * block.point);
    } else {
      // What this item will write, then what the next will read, which this thread will most likely claim.
      if (!to.streams && k.s.epilogue.pooling == Pooling::none)
        ahead[0] = Ahead(g, patch, g.h.out, g.w.out, to.y, k.c_out);
      if (item + 1 < k.patches.count) ahead[1] = Ahead(g, k.patches.at(item + 1), g.h.in, g.w.in, x, k.c_in);
      transform_input<P, 0>(g, tiles, x, all, block, input);
      multiply_pair(0, input);
      transform_input<P, 1>(g, tiles, x, all, block, input);
      multiply_pair(1, input);
      if constexpr (P == 6) {
        transform_input<P, 2>(g, tiles, x, all, block, input);
        multiply_pair(2, input);
      }
    }
    for (int64_t panel = panel_begin; panel < panel_end; ++panel)
      finish(k, panel, tiles, sums + (panel - panel_begin) * k.sum_panel(), to, pixels);
  }
}

template <int M, int R, bool Gradient>
int64_t items(const ConvShape& shape, int phase) {
  const Convolution<M, R, Gradient> k(shape);
  if (phase == 0) return k.apart() ? k.patches.count * ceil_div(k.c_in, kApartChannels) : 0;
  return k.patches.count * k.groups;
}

template <int M, int R, bool Gradient>
int64_t workspace(const ConvShape& shape) {
  const Convolution<M, R, Gradient> k(shape);
  return k.apart() ? k.patches.count * k.input_elements() * int64_t{sizeof(Real)} : 0;
}
template <int M, int R, bool Gradient>
int64_t scratch(const ConvShape& shape) {
  const Convolution<M, R, Gradient> k(shape);
  return (k.kPixels + k.group_panels() * k.sum_panel() + (k.apart() ? 0 : k.input_elements())) * int64_t{sizeof(Real)};
}

// Cycles but for the weights. Fitted to 19 layers of 16 to 512 channels, batch 1 to 128. A product of fewer than 4 rows
// waits for its sums.
template <int M, int R, bool Gradient>
double arithmetic(const Convolution<M, R, Gradient>& k) {
  const double in_vectors = double(ceil_div(k.c_in, kLanes)), out_vectors = double(ceil_div(k.c_out, kLanes));
  const double points = double(k.grid.h.points(R) * k.grid.w.points(R)) / double(k.grid.h.tiles * k.grid.w.tiles);
  const double products = 1.15 * points * double(k.c_in) * out_vectors / 2;
  const double transforms = (k.P == 6 ? 200 : 60) * (in_vectors + out_vectors);
  return double(max_of(k.grid.tiles(), 4 * k.patches.count)) * (products + transforms);
}

template <int M, int R, bool Gradient>
double cost(const ConvShape& shape) {
  if (!can_do<R>(canonical(shape))) return -1;
  const Convolution<M, R, Gradient> k(shape);
  // Weights that do not stay in L2 come at 8 bytes a cycle at most.
  const double weights = double(k.weight_elements()) * sizeof(Real) / 8 * double(k.patches.count);
  return k.weights_near() || weights < arithmetic(k) ? arithmetic(k) : weights;
}

template <int M, int R, bool Gradient>
constexpr PrepareKernel kWeights{
    M == 4 ? (Gradient ? "gradient 4x4 points" : "4x4 points") : (Gradient ? "gradient 2x2 points" : "2x2 points"),
    weight_bytes<M, R, Gradient>, weight_items<M, R, Gradient>, transform_weights<M, R, Gradient>};

template <int M, int R, bool Gradient>
constexpr Kernel kernel() {
  Kernel kernel{M == 4 ? "winograd_4x4" : "winograd_2x2", erased_items<ConvShape, items<M, R, Gradient>>,
                erased_run<ConvShape, run<M, R, Gradient>>, 2};
  kernel.workspace = erased_size<ConvShape, workspace<M, R, Gradient>>;
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
