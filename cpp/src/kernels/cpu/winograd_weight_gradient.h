// The weight gradient of a Winograd convolution, by transposing it: with the points of the input's tiles V and of the
// output gradient's tiles D (each spread over the P x P points), the sums over all tiles of V^T D, one product a point,
// transform back to the R x R taps.
//
// An item is a block of channels x columns for a chunk of tiles, which stream by, some at a time, one pair of rows of
// points at a time. It transforms its sums back itself, so that chunks
// leave R x R taps and not P x P points; phase 1 adds the chunks by a fixed tree. The number of chunks depends on the
// shape alone.
#pragma once

#include "kernels/cpu/winograd_blocks.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

constexpr int64_t kBlockChannels = 128, kBlockColumns = 128;
static_assert(kBlockColumns % kPanel == 0);
constexpr int64_t kBatchElements = (kLanes == 16 ? 1024 << 10 : 1600 << 10) / sizeof(Real);      // of transformed tiles
constexpr int64_t kMostTiles = kLanes == 16 ? 70 : 78, kMostTilesOf16 = kLanes == 16 ? 98 : 78;  // 16 points
static_assert(kMostTiles + kTileRows <= PatchTiles::kMost && kMostTilesOf16 + kTileRows <= PatchTiles::kMost);
// Transforming a block's sums back costs what 5 to 10 tiles do.
constexpr int64_t kChunkTiles = 192, kLeastChunkTiles = 20;
constexpr int64_t kGradientItems = 16;
constexpr int64_t kAskedElements = (4 << 20) / sizeof(Real);  // of images whose pixels are worth asking for early

template <int M, int R>
struct WeightGradient {
  static constexpr int P = M + R - 1;
  ConvShape s;  // canonical
  Grid grid;
  Phases<R, false> phases;
  int64_t c_blocks, column_blocks, chunks;  // blocks of channels of a phase
  Patches patches;                          // transformed one at a time

  explicit WeightGradient(const ConvShape& shape)
      : s(canonical(shape)),
        grid(make_grid<M, R, false>(s)),
        phases(phases_of<R, false>(s)),
        c_blocks(ceil_div(s.c_in, kBlockChannels)),
        column_blocks(ceil_div(s.c_out, kBlockColumns)),
        chunks(chunks_of(grid.tiles(), blocks())),
        patches(grid, patch_tiles()) {
    chunks = min_of(chunks, patches.count);
  }

  int64_t blocks() const { return kPhases<R> * c_blocks * column_blocks; }  // of a chunk
  static int64_t chunks_of(int64_t tiles, int64_t blocks) {
    int64_t count = min_of(kGradientItems / blocks, tiles / kChunkTiles);
    if (blocks == 1 && count < 2) count = tiles / kLeastChunkTiles < 2 ? 1 : 2;
    return count > 1 && blocks % 2 ? count / 2 * 2 : max_of(count, 1);  // even shares for two and four threads
  }

  int64_t patch_tiles() const {
    const int64_t elements = 2 * P * (block_channels() + block_columns() + 2 * kLanes);
    int64_t tiles = min_of(kBatchElements / elements, P == 4 ? kMostTilesOf16 : kMostTiles);
    return min_of(tiles, ceil_div(grid.tiles(), chunks));
  }

  // One vector of channels on both sides: all points of a patch are transformed at once.
  bool at_once() const { return kPhases<R> == 1 && s.c_in <= kLanes && s.c_out <= kLanes; }
  int64_t points() const { return at_once() ? P * P : 2 * P; }  // transformed at a time
  // Longer and shorter chunks in turn: shares of two threads are even.
  int64_t first_patch(int64_t chunk) const { return patches.count * chunk / chunks; }
  int64_t block_channels() const { return ceil_div(s.c_in, c_blocks); }
  int64_t block_columns() const { return ceil_div(ceil_div(s.c_out, column_blocks), kPanel) * kPanel; }
  int64_t first_column(int64_t block) const {
    return part_begin(ceil_div(s.c_out, kPanel), column_blocks, block) * kPanel;
  }
  int64_t gradient_elements() const { return kTaps<R> * kTaps<R> * s.c_in * s.c_out; }
  // Sums: [point][panel][channel][kPanel], points a vector further apart than they need.
  int64_t sum_panel() const { return block_channels() * kPanel; }
  int64_t sum_point() const { return block_columns() / kPanel * sum_panel() + kLanes; }
  Block input_block() const { return Block(patches.most_tiles(), block_channels()); }
  Block gradient_block() const { return Block(patches.most_tiles(), block_columns()); }
};

