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

// A correlation with unit steps in two dimensions; the planes of a third axis with one tap count as images.
struct Grid {
  int64_t images, in_h, in_w, out_h, out_w, pad_h, pad_w;
  int64_t tiles_h, tiles_w;
  int64_t tiles() const { return images * tiles_h * tiles_w; }
};

// s canonical. Gradient: the correlation of gy with the turned kernel that yields gx.
template <int M, int R, bool Gradient>
Grid make_grid(const ConvShape& s) {
  Grid g{s.n * s.in[0], s.in[1], s.in[2], s.out[1], s.out[2], s.pad[1], s.pad[2], 0, 0};
  if (Gradient) g = {s.n * s.in[0], s.out[1], s.out[2], s.in[1], s.in[2], R - 1 - s.pad[1], R - 1 - s.pad[2], 0, 0};
  g.tiles_h = ceil_div(g.out_h, M);
  g.tiles_w = ceil_div(g.out_w, M);
  return g;
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
      : grid(g), image(tile / g.tiles_w / g.tiles_h), row(tile / g.tiles_w % g.tiles_h), column(tile % g.tiles_w) {}
  void advance(int64_t count) {  // within the row, or to the next row's first
    column += count;
    if (column < grid.tiles_w) return;
    column = 0;
    if (++row < grid.tiles_h) return;
    row = 0;
    ++image;
  }
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

// Transforms a patch's tiles: the windows of T x T pixels that start at (row * step - pad). What lies outside the image
// is read as zeros. transform(load(i, j), store(point)) works on one vector of channels. Far: `to` lies outside L2, so
// its lines are asked for before they are written (Zen 3: 200 ns a tile and vector in place of 300).
template <int T, int Points, bool Far, class Transform>
STRIATE_INLINE void transform_tiles(const Grid& g, const Patch& patch, int64_t step, int64_t h, int64_t w,
                                    int64_t pad_h, int64_t pad_w, const Real* x, const Channels& c, const Block& block,
                                    Real* to, Transform transform) {
  const int64_t pixel = c.stride, row = w * pixel;
  int64_t points[Points];
  for (int64_t i = 0; i < Points; ++i) points[i] = i * block.point;
  const auto put = [](Real* at, Vec v) {
    if constexpr (Far) __builtin_prefetch(at + kLine, 1, 2);
    store(at, v);
  };
  TileWalk tile(g, patch.begin);
  for (int64_t t = patch.begin; t < patch.end; ++t, tile.advance(1), to += block.row) {
    const int64_t top = tile.row * step - pad_h, left = tile.column * step - pad_w;
    const Real* corner = x + ((tile.image * h + top) * w + left) * pixel + c.c_begin;
    if (top >= 0 && left >= 0 && top + T <= h && left + T <= w) {
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
        const bool row_inside = top + i >= 0 && top + i < h;
        for (int64_t j = 0; j < T; ++j) {
          const bool inside = row_inside && left + j >= 0 && left + j < w;
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

// The points of `Pairs` pairs of rows of the input's tiles.
template <int P, int Pair, int Pairs = 1, bool Far = false>
void transform_input(const Grid& g, const Patch& patch, int64_t step, const Real* x, const Channels& c,
                     const Block& block, Real* to) {
  transform_tiles<P, Pairs * 2 * P, Far>(
      g, patch, step, g.in_h, g.in_w, g.pad_h, g.pad_w, x, c, block, to,
      [](auto load_at, auto store_at) { input_tiles<P, Pair, Pairs>(load_at, store_at); });
}

// The same of the output gradient's tiles, M x M pixels each.
template <int P, int Pair, int M>
void transform_output_gradient(const Grid& g, const Patch& patch, const Real* gy, const Channels& c, const Block& block,
                               Real* to) {
  transform_tiles<M, 2 * P, false>(
      g, patch, M, g.out_h, g.out_w, 0, 0, gy, c, block, to,
      [](auto load_at, auto store_at) { spread_tile<P, Pair, false, M>(load_at, store_at); });
}

// The pixels of a patch's tiles in memory, to be asked for in good time: `step` rows of every row of tiles, clipped to
// the image; whole rows of tiles as the one run of memory that they are.
class Ahead {
 public:
  Ahead() = default;
  Ahead(const Grid& g, const Patch& patch, int64_t step, int64_t h, int64_t w, const Real* x, int64_t channels)
      : grid_(&g), x_(x), tile_(patch.begin), end_(patch.end), step_(step), h_(h), w_(w), channels_(channels) {
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
  int64_t pixel(const TileWalk& tile) const { return (tile.image * h_ + tile.row * step_) * w_ + tile.column * step_; }

  void begin_run() {
    if (tile_ >= end_) return;
    const TileWalk first(*grid_, tile_);
    const int64_t wide = grid_->tiles_w, left = end_ - tile_;
    row_ = line_ = 0;
    rows_ = min_of(step_, h_ - first.row * step_);
    int64_t pixels;
    if (first.column == 0 && left >= wide) {
      tiles_ = left / wide * wide;
      const TileWalk last(*grid_, tile_ + tiles_ - wide);
      pixels = pixel(last) - pixel(first) + min_of(step_, h_ - last.row * step_) * w_;
      rows_ = 1;
    } else {
      tiles_ = min_of(wide - first.column, left);
      pixels = min_of(tiles_ * step_, w_ - first.column * step_);
    }
    lines_ = ceil_div(pixels * channels_, kLine);
    at_ = x_ + pixel(first) * channels_;
    if (rows_ <= 0 || lines_ <= 0) tile_ = end_;
  }

  const Grid* grid_ = nullptr;
  const Real *x_ = nullptr, *at_ = nullptr;
  int64_t tile_ = 0, end_ = 0, step_ = 0, h_ = 0, w_ = 0, channels_ = 0;
  int64_t tiles_ = 0, rows_ = 0, row_ = 0, lines_ = 0, line_ = 0;  // of the run
};

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
