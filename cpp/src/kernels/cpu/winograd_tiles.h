// The tiles of a Winograd convolution, and the transforms of a block of them: from channels-last images into
// [point][tile][channels], ready for one product a point.
#pragma once

#include "kernels/cpu/conv_geometry.h"
#include "kernels/cpu/split.h"
#include "kernels/cpu/winograd_transforms.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// Below, transforms cost more than products save; and sums of whole numbers stay exact where tests want them so.
constexpr int64_t kLeastChannels = 16;

// One axis: the first `whole` tiles have `step` = M outputs, the others M - 1 if M do not divide the axis (14 = 4 + 4 +
// 3
// + 3, where 4 + 4 + 4 + 2 would do as many products as for 16). A short tile does without the point at infinity, on
// which only the last output of a tile depends.
struct Axis {
  int64_t in, out, pad, step, tiles, whole;

  Axis(int64_t inputs, int64_t outputs, int64_t padding, int64_t outputs_a_tile, bool mixed)
      : in(inputs), out(outputs), pad(padding), step(outputs_a_tile), tiles(ceil_div(out, step)), whole(tiles) {
    if (mixed) whole -= min_of(tiles * step - out, tiles);
  }
  // The first output of a tile, and the first input but for the padding.
  int64_t begin(int64_t tile) const { return tile * step - max_of(tile - whole, 0); }
  int64_t end(int64_t tile) const { return min_of(begin(tile + 1), out); }
  int64_t points(int64_t taps) const { return (step + taps - 1) * tiles - (tiles - whole); }
};

// A correlation with unit steps in two dimensions; the planes of a third axis with one tap count as images.
struct Grid {
  int64_t images;
  Axis h, w;
  int64_t tiles() const { return images * h.tiles * w.tiles; }
};

// s canonical. Gradient: the correlation of gy with the turned kernel that yields gx.
template <int M, int R, bool Gradient>
Grid make_grid(const ConvShape& s) {
  const bool mixed = s.epilogue.pooling == Pooling::none;  // which takes pairs of rows and columns of one tile
  const auto axis = [&](int i) {
    return Gradient ? Axis(s.out[i], s.in[i], R - 1 - s.pad[i], M, mixed) : Axis(s.in[i], s.out[i], s.pad[i], M, mixed);
  };
  return {s.n * s.in[0], axis(1), axis(2)};
}

template <int R>
bool can_do(const ConvShape& s) {
  for (int i = 0; i < 3; ++i)
    if (s.stride[i] != 1 || s.dilation[i] != 1) return false;
  return s.groups == 1 && s.c_in >= kLeastChannels && s.c_out >= kLeastChannels && s.kernel[0] == 1 && s.pad[0] == 0 &&
         s.in[0] == s.out[0] && s.kernel[1] == R && s.kernel[2] == R;
}

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
// neighbours, whichever the point. First come tiles whole along h and short along w, then those whole along both, short
// along h, and short along both.
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
      kinds[t] = walk.row < g.h.whole ? (walk.column < g.w.whole ? 1 : 0) : (walk.column < g.w.whole ? 2 : 3);
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
  struct Places {
    int64_t begin, end;
    int64_t count() const { return end - begin; }
  };
  Places with_point(int64_t row, int64_t column) const {
    return {begin_[column == 1 ? 1 : 0], min_of(begin_[row == 1 ? 2 : 4], begin_[column == 1 ? 3 : 4])};
  }

 private:
  int64_t count_, begin_[5] = {};
  Tile tiles_[kMost];
};

// A block of transformed tiles. Rows are one vector longer than their channels and points lie an odd number of vectors
// apart, so that neither the tiles of a product nor the points of a tile meet in the same cache sets (power-of-two
// strides made transforms up to twice as slow).
struct Block {
  int64_t row, point;  // strides
  Block(int64_t tiles, int64_t channels)
      : row((ceil_div(channels, kLanes) + 1) * kLanes),
        point(tiles * row / kLanes % 2 ? tiles * row : tiles * row + kLanes) {}
};

// Channels [c_begin, c_begin + channels) of images of `stride` channels.
struct Channels {
  int64_t stride, c_begin, count;
};

// What stands for pixels outside the image, for so many channels at a time.
constexpr int64_t kZeroChannels = 256;
alignas(64) constexpr Real kZeros[kZeroChannels] = {};

