// Finishes a tile of sums: y = activation(sum + bias). The one place a fused step's ending is computed, so
// that micro-kernels come without variants; a full 14 x 32 tile costs about 60 cycles here, against 14 a term.
#pragma once

#include "kernels/cpu/table.h"
#include "kernels/epilogue.h"
#include "simd/math.h"

namespace striate::STRIATE_ISA {
namespace {

template <Activation A>
STRIATE_INLINE Vec activate(Vec v) {
  if constexpr (A == Activation::relu) return max(v, zero());
  if constexpr (A == Activation::sigmoid) return sigmoid(v);
  if constexpr (A == Activation::tanh) return tanh(v);
  return v;
}

template <Activation A>
STRIATE_INLINE void finish_rows(const Real* tile, int64_t tile_row, int64_t rows, int64_t columns, const Real* bias,
                                Real* y, int64_t y_row) {
  for (int64_t j = 0; j < columns; j += kLanes) {
    const int64_t valid = columns - j;
    const Vec add = !bias ? zero() : valid >= kLanes ? load(bias + j) : load_n(bias + j, valid);
    if (valid >= kLanes) {
      for (int64_t r = 0; r < rows; ++r) store(y + r * y_row + j, activate<A>(load(tile + r * tile_row + j) + add));
    } else {
      for (int64_t r = 0; r < rows; ++r)
        store_n(y + r * y_row + j, activate<A>(load(tile + r * tile_row + j) + add), valid);
    }
  }
}

// tile: rows of at least `columns` sums, readable for whole vectors. bias: the tile's own channels, or null.
[[maybe_unused]] static void finish_tile(const Epilogue& epilogue, const Real* tile, int64_t tile_row, int64_t rows,
                                         int64_t columns, const Real* bias, Real* y, int64_t y_row) {
  switch (epilogue.activation) {
    case Activation::none:
      return finish_rows<Activation::none>(tile, tile_row, rows, columns, bias, y, y_row);
    case Activation::relu:
      return finish_rows<Activation::relu>(tile, tile_row, rows, columns, bias, y, y_row);
    case Activation::sigmoid:
      return finish_rows<Activation::sigmoid>(tile, tile_row, rows, columns, bias, y, y_row);
    case Activation::tanh:
      return finish_rows<Activation::tanh>(tile, tile_row, rows, columns, bias, y, y_row);
  }
}

}  // namespace
}  // namespace striate::STRIATE_ISA