// An item's part of both operands.
struct Operands {
  Pixels x, gy;
  Channels channels, columns;
  int64_t phase;
  Real *input, *gradient, *sums;  // in scratch
};

// Adds the points of some pairs of rows of a patch's tiles to the block's sums.
template <int First, int Pairs, int M, int R>
void add_pairs(const WeightGradient<M, R>& k, const Operands& at, const PatchTiles& tiles, bool first,
               Ahead (&ahead)[2]) {
  constexpr int P = M + R - 1;
  const Block input = k.input_block(), gradient = k.gradient_block();
  transform_input<P, First, Pairs>(k.grid, tiles, at.x, at.channels, input, at.input);
  transform_output_gradient<P, First, Pairs, M>(tiles, at.gy, at.columns, gradient, at.gradient);
  Reduction sum{{1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 0, 1, input.row, gradient.row};
  for (int64_t i = 0; i < 2 * P * Pairs; ++i) {
    if (!k.phases.has_point(at.phase, First * 2 + i / P, i % P)) continue;
    const Run places = tiles.with_point(First * 2 + i / P, i % P);
    sum.length = places.count();
    const Real* a = at.input + i * input.point + places.begin * input.row;
    const Real* b = at.gradient + i * gradient.point + places.begin * gradient.row;
    Real* to = at.sums + (First * 2 * P + i) * k.sum_point();
    for (int64_t column = 0; column < at.columns.count; column += kPanel, to += k.sum_panel()) {
      const int64_t width = at.columns.count - column <= kLanes ? kLanes : kPanel;
      for_tile_runs(at.channels.count, tile_rows(width), [&](int64_t c, int64_t rows, int64_t count) {
        sum.tiles = count;
        sum.a_tile = rows;
        sum.c_tile = rows * kPanel;
        sum.prefetch = nullptr;
        for (Ahead& run : ahead)
          if (!sum.prefetch) sum.prefetch = run.take(count * sum.length);
        sum.prefetch_step = sum.prefetch ? kLine : 0;
        micro_kernel(RowLayout::unit, rows, width, false)(sum, a + c, b + column, to + c * kPanel, kPanel, width,
                                                          !first);
      });
    }
  }
}

// Transforms the block's sums back into the taps of gw. Their lines lie in places far apart, and are asked for a row of
// them before. Not inlined: what stood around it made it up to a fifth slower.
template <int M, int R>
[[gnu::noinline]] void store_taps(const WeightGradient<M, R>& k, const Operands& at, Real* gw) {
  const int64_t point = k.sum_point();
  int64_t taps[R * R];  // where they lie; -1 for those a phase has not
  for (int64_t i = 0; i < R * R; ++i) {
    const int64_t tap = k.phases.tap(at.phase, i / R, i % R);
    taps[i] = tap < 0 ? -1 : tap * k.s.c_in * k.s.c_out;
  }
  const Real* sums = at.sums;
  for (int64_t panel = 0; panel < at.columns.count; panel += kPanel, sums += k.sum_panel()) {
    const Real* row = sums;
    Real* to_row = gw + at.channels.begin * k.s.c_out + at.columns.begin + panel;
    for (int64_t c = 0; c < at.channels.count; ++c, row += kPanel, to_row += k.s.c_out) {
      for_vectors(0, min_of(at.columns.count - panel, kPanel), [&](int64_t column, int64_t lanes) {
        const Real* from = row + column;
        Real* to = to_row + column;
        for (int64_t i = 0; i < R * R; ++i) __builtin_prefetch(to + max_of(taps[i], 0) + k.s.c_out, 1, 2);
        gather_tile<M + R - 1, true, R>([&](int i) { return load(from + i * point); },
                                        [&](int i, int j, Vec v) {
                                          if (R != 2 || taps[i * R + j] >= 0)
                                            store_lanes(to + taps[i * R + j], v, lanes);
                                        });
      });
    }
  }
}

template <int M, int R>
void run_weight_gradient(const ConvShape& shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  constexpr int P = M + R - 1;
  const WeightGradient<M, R> k(shape);
  const int64_t elements = k.gradient_elements();
  Real* gw = buffer<Real>(args, 2);
  Real* parts = static_cast<Real*>(args.workspace);
  if (phase == 1) return sum_part_items(parts, elements, k.chunks, begin, end, gw);
  const Real *x = buffer<const Real>(args, 0), *gy = buffer<const Real>(args, 1);
  Operands at{};
  at.gy = whole_images(gy, k.s.out[1], k.s.out[2], k.s.c_out);
  at.input = static_cast<Real*>(args.scratch);
  at.gradient = at.input + k.points() * k.input_block().point;
  at.sums = at.gradient + k.points() * k.gradient_block().point;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t c_block = item % k.c_blocks, column_block = item / k.c_blocks % k.column_blocks;
    const int64_t chunk = item / k.blocks();
    const int64_t c_begin = part_begin(k.s.c_in, k.c_blocks, c_block), column_begin = k.first_column(column_block);
    at.phase = item % k.blocks() / k.c_blocks / k.column_blocks;
    at.x = input_pixels<R, false>(k.s, x, at.phase);
    at.channels = {c_begin, part_begin(k.s.c_in, k.c_blocks, c_block + 1) - c_begin};
    at.columns = {column_begin, min_of(k.first_column(column_block + 1), k.s.c_out) - column_begin};
    const int64_t first = k.first_patch(chunk), last = k.first_patch(chunk + 1);
    const bool ends = (item + 1) % k.blocks() == 0;  // the next item is of the next chunk
    for (int64_t i = first; i < last; ++i) {
      const PatchTiles tiles(k.grid, k.patches.at(i));
      Ahead ahead[2];  // the next patch's pixels, of the same chunk or of the next item's
      if (i + 1 < (ends ? k.patches.count : last)) {
        const Patch next = k.patches.at(i + 1);
        const Grid& g = k.grid;
        if (g.images * k.s.in[1] * k.s.in[2] * k.s.c_in >= kAskedElements)
          ahead[0] = Ahead(g, next, kSteps<R>, k.s.in[1], k.s.in[2], x, k.s.c_in);
        if (g.images * g.h.out * g.w.out * k.s.c_out >= kAskedElements)
          ahead[1] = Ahead(g, next, 1, g.h.out, g.w.out, gy, k.s.c_out);
      }
      if (k.at_once()) {
        add_pairs<0, P / 2>(k, at, tiles, i == first, ahead);
      } else {
        for_pairs<P>([&](auto pair) { add_pairs<pair.value, 1>(k, at, tiles, i == first, ahead); });
      }
    }
    store_taps(k, at, k.chunks == 1 ? gw : parts + chunk * elements);
  }
}

