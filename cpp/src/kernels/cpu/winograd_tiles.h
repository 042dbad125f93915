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

// A run of whole rows of tiles (of several images, if they are small), or a part of one row.
struct Patch {
  int64_t row_begin, row_end, column_begin, column_end;
  int64_t tiles() const { return (row_end - row_begin) * (column_end - column_begin); }
};

// The tiles in patches of about `most`.
struct Patches {
  int64_t rows, columns;          // of all tiles
  int64_t row_blocks, row_parts;  // one of the two is 1, unless rows are cut
  Patches(const Grid& g, int64_t most) : rows(g.images * g.tiles_h), columns(g.tiles_w) {
    row_blocks = ceil_div(rows, max_of(most / columns, 1));
    row_parts = ceil_div(columns, most);
  }
  int64_t count() const { return row_blocks * row_parts; }
  int64_t most_tiles() const { return ceil_div(rows, row_blocks) * ceil_div(columns, row_parts); }
  Patch at(int64_t i) const {
    const int64_t block = i / row_parts, part = i % row_parts;
    return {part_begin(rows, row_blocks, block), part_begin(rows, row_blocks, block + 1),
            part_begin(columns, row_parts, part), part_begin(columns, row_parts, part + 1)};
  }
};

// A patch's tiles in order of image, row, column.
struct TileWalk {
  const Grid& grid;
  const Patch& patch;
  int64_t image, row, column;

  TileWalk(const Grid& g, const Patch& p)
      : grid(g), patch(p), image(p.row_begin / g.tiles_h), row(p.row_begin % g.tiles_h), column(p.column_begin) {}
  void advance(int64_t count) {  // within the row, or to the next row's first
    column += count;
    if (column < patch.column_end) return;
    column = patch.column_begin;
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

// Transforms a patch's tiles: the windows of T x T pixels that start at (row * step - pad). What lies outside the image
// is read as zeros. transform(load(i, j), store(point)) works on one vector of channels.
template <int T, int Points, class Transform>
STRIATE_INLINE void transform_tiles(const Grid& g, const Patch& patch, int64_t step, int64_t h, int64_t w,
                                    int64_t pad_h, int64_t pad_w, const Real* x, const Channels& c, const Block& block,
                                    Real* to, Transform transform) {
  alignas(64) static const Real zeros[kLanes] = {};
  const int64_t stride = c.stride, channels = c.count, tiles = patch.tiles();
  int64_t points[Points];
  for (int64_t i = 0; i < Points; ++i) points[i] = i * block.point;
  TileWalk tile(g, patch);
  for (int64_t t = 0; t < tiles; ++t, tile.advance(1), to += block.row) {
    const int64_t top = tile.row * step - pad_h, left = tile.column * step - pad_w;
    const Real* corner = x + ((tile.image * h + top) * w + left) * stride + c.c_begin;
    if (top >= 0 && left >= 0 && top + T <= h && left + T <= w) {
      const Real* rows[T];
      for (int64_t i = 0; i < T; ++i) rows[i] = corner + i * w * stride;
      for_vectors(0, channels, [&](int64_t channel, int64_t lanes) {
        transform([&](int i, int j) { return load_lanes(rows[i] + (j * stride + channel), lanes); },
                  [&](int i, Vec v) { store(to + points[i] + channel, v); });
      });
      continue;
    }
    // Pixels outside all point to the same zeros, which do not move on with the channels.
    const Real* pixels[T * T];
    int64_t moves[T * T];
    for (int64_t i = 0; i < T; ++i) {
      for (int64_t j = 0; j < T; ++j) {
        const bool inside = top + i >= 0 && top + i < h && left + j >= 0 && left + j < w;
        pixels[i * T + j] = inside ? corner + (i * w + j) * stride : zeros;
        moves[i * T + j] = inside ? -1 : 0;
      }
    }
    for_vectors(0, channels, [&](int64_t channel, int64_t lanes) {
      transform([&](int i, int j) { return load_lanes(pixels[i * T + j] + (channel & moves[i * T + j]), lanes); },
                [&](int i, Vec v) { store(to + points[i] + channel, v); });
    });
  }
}

// The points of one pair of rows of the input's tiles.
template <int P, int Pair>
void transform_input(const Grid& g, const Patch& patch, int64_t step, const Real* x, const Channels& c,
                     const Block& block, Real* to) {
  transform_tiles<P, 2 * P>(g, patch, step, g.in_h, g.in_w, g.pad_h, g.pad_w, x, c, block, to,
                            [](auto load_at, auto store_at) { input_tile<P, Pair>(load_at, store_at); });
}

// The same of the output gradient's tiles, M x M pixels each.
template <int P, int Pair, int M>
void transform_output_gradient(const Grid& g, const Patch& patch, const Real* gy, const Channels& c, const Block& block,
                               Real* to) {
  transform_tiles<M, 2 * P>(g, patch, M, g.out_h, g.out_w, 0, 0, gy, c, block, to,
                            [](auto load_at, auto store_at) { spread_tile<P, Pair, false, M>(load_at, store_at); });
}

// Memory that a patch's pixels will come from, to be asked for in good time: all of a run of rows, or pieces of each
// row. `first` and `size` count pixels down and across, both clipped to the image or images.
struct Ahead {
  const Real* base = nullptr;
  int64_t pitch = 0, segments = 0, lines = 0;
  int64_t segment = 0, line = 0;
  // The next `count` lines or so; null when all were taken.
  const Real* take(int64_t count) {
    if (segment == segments) return nullptr;
    const Real* p = base + segment * pitch + line * kLine;
    line += count;
    if (line >= lines) {
      line = 0;
      ++segment;
    }
    return p;
  }
};
STRIATE_INLINE Ahead ahead_of(const Grid& g, const Patch& p, int64_t step, int64_t h, int64_t w, const Real* x,
                              int64_t channels) {
  const int64_t top = p.row_begin / g.tiles_h * h + p.row_begin % g.tiles_h * step;
  const int64_t bottom = (p.row_end - 1) / g.tiles_h * h + min_of(((p.row_end - 1) % g.tiles_h + 1) * step, h);
  const int64_t left = p.column_begin * step, right = min_of(p.column_end * step, w);
  if (bottom <= top || right <= left) return {};
  const int64_t row = w * channels;
  if (right - left == w) return {x + top * row, 0, 1, ceil_div((bottom - top) * row, kLine)};
  return {x + top * row + left * channels, row, bottom - top, ceil_div((right - left) * channels, kLine)};
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
