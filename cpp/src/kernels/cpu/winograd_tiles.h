// The tiles of a Winograd convolution: how outputs are cut into them, and patches of them into items.
#pragma once

#include "kernels/cpu/conv_geometry.h"
#include "kernels/cpu/split.h"
#include "kernels/cpu/winograd_phases.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// Below, transforms cost more than products save; and sums of whole numbers stay exact where tests want them so.
constexpr int64_t kLeastChannels = 16;
// From pixel to pixel of an image or of a phase of it; and along a tile.
constexpr int64_t kMostChannels = 2048, kMostTile = 8;

// The tiles of one axis: the first `whole` have `step` = M outputs, the others M - 1 if M do not divide the axis (14 =
// 4 + 4 + 3 + 3, where 4 + 4 + 4 + 2 would do as many products as for 16). A short tile does without the point at
// infinity, on which only the last output of a tile depends.
struct TileAxis {
  int64_t out, before, step, tiles, whole;

  TileAxis(int64_t outputs, int64_t inputs_before, int64_t outputs_a_tile, bool mixed)
      : out(outputs), before(inputs_before), step(outputs_a_tile), tiles(ceil_div(out, step)), whole(tiles) {
    if (mixed) whole -= min_of(tiles * step - out, tiles);
  }
  // The first output of a tile, `before` pixels after its first input.
  int64_t begin(int64_t tile) const { return tile * step - max_of(tile - whole, 0); }
  int64_t end(int64_t tile) const { return min_of(begin(tile + 1), out); }
};

// A correlation with unit steps in two dimensions; the planes of a third axis with one tap count as images.
struct Grid {
  int64_t images;
  TileAxis h, w;
  int64_t tiles() const { return images * h.tiles * w.tiles; }
};

template <int R, bool Gradient>
Phases<R, Gradient> phases_of(const ConvShape& s) {
  return {{s.pad[1]}, {s.pad[2]}};
}

// s canonical. Gradient: the correlation of gy with the turned kernel that yields gx.
template <int M, int R, bool Gradient>
Grid make_grid(const ConvShape& s) {
  const bool mixed = s.epilogue.pooling == Pooling::none;  // which takes pairs of rows and columns of one tile
  const Phases<R, Gradient> phases = phases_of<R, Gradient>(s);
  const auto outputs = [&](int i) { return Gradient ? ceil_div(s.in[i], kSteps<R>) : s.out[i]; };
  return {s.n * s.in[0], TileAxis(outputs(1), phases.h.before(), M, mixed),
          TileAxis(outputs(2), phases.w.before(), M, mixed)};
}

// Products a tile and pair of channels, on average.
template <int M, int R, bool Gradient>
double points_a_tile(const ConvShape& s) {
  const Grid grid = make_grid<M, R, Gradient>(s);
  const Phases<R, Gradient> phases = phases_of<R, Gradient>(s);
  const auto points = [](const TileAxis& axis, const AxisPhases<R, Gradient>& phase) {
    constexpr int64_t P = M + R - 1;
    const int64_t short_tiles = axis.tiles - axis.whole, all = P * axis.tiles - short_tiles;
    return double(R == 2 ? all + (P - 1) * axis.tiles - (phase.missing_point() == 0 ? short_tiles : 0) : all) /
           double(axis.tiles);
  };
  return points(grid.h, phases.h) * points(grid.w, phases.w);
}

template <int R>
bool can_do(const ConvShape& s) {
  for (int i = 0; i < 3; ++i)
    if (s.stride[i] != (i == 0 ? 1 : kSteps<R>) || s.dilation[i] != 1) return false;
  if (kMostChannels < max_of(s.c_in, s.c_out) * kSteps<R>) return false;
  // Phases lie side by side in whole vectors; tiles of even sizes can be pooled.
  if (R == 2 && (s.c_in % kLanes != 0 || s.c_out % kLanes != 0 || s.epilogue.pooling != Pooling::none)) return false;
  return s.groups == 1 && s.c_in >= kLeastChannels && s.c_out >= kLeastChannels && s.kernel[0] == 1 && s.pad[0] == 0 &&
         s.in[0] == s.out[0] && s.kernel[1] == kTaps<R> && s.kernel[2] == kTaps<R>;
}

