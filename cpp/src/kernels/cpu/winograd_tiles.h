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

// Tiles in order of image, row, column.
struct TileWalk {
  const Grid& grid;
  int64_t image, row, column;

  TileWalk(const Grid& g, int64_t index)
      : grid(g),
        image(index / (g.tiles_h * g.tiles_w)),
        row(index / g.tiles_w % g.tiles_h),
        column(index % g.tiles_w) {}
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

// Transforms tiles [begin, end): the windows of T x T pixels that start at (row * step - pad). What lies outside the
// image is read as zeros. transform(load(i, j), store(point)) works on one vector of channels.
template <int T, class Transform>
STRIATE_INLINE void transform_tiles(const Grid& g, int64_t step, int64_t h, int64_t w, int64_t pad_h, int64_t pad_w,
                                    const Real* x, const Channels& c, int64_t begin, int64_t end, const Block& block,
                                    Real* to, Transform transform) {
  alignas(64) static const Real zeros[kLanes] = {};
  TileWalk tile(g, begin);
  for (int64_t t = begin; t < end; ++t, tile.advance(1), to += block.row) {
    const int64_t top = tile.row * step - pad_h, left = tile.column * step - pad_w;
    const Real* corner = x + ((tile.image * h + top) * w + left) * c.stride + c.c_begin;
    const auto store_at = [&](int64_t channel, int i, Vec v) { store(to + i * block.point + channel, v); };
    if (top >= 0 && left >= 0 && top + T <= h && left + T <= w) {
      for_vectors(0, c.count, [&](int64_t channel, int64_t lanes) {
        transform([&](int i, int j) { return load_lanes(corner + (i * w + j) * c.stride + channel, lanes); },
                  [&](int i, Vec v) { store_at(channel, i, v); });
      });
      continue;
    }
    // Pixels outside all point to the same zeros, which do not move on with the channels.
    const Real* pixels[T * T];
    int64_t moves[T * T];
    for (int64_t i = 0; i < T; ++i) {
      for (int64_t j = 0; j < T; ++j) {
        const bool inside = top + i >= 0 && top + i < h && left + j >= 0 && left + j < w;
        pixels[i * T + j] = inside ? corner + (i * w + j) * c.stride : zeros;
        moves[i * T + j] = inside ? -1 : 0;
      }
    }
    for_vectors(0, c.count, [&](int64_t channel, int64_t lanes) {
      transform([&](int i, int j) { return load_lanes(pixels[i * T + j] + (channel & moves[i * T + j]), lanes); },
                [&](int i, Vec v) { store_at(channel, i, v); });
    });
  }
}

// The points of one pair of rows of the input's tiles.
template <int P, int Pair>
void transform_input(const Grid& g, int64_t step, const Real* x, const Channels& c, int64_t begin, int64_t end,
                     const Block& block, Real* to) {
  transform_tiles<P>(g, step, g.in_h, g.in_w, g.pad_h, g.pad_w, x, c, begin, end, block, to,
                     [](auto load_at, auto store_at) { input_tile<P, Pair>(load_at, store_at); });
}

// The same of the output gradient's tiles, M x M pixels each.
template <int P, int Pair, int M>
void transform_output_gradient(const Grid& g, const Real* gy, const Channels& c, int64_t begin, int64_t end,
                               const Block& block, Real* to) {
  transform_tiles<M>(g, M, g.out_h, g.out_w, 0, 0, gy, c, begin, end, block, to,
                     [](auto load_at, auto store_at) { spread_tile<P, Pair, false, M>(load_at, store_at); });
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
