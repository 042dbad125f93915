// A weight's update by momentum with its gradient, a product over a small batch, kept in a tile: a dense layer's
// weights and velocities are read and written once and the gradient never reaches memory (VGG-16's first dense layer:
// 411 MB of each). Rows of tiles are walked along n, so that weights and velocities are read in long runs.
#pragma once

#include "kernels/cpu/micro_kernel.h"
#include "kernels/cpu/split.h"
#include "kernels/matmul.h"

namespace striate::STRIATE_ISA {
namespace {
namespace matmul_update {

constexpr int64_t kAhead = 8 * kPanel;  // 1 KB of a row: more rows than the prefetcher follows are read side by side

STRIATE_INLINE int64_t row_tiles(const MatmulUpdateShape& s) { return ceil_div(s.product.m, kTileRows); }

int64_t items(const MatmulUpdateShape& s, int) { return split_count(row_tiles(s), kTileRows * s.product.n); }

// The arithmetic of optimizer.cpp's momentum, bit for bit.
void update_tile(const MatmulUpdateShape& s, const Real* g, int64_t rows, int64_t columns, Real rate, const Real* w,
                 const Real* v, Real* w_new, Real* v_new) {
  const Vec keep = set1(static_cast<Real>(s.momentum));
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t row = r * s.product.n;
    for (int64_t j = 0; j < columns; j += 64 / int64_t{sizeof(Real)}) {
      __builtin_prefetch(w + row + j + kAhead);
      __builtin_prefetch(v + row + j + kAhead);
    }
    for_vectors(0, columns, [&](int64_t j, int64_t lanes) {
      const Vec step = load(g + r * kPanel + j) * rate;
      const Vec velocity = fma(keep, load_lanes(v + row + j, lanes), -step);
      const Vec move = s.nesterov ? fma(keep, velocity, -step) : velocity;
      store_lanes(v_new + row + j, velocity, lanes);
      store_lanes(w_new + row + j, load_lanes(w + row + j, lanes) + move, lanes);
    });
  }
}

void run(const MatmulUpdateShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const MatmulShape& p = s.product;
  const Real *a = buffer<const Real>(args, 0), *b = buffer<const Real>(args, 1);
  const Real *w = buffer<const Real>(args, 2), *v = buffer<const Real>(args, 3);
  const Real rate = *buffer<const Real>(args, 4);
  Real *w_new = buffer<Real>(args, 5), *v_new = buffer<Real>(args, 6);
  Real* tile = static_cast<Real*>(args.scratch);
  const Range tiles = split_range(row_tiles(s), items(s, 0), begin, end);
  const Reduction sum{{1, 1, 1}, {}, {}, p.k, p.m, p.m, p.n};
  for (int64_t t = tiles.begin; t < tiles.end; ++t) {
    const int64_t first = part_begin(p.m, row_tiles(s), t), rows = part_begin(p.m, row_tiles(s), t + 1) - first;
    for (int64_t n = 0; n < p.n; n += kPanel) {
      const int64_t columns = min_of(kPanel, p.n - n), width = columns <= kLanes ? kLanes : kPanel;
      micro_kernel(RowLayout::unit, rows, columns, columns < width)(sum, a + first, b + n, tile, kPanel, columns,
                                                                    false);
      const int64_t at = first * p.n + n;
      update_tile(s, tile, rows, columns, rate, w + at, v + at, w_new + at, v_new + at);
    }
  }
}

int64_t scratch(const MatmulUpdateShape&) { return kTileRows * kPanel * int64_t{sizeof(Real)}; }

constexpr Kernel kernel() {
  Kernel kernel{"rows of tiles", erased_items<MatmulUpdateShape, items>, erased_run<MatmulUpdateShape, run>};
  kernel.scratch = erased_size<MatmulUpdateShape, scratch>;
  return kernel;
}

}  // namespace matmul_update
}  // namespace
}  // namespace striate::STRIATE_ISA
