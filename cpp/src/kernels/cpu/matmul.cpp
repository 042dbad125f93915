// Matrix products by the common micro-kernel. An item is a block of up to kRowTiles x kPanels tiles of y; it
// walks k in steps of kDepth, packs that step's panels of B (and A where its rows would collide in the cache)
// into scratch, where they stay in L2 while every tile of the block uses them, and keeps the sums in scratch.
//
// Products with few blocks and long k are split over k into parts, summed by a fixed tree in phase 1: blocks
// made smaller instead would read A and B from memory the more often (128 x 128 x 3136: twice the time).
#include "kernels/matmul.h"

#include "kernels/cpu/block_copy.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/micro_kernel.h"

namespace striate::STRIATE_ISA {
namespace {

constexpr int64_t kDepth = 512;
constexpr int64_t kRowTiles = (140 + kTileRows - 1) / kTileRows;
constexpr int64_t kPanels = 128 / kPanel;
constexpr int64_t kWantedItems = 32;
constexpr int64_t kPartDepth = 384;  // k of a part, where blocks can be made smaller instead
constexpr int64_t kLeastPartDepth = 128;
constexpr int64_t kSumElements = 2048;  // of y, in an item of phase 1
static_assert(kWantedItems <= kMaxParts);

struct Plan {
  MatmulShape s;
  int64_t row_tiles, panels;       // of y
  int64_t item_rows, item_panels;  // tiles of an item
  int64_t row_groups, panel_groups;
  int64_t parts;  // of k