// Transforms a patch's tiles, the windows of T x T pixels from (top, left) on; what lies outside [0, bottom) x [0,
// right) is read as zeros. transform(load(i, j), store(point)) works on one vector of channels. Far: `to` lies outside
// L2, so its lines are asked for before they are written (Zen 3: 200 ns a tile and vector in place of 300).
struct Window {
  int64_t top, left, bottom, right;
};
template <int T, int Points, bool Far, class WindowOf, class Transform>
STRIATE_INLINE void transform_tiles(const PatchTiles& tiles, int64_t h, int64_t w, const Real* x, const Channels& c,
                                    const Block& block, Real* blocks, WindowOf window_of, Transform transform) {
  const int64_t pixel = c.stride, row = w * pixel;
  int64_t points[Points];
  for (int64_t i = 0; i < Points; ++i) points[i] = i * block.point;
  const auto put = [](Real* at, Vec v) {
    if constexpr (Far) __builtin_prefetch(at + kLine, 1, 2);
    store(at, v);
  };
  for (int64_t t = 0; t < tiles.count(); ++t) {
    const Window at = window_of(tiles[t]);
    Real* to = blocks + tiles[t].place * block.row;
    const Real* corner = x + ((tiles[t].image * h + at.top) * w + at.left) * pixel + c.c_begin;
    if (at.top >= 0 && at.left >= 0 && at.top + T <= at.bottom && at.left + T <= at.right) {
      const Real* rows[T];
      for (int64_t i = 0; i < T; ++i) rows[i] = corner + i * row;
      for_vectors(0, c.count, [&](int64_t channel, int64_t lanes) {
        transform([&](int i, int j) { return load_lanes(rows[i] + (j * pixel + channel), lanes); },
                  [&](int i, Vec v) { put(to + points[i] + channel, v); });
      });
      continue;
    }
    for (int64_t first = 0; first < c.count; first += kZeroChannels) {
      const Real* pixels[T * T];
      for (int64_t i = 0; i < T; ++i) {
        const bool row_inside = at.top + i >= 0 && at.top + i < at.bottom;
        for (int64_t j = 0; j < T; ++j) {
          const bool inside = row_inside && at.left + j >= 0 && at.left + j < at.right;
          pixels[i * T + j] = inside ? corner + first + i * row + j * pixel : kZeros;
        }
      }
      for_vectors(0, min_of(c.count - first, kZeroChannels), [&](int64_t channel, int64_t lanes) {
        transform([&](int i, int j) { return load_lanes(pixels[i * T + j] + channel, lanes); },
                  [&](int i, Vec v) { put(to + points[i] + first + channel, v); });
      });
    }
  }
}

// The points of `Pairs` pairs of rows of the input's tiles. Short tiles get theirs at infinity, too, which nobody
// reads.
template <int P, int Pair, int Pairs = 1, bool Far = false>
void transform_input(const Grid& g, const PatchTiles& tiles, const Real* x, const Channels& c, const Block& block,
                     Real* to) {
  transform_tiles<P, Pairs * 2 * P, Far>(
      tiles, g.h.in, g.w.in, x, c, block, to,
      [&](const PatchTiles::Tile& tile) {
        return Window{tile.top - g.h.pad, tile.left - g.w.pad, g.h.in, g.w.in};
      },
      [](auto load_at, auto store_at) { input_tiles<P, Pair, Pairs>(load_at, store_at); });
}

// The same of the output gradient's tiles, M x M pixels each, or M - 1, and none of their neighbours'.
template <int P, int Pair, int M>
void transform_output_gradient(const Grid& g, const PatchTiles& tiles, const Real* gy, const Channels& c,
                               const Block& block, Real* to) {
  transform_tiles<M, 2 * P, false>(
      tiles, g.h.out, g.w.out, gy, c, block, to,
      [](const PatchTiles::Tile& tile) {
        return Window{tile.top, tile.left, tile.bottom, tile.right};
      },
      [](auto load_at, auto store_at) { spread_tile<P, Pair, false, M>(load_at, store_at); });
}

// The pixels of a patch's tiles in memory, to be asked for in good time: the rows of every row of tiles, clipped to an
// image of h x w; whole rows of tiles as the one run of memory that they are.
class Ahead {
 public:
  Ahead() = default;
  Ahead(const Grid& g, const Patch& patch, int64_t h, int64_t w, const Real* x, int64_t channels)
      : grid_(&g), x_(x), tile_(patch.begin), end_(patch.end), h_(h), w_(w), channels_(channels) {
    begin_run();
  }
  // The next `count` lines or so; null when all were taken.
  const Real* take(int64_t count) {
    if (tile_ >= end_) return nullptr;
    const Real* p = at_ + row_ * w_ * channels_ + line_ * kLine;
    line_ += count;
    if (line_ < lines_) return p;
    line_ = 0;
    if (++row_ < rows_) return p;
    tile_ += tiles_;
    begin_run();
    return p;
  }

 private:
  int64_t pixel(const TileWalk& tile) const {
    return (tile.image * h_ + grid_->h.begin(tile.row)) * w_ + grid_->w.begin(tile.column);
  }
  int64_t rows(const TileWalk& tile) const {
    return min_of(grid_->h.begin(tile.row + 1), h_) - grid_->h.begin(tile.row);
  }

  void begin_run() {
    if (tile_ >= end_) return;
    const TileWalk first(*grid_, tile_);
    const int64_t wide = grid_->w.tiles, left = end_ - tile_;
    row_ = line_ = 0;
    rows_ = rows(first);
    int64_t pixels;
    if (first.column == 0 && left >= wide) {
      tiles_ = left / wide * wide;
      const TileWalk last(*grid_, tile_ + tiles_ - wide);
      pixels = pixel(last) - pixel(first) + rows(last) * w_;
      rows_ = 1;
    } else {
      tiles_ = min_of(wide - first.column, left);
      pixels = min_of(grid_->w.begin(first.column + tiles_), w_) - grid_->w.begin(first.column);
    }
    lines_ = ceil_div(pixels * channels_, kLine);
    at_ = x_ + pixel(first) * channels_;
    if (rows_ <= 0 || lines_ <= 0) tile_ = end_;
  }

  const Grid* grid_ = nullptr;
  const Real *x_ = nullptr, *at_ = nullptr;
  int64_t tile_ = 0, end_ = 0, h_ = 0, w_ = 0, channels_ = 0;
  int64_t tiles_ = 0, rows_ = 0, row_ = 0, lines_ = 0, line_ = 0;  // of the run
};

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
