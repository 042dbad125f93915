// The transforms of a patch of Winograd's tiles: from channels-last images into [point][tile][channels], ready for one
// product a point. And the pixels that they will read or write, to be asked for before.
#pragma once

#include "kernels/cpu/winograd_tiles.h"
#include "kernels/cpu/winograd_transforms.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// A block of transformed tiles. Rows are an odd number of vectors long and points lie an odd number of vectors apart,
// so that neither the tiles of a product nor the points of a tile meet in the same cache sets (power-of-two strides
// made transforms up to twice as slow).
struct Block {
  int64_t row, point;  // strides
  Block(int64_t tiles, int64_t channels)
      : row((ceil_div(channels, kLanes) | 1) * kLanes),
        point(tiles * row / kLanes % 2 ? tiles * row : tiles * row + kLanes) {}
};

struct Channels {
  int64_t begin, count;
};

// Pixels of images or of a phase of them: where they lie (in elements), and how many.
struct Pixels {
  const Real* x;
  int64_t image, row, pixel;
  int64_t h, w;
};
STRIATE_INLINE Pixels whole_images(const Real* x, int64_t h, int64_t w, int64_t channels) {
  return {x, h * w * channels, w * channels, channels, h, w};
}
// What the correlation reads: x by phases, or gy.
template <int R, bool Gradient>
Pixels input_pixels(const ConvShape& s, const Real* x, int64_t phase) {
  if (Gradient) return whole_images(x, s.out[1], s.out[2], s.c_out);
  using P = Phases<R, false>;
  const P phases = phases_of<R, false>(s);
  const int64_t first_h = phases.h.first(P::all_h(phase)), first_w = phases.w.first(P::all_w(phase));
  const int64_t row = s.in[2] * s.c_in;
  return {x + first_h * row + first_w * s.c_in,
          s.in[1] * row,
          kSteps<R> * row,
          kSteps<R> * s.c_in,
          phases.h.size(s.in[1], P::all_h(phase)),
          phases.w.size(s.in[2], P::all_w(phase))};
}

// A row of a tile's pixels outside the image. Never written, but not constant: so it takes no place in the file.
alignas(64) static Real zeros[kMostTile * kMostChannels];

// Transforms a patch's tiles, the windows of T x T pixels from (top, left) on; what lies outside [0, bottom) x [0,
// right) is read as zeros. transform(load(column, values), store(point)) works on one vector of channels. Far: `to`
// lies outside L2, so its lines are asked for before they are written (Zen 3: 200 ns a tile and vector in place of
// 300).
struct Window {
  int64_t top, left, bottom, right;
};
template <int T, int Points, bool Far, class WindowOf, class Transform>
STRIATE_INLINE void transform_tiles(const PatchTiles& tiles, const Pixels& from, const Channels& c, const Block& block,
                                    Real* blocks, WindowOf window_of, Transform transform) {
  static_assert(T <= kMostTile);
  const int64_t pixel = from.pixel, row = from.row;
  int64_t points[Points];
  for (int64_t i = 0; i < Points; ++i) points[i] = i * block.point;
  const auto put = [](Real* at, Vec v) {
    if constexpr (Far) __builtin_prefetch(at + kLine, 1, 2);
    store(at, v);
  };
  for (int64_t t = 0; t < tiles.count(); ++t) {
    const Window at = window_of(tiles[t]);
    Real* to = blocks + tiles[t].place * block.row;
    const Real* corner = from.x + tiles[t].image * from.image + at.top * row + at.left * pixel + c.begin;
    const Real* rows[T];
    for (int64_t i = 0; i < T; ++i) rows[i] = at.top + i >= 0 && at.top + i < at.bottom ? corner + i * row : zeros;
    const auto transform_all = [&](auto inside) {
      for_vectors(0, c.count, [&](int64_t channel, int64_t lanes) {
        transform(
            [&](int j, Vec(&values)[T]) {
              const int64_t offset = j * pixel + channel;
              if (inside(j)) {
                STRIATE_UNROLL
                for (int i = 0; i < T; ++i) values[i] = load_lanes(rows[i] + offset, lanes);
              } else {
                STRIATE_UNROLL
                for (int i = 0; i < T; ++i) values[i] = zero();
              }
            },
            [&](int i, Vec v) { put(to + points[i] + channel, v); });
      });
    };
    const int64_t first = -at.left, last = at.right - at.left;
    if (first <= 0 && last >= T)
      transform_all([](int) { return true; });
    else
      transform_all([&](int j) { return j >= first && j < last; });
  }
}