template <int M, int R>
int64_t weight_gradient_items(const ConvShape& shape, int phase) {
  const WeightGradient<M, R> k(shape);
  if (phase == 0) return k.chunks * k.blocks();
  return k.chunks == 1 ? 0 : ceil_div(k.gradient_elements(), kPartElements);
}
template <int M, int R>
int64_t weight_gradient_workspace(const ConvShape& shape) {
  const WeightGradient<M, R> k(shape);
  return k.chunks == 1 ? 0 : k.chunks * k.gradient_elements() * int64_t{sizeof(Real)};
}
template <int M, int R>
int64_t weight_gradient_scratch(const ConvShape& shape) {
  const WeightGradient<M, R> k(shape);
  return (k.points() * (k.input_block().point + k.gradient_block().point) + k.P * k.P * k.sum_point()) *
         int64_t{sizeof(Real)};
}
// Fitted as the forward pass's is: a patch's tile of sums is read and written once for all its terms.
template <int M, int R>
double weight_gradient_cost(const ConvShape& shape) {
  if (!can_do<R>(canonical(shape))) return -1;
  const WeightGradient<M, R> k(shape);
  const double in_vectors = double(ceil_div(k.s.c_in, kLanes)), out_vectors = double(ceil_div(k.s.c_out, kLanes));
  const double tiles = double(k.grid.tiles()), patches = double(k.patches.count);
  const double products = points_a_tile<M, R, false>(k.s) * double(k.s.c_in) * out_vectors / 2;
  // Of 64 points: as much more as there are more of them.
  const double transform = k.P == 8 ? 450 : k.P == 6 ? 250 : 75, transform_back = k.P == 8 ? 350 : k.P == 6 ? 200 : 60;
  const double transforms =
      transform * double(kPhases<R>) * (in_vectors * double(k.column_blocks) + out_vectors * double(k.c_blocks));
  return products * (1.25 * tiles + 6 * patches) + transforms * tiles +
         transform_back * double(kPhases<R> * k.chunks) * double(k.s.c_in) * out_vectors;
}

template <int M, int R>
constexpr Kernel weight_gradient_kernel() {
  Kernel kernel{kName<M, R>, erased_items<ConvShape, weight_gradient_items<M, R>>,
                erased_run<ConvShape, run_weight_gradient<M, R>>, 2};
  kernel.workspace = erased_size<ConvShape, weight_gradient_workspace<M, R>>;
  kernel.scratch = erased_size<ConvShape, weight_gradient_scratch<M, R>>;
  kernel.cost = erased_cost<ConvShape, weight_gradient_cost<M, R>>;
  kernel.winograd = true;
  return kernel;
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