  explicit Plan(const MatmulShape& shape) : s(shape) {
    row_tiles = ceil_div(s.m, kTileRows);
    panels = ceil_div(s.n, kPanel);
    item_rows = min_of(row_tiles, kRowTiles);
    item_panels = min_of(panels, kPanels);
    split(kPartDepth);
    while (items() < kWantedItems && item_rows * item_panels > 1) {
      if (item_panels == 1 || (item_rows > 1 && item_rows * kTileRows > item_panels * kPanel))
        --item_rows;
      else
        --item_panels;
      split(kPartDepth);
    }
    if (items() < kWantedItems) split(kLeastPartDepth);
  }
  void split(int64_t part_depth) {
    row_groups = ceil_div(row_tiles, item_rows);
    panel_groups = ceil_div(panels, item_panels);
    const int64_t blocks = row_groups * panel_groups;
    parts = max_of(min_of(ceil_div(kWantedItems, blocks), s.k / part_depth), 1);
  }
  int64_t items() const { return row_groups * panel_groups * parts; }
  // Whether each tile is finished as soon as it is summed; otherwise the block's sums wait for the next step of k.
  bool single_step() const { return parts == 1 && s.k <= kDepth; }
  int64_t depth() const { return min_of(kDepth, max_of(ceil_div(s.k, parts), 1)); }
  // Rows a multiple of 1 KB apart share a few sets of the L1 cache, and a transposed A's rows a page each;
  // copied blocks have neither fault.
  bool copies_a() const { return item_panels > 1 && (s.transpose_a || s.k % 256 == 0); }
  // B in place serves where each of its elements is used by one tile.
  bool packs_b() const { return s.transpose_b || item_rows > 1; }
  int64_t a_row() const { return s.transpose_a ? item_rows * kTileRows : depth() + kLanes; }
  int64_t a_elements() const { return copies_a() ? (depth() + kLanes) * item_rows * kTileRows : 0; }
  int64_t b_elements() const { return packs_b() ? depth() * item_panels * kPanel : 0; }
  int64_t sum_elements() const { return kTileRows * kPanel * (single_step() ? 1 : item_rows * item_panels); }
};

struct Block {
  int64_t m_begin, m_end, n_begin, n_end;
};

// Panels of k_count rows of B: [panel][k][width], the last panel's missing columns zero.
static void pack_b(const MatmulShape& s, const Real* b, int64_t k_begin, int64_t k_count, const Block& block,
                   Real* to) {
  for (int64_t n = block.n_begin; n < block.n_end; n += kPanel, to += k_count * kPanel) {
    const int64_t columns = min_of(kPanel, s.n - n), width = columns <= kLanes ? kLanes : kPanel;
    if (s.transpose_b) {
      transpose(b + n * s.k + k_begin, s.k, columns, k_count, to, width);
    } else {
      for (int64_t k = 0; k < k_count; ++k) copy_run(to + k * width, b + (k_begin + k) * s.n + n, columns);
    }
    if (columns < width)
      for (int64_t k = 0; k < k_count; ++k)
        for (int64_t j = columns; j < width; ++j) to[k * width + j] = 0;
  }
}

// What becomes of a tile's sums: finished into y, or stored as part of a split sum.
struct Target {
  Epilogue epilogue;
  Finish at;
};

STRIATE_INLINE void finish(const Plan& p, const Target& to, const Real* sums, int64_t m, int64_t rows, int64_t n) {
  finish_tile(to.epilogue, sums, kPanel, rows, min_of(kPanel, p.s.n - n), tile_at(to.at, n, m * p.s.n + n), p.s.n);
}

// One block over k in [k_begin, k_end); sums[panel][row][kPanel] wait in scratch between steps.
static void run_block(const Plan& p, const Block& block, const Real* a, const Real* b, int64_t k_begin, int64_t k_end,
                      const Target& to, Real* scratch) {
  const MatmulShape& s = p.s;
  const int64_t rows = block.m_end - block.m_begin, tiles = ceil_div(rows, kTileRows);
  Real* sums = scratch;
  Real* a_copy = sums + p.sum_elements();
  Real* b_copy = a_copy + p.a_elements();
  const RowLayout layout = s.transpose_a ? RowLayout::unit : RowLayout::strided;
  int64_t k = k_begin;
  do {  // once for an empty k, too: the sums are then zero
    const int64_t count = min_of(p.depth(), k_end - k);
    const bool last = k + count >= k_end;
    const Real* a_block = s.transpose_a ? a + k * s.m + block.m_begin : a + block.m_begin * s.k + k;
    int64_t a_row = s.transpose_a ? s.m : s.k;
    if (p.copies_a()) {
      const int64_t lines = s.transpose_a ? count : rows, length = s.transpose_a ? rows : count;
      for (int64_t i = 0; i < lines; ++i) copy_run(a_copy + i * p.a_row(), a_block + i * a_row, length);
      a_block = a_copy;
      a_row = p.a_row();
    }
    if (p.packs_b()) pack_b(s, b, k, count, block, b_copy);
    for (int64_t n = block.n_begin; n < block.n_end; n += kPanel) {
      const int64_t columns = min_of(kPanel, s.n - n), width = columns <= kLanes ? kLanes : kPanel;
      const Real* b_block = p.packs_b() ? b_copy + (n - block.n_begin) * count : b + k * s.n + n;
      const bool masked = !p.packs_b() && columns < width;
      const Reduction sum{{1, 1, 1}, {}, {}, count, a_row, a_row, p.packs_b() ? width : s.n};
      for (int64_t t = 0; t < tiles; ++t) {
        const int64_t r = part_begin(rows, tiles, t), tile_rows = part_begin(rows, tiles, t + 1) - r;
        Real* tile = p.single_step() ? sums : sums + ((n - block.n_begin) * rows + r * kPanel);
        micro_kernel(layout, tile_rows, columns, masked)(sum, a_block + (s.transpose_a ? r : r * a_row), b_block, tile,
                                                         kPanel, columns, k != k_begin);
        if (last) finish(p, to, tile, block.m_begin + r, tile_rows, n);
      }
    }
    k += count;
  } while (k < k_end);
}

static void run(const MatmulShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Plan p(s);
  const Finish y = finish_of(s.epilogue, args);
  Real* partial = static_cast<Real*>(args.workspace);
  if (phase == 1) {
    Real* sums = static_cast<Real*>(args.scratch);
    const int64_t columns = min_of(s.n, kSumElements), lines = max_of(kSumElements / s.n, 1);
    const int64_t column_items = ceil_div(s.n, columns);
    for (int64_t item = begin; item < end; ++item) {
      const int64_t n = item % column_items * columns, count = min_of(columns, s.n - n);
      const int64_t first = item / column_items * lines;
      for (int64_t i = first; i < min_of(first + lines, s.m); ++i) {
        for (int64_t j = 0; j < count; j += kLanes)
          store(sums + j, sum_parts(partial + i * s.n + n + j, s.m * s.n, p.parts, min_of(count - j, kLanes)));
        finish_tile(s.epilogue, sums, 0, 1, count, tile_at(y, n, i * s.n + n), 0);
      }
    }
    return;
  }
  for (int64_t item = begin; item < end; ++item) {
    const int64_t blocks = p.row_groups * p.panel_groups, part = item / blocks;
    const int64_t row_group = item % p.row_groups, panel_group = item / p.row_groups % p.panel_groups;
    const Block block{part_begin(p.row_tiles, p.row_groups, row_group) * kTileRows,
                      min_of(part_begin(p.row_tiles, p.row_groups, row_group + 1) * kTileRows, s.m),
                      panel_group * p.item_panels * kPanel, min_of((panel_group + 1) * p.item_panels * kPanel, s.n)};
    const Target to =
        p.parts == 1 ? Target{s.epilogue, y} : Target{{}, {nullptr, nullptr, nullptr, partial + part * s.m * s.n}};
    run_block(p, block, buffer<const Real>(args, 0), buffer<const Real>(args, 1), part_begin(s.k, p.parts, part),
              part_begin(s.k, p.parts, part + 1), to, static_cast<Real*>(args.scratch));
  }
}

static int64_t items(const MatmulShape& s, int phase) {
  const Plan p(s);
  if (phase == 0) return p.items();
  if (p.parts == 1) return 0;
  return ceil_div(s.n, min_of(s.n, kSumElements)) * ceil_div(s.m, max_of(kSumElements / s.n, 1));
}
static int64_t workspace(const MatmulShape& s) {
  const Plan p(s);
  return p.parts == 1 ? 0 : p.parts * s.m * s.n * int64_t{sizeof(Real)};
}
static int64_t scratch(const MatmulShape& s) {
  const Plan p(s);
  const int64_t block = p.sum_elements() + p.a_elements() + p.b_elements();
  return max_of(block, kSumElements + kLanes) * int64_t{sizeof(Real)};
}

constexpr Kernel packed() {
  Kernel kernel{"packed", erased_items<MatmulShape, items>, erased_run<MatmulShape, run>, 2};
  kernel.workspace = erased_size<MatmulShape, workspace>;
  kernel.scratch = erased_size<MatmulShape, scratch>;
  return kernel;
}

constexpr Kernel kProduct[] = {packed()};
constexpr KernelFunction kFunctions[] = {{"product", kProduct, 1}};

}  // namespace

extern const KernelTable matmul_table = {"matmul", kFunctions, 1};

}  // namespace striate::STRIATE_ISA