// F(M, R) for dump() and the profiler.
template <int M, int R>
constexpr const char* kName = R == 2   ? "winograd_3x3_phases"
                              : M == 4 ? "winograd_4x4"
                                       : "winograd_2x2";

// Some tiles, numbered by image, row and column.
struct Patch {
  int64_t begin, end;
  int64_t tiles() const { return end - begin; }
};

// All tiles in patches of about `most`, cut at multiples of a product's rows: a product of 5 or 4 rows in place of 6
// does not cover the latency of its sums (64 channels, AVX2: 79 GFLOP/s in place of 87).
struct Patches {
  int64_t tiles, row_tiles, count;
  Patches(const Grid& g, int64_t most)
      : tiles(g.tiles()), row_tiles(ceil_div(tiles, kTileRows)), count(ceil_div(row_tiles, ceil_div(most, kTileRows))) {
    if (count > 1) count += count % 2;  // even shares for two threads
  }
  int64_t most_tiles() const {
    return equal() ? ceil_div(tiles, count) : min_of(ceil_div(row_tiles, count) * kTileRows, tiles);
  }
  Patch at(int64_t i) const { return {cut(i), cut(i + 1)}; }

 private:
  // Two patches, or patches of a product's rows at most: all of about one length.
  bool equal() const { return count == 2 || count >= row_tiles; }
  // Longer and shorter patches in turn.
  int64_t cut(int64_t i) const {
    return equal() ? tiles * i / count : min_of(row_tiles * i / count * kTileRows, tiles);
  }
};

// Where a tile stands, and the walk to later ones.
struct TileWalk {
  const Grid& grid;
  int64_t image, row, column;

  TileWalk(const Grid& g, int64_t tile)
      : grid(g), image(tile / g.w.tiles / g.h.tiles), row(tile / g.w.tiles % g.h.tiles), column(tile % g.w.tiles) {}
  void advance(int64_t count) {  // within the row, or to the next row's first
    column += count;
    if (column < grid.w.tiles) return;
    column = 0;
    if (++row < grid.h.tiles) return;
    row = 0;
    ++image;
  }
};

// A patch's tiles, and their places in blocks of transformed ones: in an order in which the tiles that have a point are
// neighbours, whichever the point: that of kinds_with.
class PatchTiles {
 public:
  static constexpr int64_t kMost = 128;
  struct Tile {
    int32_t image, top, left, bottom, right;  // of its outputs
    int32_t place;
  };

  PatchTiles(const Grid& g, const Patch& patch) : count_(patch.tiles()) {
    int8_t kinds[kMost];
    int64_t count[4] = {}, next[4];
    TileWalk walk(g, patch.begin);
    for (int64_t t = 0; t < count_; ++t, walk.advance(1)) {
      tiles_[t] = {int32_t(walk.image),        int32_t(g.h.begin(walk.row)),  int32_t(g.w.begin(walk.column)),
                   int32_t(g.h.end(walk.row)), int32_t(g.w.end(walk.column)), 0};
      kinds[t] = int8_t(kind_of(walk.row < g.h.whole, walk.column < g.w.whole));
      ++count[kinds[t]];
    }
    for (int i = 0; i < 4; ++i) {
      next[i] = begin_[i];
      begin_[i + 1] = begin_[i] + count[i];
    }
    for (int64_t t = 0; t < count_; ++t) tiles_[t].place = int32_t(next[kinds[t]]++);
  }
  int64_t count() const { return count_; }
  const Tile& operator[](int64_t tile) const { return tiles_[tile]; }

  // The places of the tiles that have a point, by its row and column: 1 is infinity.
  Run with_point(int64_t row, int64_t column) const {
    const Run kinds = kinds_with(row == 1, column == 1);
    return {begin_[kinds.begin], begin_[kinds.end]};
  }

 private:
  int64_t count_, begin_[5] = {};
  Tile tiles_[kMost];
};

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