// The points of `Pairs` pairs of rows of the input's tiles. Short tiles, and phases of one tap, get all points, too,
// some of which nobody reads.
template <int P, int First, int Pairs, bool Far = false>
void transform_input(const Grid& g, const PatchTiles& tiles, const Pixels& x, const Channels& c, const Block& block,
                     Real* to) {
  transform_tiles<P, 2 * P * Pairs, Far>(
      tiles, x, c, block, to,
      [&](const PatchTiles::Tile& tile) {
        return Window{tile.top - g.h.before, tile.left - g.w.before, x.h, x.w};
      },
      [](auto load_column, auto store_at) { input_tiles<P, First, Pairs>(load_column, store_at); });
}

// The same of the output gradient's tiles, M x M pixels each, or M - 1, and none of their neighbours'.
template <int P, int First, int Pairs, int M>
void transform_output_gradient(const PatchTiles& tiles, const Pixels& gy, const Channels& c, const Block& block,
                               Real* to) {
  transform_tiles<M, 2 * P * Pairs, false>(
      tiles, gy, c, block, to,
      [](const PatchTiles::Tile& tile) {
        return Window{tile.top, tile.left, tile.bottom, tile.right};
      },
      [](auto load_column, auto store_at) { spread_tiles<P, First, Pairs, false, M>(load_column, store_at); });
}

// The pixels of a patch's tiles in memory, to be asked for in good time: the rows of every row of tiles, `steps` an
// output, clipped to an image of h x w; whole rows of tiles as the one run of memory that they are.
class Ahead {
 public:
  Ahead() = default;
  Ahead(const Grid& g, const Patch& patch, int64_t steps, int64_t h, int64_t w, const Real* x, int64_t channels)
      : grid_(&g), x_(x), tile_(patch.begin), end_(patch.end), steps_(steps), h_(h), w_(w), channels_(channels) {
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
  int64_t top(int64_t row) const { return min_of(grid_->h.begin(row) * steps_, h_); }
  int64_t left(int64_t column) const { return min_of(grid_->w.begin(column) * steps_, w_); }
  int64_t pixel(const TileWalk& tile) const { return (tile.image * h_ + top(tile.row)) * w_ + left(tile.column); }
  int64_t rows(const TileWalk& tile) const { return top(tile.row + 1) - top(tile.row); }

  void begin_run() {
    if (tile_ >= end_) return;
    const TileWalk first(*grid_, tile_);
    const int64_t wide = grid_->w.tiles, rest = end_ - tile_;
    row_ = line_ = 0;
    rows_ = rows(first);
    int64_t pixels;
    if (first.column == 0 && rest >= wide) {
      tiles_ = rest / wide * wide;
      const TileWalk last(*grid_, tile_ + tiles_ - wide);
      pixels = pixel(last) - pixel(first) + rows(last) * w_;
      rows_ = 1;
    } else {
      tiles_ = min_of(wide - first.column, rest);
      pixels = left(first.column + tiles_) - left(first.column);
    }
    lines_ = ceil_div(pixels * channels_, kLine);
    at_ = x_ + pixel(first) * channels_;
    if (rows_ <= 0 || lines_ <= 0) tile_ = end_;
  }

  const Grid* grid_ = nullptr;
  const Real *x_ = nullptr, *at_ = nullptr;
  int64_t tile_ = 0, end_ = 0, steps_ = 1, h_ = 0, w_ = 0, channels_ = 0;
  int64_t tiles_ = 0, rows_ = 0, row_ = 0, lines_ = 0, line_ = 0;  // of the run
};

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
