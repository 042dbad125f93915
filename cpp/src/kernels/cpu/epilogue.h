// Finishes a tile of sums: y = activation(sum + bias + residual), kept where mask > 0. The one place a fused step's
// ending is computed, so that micro-kernels come without variants; a full 14 x 32 tile costs about 60 cycles here,
// against 14 a term.
#pragma once

#include "kernels/cpu/signs.h"
#include "kernels/cpu/table.h"
#include "kernels/epilogue.h"
#include "simd/math.h"

namespace striate::STRIATE_ISA {
namespace {

// Where a step's epilogue reads and writes: residual and mask lie as y does.
struct Finish {
  const Real *bias, *residual, *mask;  // null where the epilogue has none
  Real* y;
  const uint8_t* signs = nullptr;  // in place of the mask: of all of the step's y, which begins `first` elements before
  int64_t first = 0;
  // Whole vectors go past the caches: the caller sees to their being aligned. Not where y is the residual's or the
  // mask's memory, whose line was just read.
  bool streams = false;
};

// The channels from row to row of y, which a part has more of than its own.
STRIATE_INLINE int64_t row_channels(const Epilogue& epilogue, int64_t channels) {
  return epilogue.part.whole > 0 ? epilogue.part.whole : channels;
}

// From the buffers (operand, operand, bias, residual, mask, y). Tiles of y begin at multiples of a vector if rows do.
STRIATE_INLINE Finish finish_of(const Epilogue& epilogue, const KernelArgs& args, int64_t y_elements, int64_t y_row) {
  Real* y = buffer<Real>(args, 5) + epilogue.part.first;
  if (epilogue.part.whole % kLanes != 0) y_row = 1;  // rows do not
  return {epilogue.bias ? buffer<const Real>(args, 2) : nullptr,
          epilogue.residual ? buffer<const Real>(args, 3) : nullptr,
          epilogue.mask && !epilogue.signs ? buffer<const Real>(args, 4) : nullptr,
          y,
          epilogue.mask && epilogue.signs ? buffer<const uint8_t>(args, 4) : nullptr,
          0,
          y_row % kLanes == 0 && worth_streaming(y_elements, y)};
}

template <Activation A>
STRIATE_INLINE Vec activate(Vec v) {
  if constexpr (A == Activation::relu) return max(v, zero());
  if constexpr (A == Activation::sigmoid) return sigmoid(v);
  if constexpr (A == Activation::tanh) return tanh(v);
  return v;
}

// f(row's offset from y, sum + bias, valid lanes) gives what is stored there. Row by row: a cache line of y is written
// at once, without which a vector of half a line past the caches costs 17 times as much (AVX2, Zen 3).
template <class F>
STRIATE_INLINE void for_sums(const Real* tile, int64_t tile_row, int64_t rows, int64_t columns, const Real* bias,
                             Real* y, int64_t y_row, bool streams, F f) {
  // Left to itself the compiler inlines these or not as the rest of a file has it: 1x1 with steps of 2 took 1.2 times
  // as long.
  const auto sum_at = [&](int64_t r, int64_t j, Vec add) __attribute__((always_inline)) {
    return f(r * y_row + j, load(tile + r * tile_row + j) + add, static_cast<int64_t>(kLanes));
  };
  if (columns == kTileVecs * kLanes) {  // a whole tile
    Vec add[kTileVecs];
    STRIATE_UNROLL
    for (int v = 0; v < kTileVecs; ++v) add[v] = bias ? load(bias + v * kLanes) : zero();
    const auto whole_rows = [&](auto put) __attribute__((always_inline)) {
      for (int64_t r = 0; r < rows; ++r) {
        STRIATE_UNROLL
        for (int v = 0; v < kTileVecs; ++v) put(y + r * y_row + v * kLanes, sum_at(r, v * kLanes, add[v]));
      }
    };
    return streams ? whole_rows([](Real* p, Vec v) { stream(p, v); }) : whole_rows([](Real* p, Vec v) { store(p, v); });
  }
  for (int64_t j = 0; j < columns; j += kLanes) {
    const int64_t valid = columns - j;
    if (valid >= kLanes) {
      const Vec add = bias ? load(bias + j) : zero();
      for (int64_t r = 0; r < rows; ++r) store(y + r * y_row + j, sum_at(r, j, add));
    } else {
      const Vec add = bias ? load_n(bias + j, valid) : zero();
      for (int64_t r = 0; r < rows; ++r)
        store_n(y + r * y_row + j, f(r * y_row + j, load(tile + r * tile_row + j) + add, valid), valid);
    }
  }
}

template <Activation A>
STRIATE_INLINE void finish_rows(const Real* tile, int64_t tile_row, int64_t rows, int64_t columns, const Finish& at,
                                int64_t y_row) {
  const auto activated = [](int64_t, Vec v, int64_t) __attribute__((always_inline)) { return activate<A>(v); };
  if (!at.residual && !at.mask && !at.signs)
    return for_sums(tile, tile_row, rows, columns, at.bias, at.y, y_row, at.streams, activated);
  const int64_t next = rows * y_row;  // to the tile after this one, whose lines are asked for
  const auto with_operands = [&](int64_t i, Vec v, int64_t valid) __attribute__((always_inline)) {
    const auto beside = [&](const Real* p) __attribute__((always_inline)) {
      __builtin_prefetch(p + i + next, 0, 2);
      return valid == kLanes ? load(p + i) : load_n(p + i, valid);
    };
    if (at.residual) v += beside(at.residual);
    v = activate<A>(v);
    if (at.signs) return keep_above_zero(at.signs, at.first + i, v);
    return at.mask ? (beside(at.mask) > 0 ? v : zero()) : v;
  };
  const bool streams = at.streams && at.y != at.residual && at.y != at.mask;
  for_sums(tile, tile_row, rows, columns, at.bias, at.y, y_row, streams, with_operands);
}

// tile: rows of at least `columns` sums, readable for whole vectors. `at` points at the tile's own first channel
// (bias) and first element (residual, mask, y); rows lie y_row apart.
[[maybe_unused]] static void finish_tile(const Epilogue& epilogue, const Real* tile, int64_t tile_row, int64_t rows,
                                         int64_t columns, const Finish& at, int64_t y_row) {
  switch (epilogue.activation) {
    case Activation::none:
      return finish_rows<Activation::none>(tile, tile_row, rows, columns, at, y_row);
    case Activation::relu:
      return finish_rows<Activation::relu>(tile, tile_row, rows, columns, at, y_row);
    case Activation::sigmoid:
      return finish_rows<Activation::sigmoid>(tile, tile_row, rows, columns, at, y_row);
    case Activation::tanh:
      return finish_rows<Activation::tanh>(tile, tile_row, rows, columns, at, y_row);
  }
}

// The tile whose first element stands at y[offset], in channel `channel`.
STRIATE_INLINE Finish tile_at(const Finish& step, int64_t channel, int64_t offset) {
  return {step.bias ? step.bias + channel : nullptr,
          step.residual ? step.residual + offset : nullptr,
          step.mask ? step.mask + offset : nullptr,
          step.y + offset,
          step.signs,
          step.first + offset,
          step.streams};
}

// Pools two lines of finished outputs, `pixel` apart, to `pooled` of them: the maximum, or the mean of the four of a
// window, in the order of the pooling kernels.
template <Pooling P>
STRIATE_INLINE void pool_lines(const Real* top, const Real* bottom, int64_t pixel, int64_t pooled, int64_t columns,
                               Real* y, int64_t y_row) {
  for (int64_t p = 0; p < pooled; ++p, top += 2 * pixel, bottom += 2 * pixel, y += y_row) {
    for (int64_t j = 0; j < columns; j += kLanes) {  // lines may be read for whole vectors
      const Vec a = load(top + j), b = load(top + pixel + j), c = load(bottom + j), d = load(bottom + pixel + j);
      const Vec v = P == Pooling::max ? max(max(max(a, b), c), d) : (((a + b) + c) + d) * Real(0.25);
      if (columns - j >= kLanes)
        store(y + j, v);
      else
        store_n(y + j, v, columns - j);
    }
  }
}
[[maybe_unused]] static void pool_lines(Pooling pooling, const Real* top, const Real* bottom, int64_t pixel,
                                        int64_t pooled, int64_t columns, Real* y, int64_t y_row) {
  if (pooling == Pooling::max)
    pool_lines<Pooling::max>(top, bottom, pixel, pooled, columns, y, y_row);
  else
    pool_lines<Pooling::average>(top, bottom, pixel, pooled, columns, y, y_row);
}

// An epilogue of bias and activation alone.
[[maybe_unused]] static void finish_tile(const Epilogue& epilogue, const Real* tile, int64_t tile_row, int64_t rows,
                                         int64_t columns, const Real* bias, Real* y, int64_t y_row) {
  finish_tile(epilogue, tile, tile_row, rows, columns, Finish{bias, nullptr, nullptr, y}, y_row);
}

// Whether sums may be pooled as they are and only a quarter of them finished: adding a bias and a ReLU keep the order
// of values, their roundings too, and NaN passes through all three.
STRIATE_INLINE bool pools_first(const Epilogue& epilogue) {
  return epilogue.pooling == Pooling::max &&
         (epilogue.activation == Activation::none || epilogue.activation == Activation::relu);
}

// Two lines of sums, pooled and finished; they are overwritten. Lines lie as in pool_lines.
[[maybe_unused]] static void finish_pooled(const Epilogue& epilogue, Real* top, const Real* bottom, int64_t pixel,
                                           int64_t pooled, int64_t columns, const Real* bias, Real* y, int64_t y_row) {
  pool_lines(epilogue.pooling, top, bottom, pixel, pooled, columns, top, pixel);
  finish_tile(epilogue, top, pixel, pooled, columns, bias, y, y_row);
}

}  // namespace
}  // namespace striate::STRIATE_ISA
