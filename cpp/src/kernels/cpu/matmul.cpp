// Matrix products. The packed one copies both operands, kDepth of k at a time, into the micro-kernel's order and keeps
// a block's sums in L2 meanwhile (product_block.h); each element of A and B is read from memory about once. Beside few
// rows a large B is not copied beforehand (matmul_few_rows.h), beside very few nothing is (matmul_rows.h).
#include "kernels/matmul.h"

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/matmul_few_rows.h"
#include "kernels/cpu/matmul_rows.h"
#include "kernels/cpu/matmul_update.h"
#include "kernels/cpu/product_block.h"

namespace striate::STRIATE_ISA {
namespace {

constexpr int64_t kPartDepth = 192;      // of k, at least, in a part
constexpr int64_t kRunPanels = 8;        // summed in one call
constexpr int64_t kItemTerms = 1 << 18;  // products an item should have: 10 us
// Columns of a transposed B read side by side: 16 KB apart, 128 of them would fill their sets of the L2.
constexpr int64_t kTransposedColumns = 2 * kPanel;

struct Plan {
  MatmulShape s;
  Split split;

  explicit Plan(const MatmulShape& shape)
      : s(shape),
        split(s.m, s.n, max_of(s.k, 1), max_of(min_of(kSplitItems, s.m * s.n * s.k / kItemTerms), 1), kPartDepth,
              most_sums(shape)) {}

  // With k in one step the sums do not wait at all.
  static int64_t most_sums(const MatmulShape& s) {
    const int64_t rows = ceil_div(s.m, kTileRows) * kTileRows;
    if (s.k <= kDepth) return rows * ceil_div(s.n, kPanel) * kPanel;
    if (few_rows::can_do(s)) return rows * few_rows::kMostColumns;
    return s.transpose_b ? min_of(kBlockElements, rows * kTransposedColumns) : kBlockElements;
  }

  // Each tile is finished as soon as it is summed; otherwise a block's sums wait for the next step of k.
  bool single_step() const { return split.parts == 1 && s.k <= kDepth; }
  // A step of B is 256 KB: rows a power of two apart have but a part of the L2's sets to lie in.
  int64_t depth() const {
    const int64_t most = max_of((256 << 10) / int64_t{sizeof(Real)} / columns(), 64);
    return min_of(single_step() ? kDepth : min_of(kDepth, most), max_of(s.k, 1));
  }
  // Rows of A a multiple of 1 KB apart share a few sets of the L1 cache, and a transposed A's terms lie a page each.
  bool copies_a() const { return columns() > kPanel && (s.transpose_a || s.k % 256 == 0); }
  int64_t a_stride() const { return depth() + kLanes; }
  int64_t rows() const { return split.block_rows(s.m); }
  int64_t columns() const { return split.block_columns(s.n); }
  int64_t sum_elements() const { return single_step() ? kRunPanels * kTileRows * kPanel : rows() * columns(); }
  int64_t scratch_elements() const {
    if (few_rows::can_do(s)) return sum_elements() + few_rows::scratch_elements(rows());
    return sum_elements() + (copies_a() ? rows() * a_stride() : 0) + columns() * depth();
  }
};

// What becomes of a tile's sums: finished into y, or stored as part of a split sum.
struct Target {
  Epilogue epilogue;
  Finish at;
};

static void pack_b(const MatmulShape& s, const Real* b, int64_t k, int64_t count, int64_t n, int64_t columns,
                   Real* to) {
  if (!s.transpose_b) return pack_panels(b + k * s.n + n, s.n, count, columns, to);
  for (int64_t j = 0; j < columns; j += kPanel, to += count * kPanel) {
    const int64_t valid = min_of(columns - j, kPanel), width = panel_width(valid);
    transpose(b + (n + j) * s.k + k, s.k, valid, count, to, width);
    for (int64_t i = 0; valid < width && i < count; ++i) zero_run(to + i * width + valid, width - valid);
  }
}

// All of k at once: from the registers to y, or through L1 where an epilogue finishes them; whole panels in runs.
static void run_single(const Plan& p, const SplitItem& block, const Rows& a, const Real* panels, const Target& to,
                       Real* sums) {
  const MatmulShape& s = p.s;
  const Epilogue& e = to.epilogue;
  const bool plain = !e.bias && !e.residual && !e.mask && e.activation == Activation::none;
  a.for_runs(block.row_end - block.row_begin, block.column_end - block.column_begin, s.k,
             [&](int64_t first, int64_t height, const Real* from, Reduction sum) {
               const int64_t a_tile = sum.a_tile, tiles = sum.tiles;
               sum.stream = plain && to.at.streams;
               sum.a_tile = 0;
               sum.b_tile = kPanel * s.k;
               for (int64_t t = 0; t < tiles; ++t, from += a_tile) {
                 for (int64_t n = block.column_begin; n < block.column_end; n += sum.tiles * kPanel) {
                   const int64_t columns = min_of(kPanel, s.n - n), width = panel_width(columns);
                   const Real* panel = panels + (n - block.column_begin) * s.k;
                   const int64_t y = (block.row_begin + first + t * height) * s.n + n;
                   sum.tiles = max_of(min_of((block.column_end - n) / kPanel, kRunPanels), 1);
                   sum.b_step = width;
                   if (plain) {
                     sum.c_tile = kPanel;
                     micro_kernel(a.layout, height, columns, columns < width)(sum, from, panel, to.at.y + y, s.n,
                                                                              columns, false);
                     continue;
                   }
                   sum.c_tile = height * kPanel;
                   micro_kernel(a.layout, height, width, false)(sum, from, panel, sums, kPanel, width, false);
                   for (int64_t i = 0; i < sum.tiles; ++i)
                     finish_tile(e, sums + i * sum.c_tile, kPanel, height, columns,
                                 tile_at(to.at, n + i * kPanel, y + i * kPanel), s.n);
                 }
               }
             });
}

static void finish_block(const MatmulShape& s, const SplitItem& block, const Target& to, const Real* sums) {
  const int64_t rows = block.row_end - block.row_begin, m = block.row_begin;
  for (int64_t n = block.column_begin; n < block.column_end; n += kPanel)
    finish_tile(to.epilogue, sums + (n - block.column_begin) * rows, kPanel, rows, min_of(kPanel, block.column_end - n),
                tile_at(to.at, n, m * s.n + n), s.n);
}

static void run_item(const Plan& p, const SplitItem& block, const Real* a, const Real* b, const Target& to,
                     Real* scratch) {
  const MatmulShape& s = p.s;
  const int64_t rows = block.row_end - block.row_begin, columns = block.column_end - block.column_begin;
  const int64_t m = block.row_begin, n = block.column_begin;
  const int64_t k_end = min_of(block.term_end, s.k);
  Real* sums = scratch;
  Real* a_copy = sums + p.sum_elements();
  Real* panels = a_copy + (p.copies_a() ? p.rows() * p.a_stride() : 0);
  int64_t k = block.term_begin;
  do {  // once for an empty k, too: the sums are then zero
    const int64_t count = min_of(p.depth(), k_end - k), next = k + count;
    const Real* a_block = s.transpose_a ? a + k * s.m + m : a + m * s.k + k;
    Rows from = s.transpose_a ? columns_in_place(a_block, s.m) : rows_in_place(a_block, s.k);
    if (p.copies_a()) {
      from = s.transpose_a ? packed_strips(a_copy) : rows_in_place(a_copy, p.a_stride());
      if (s.transpose_a)
        pack_strips(a_block, s.m, count, rows, a_copy);
      else
        for (int64_t i = 0; i < rows; ++i) copy_run(a_copy + i * p.a_stride(), a_block + i * s.k, count);
    }
    pack_b(s, b, k, count, n, columns, panels);
    if (p.single_step()) return run_single(p, block, from, panels, to, sums);
    // Where B lies in long rows the processor's own prefetcher is as good (4096 x 4096, 32 rows: 10.5 ms, asked 14).
    const bool ask = s.transpose_b && next < k_end;
    const Ahead in_b = ask ? ahead_of(b + n * s.k + next, s.k, count, columns) : Ahead{};
    add_block(from, panels, count, rows, columns, sums, k == block.term_begin, in_b, {});
    k = next;
  } while (k < k_end);
  finish_block(s, block, to, sums);
}

static void run(const MatmulShape& s, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Plan p(s);
  const Finish y = finish_of(s.epilogue, args, s.m * s.n, s.n);
  Real* partial = static_cast<Real*>(args.workspace);
  Real* scratch = static_cast<Real*>(args.scratch);
  if (phase == 1) return finish_parts(s, y, partial, p.split.parts, scratch, begin, end);
  for (int64_t item = begin; item < end; ++item) {
    const SplitItem block = split_item(p.split, s.m, s.n, max_of(s.k, 1), item);
    const Target to = p.split.parts == 1 ? Target{s.epilogue, y}
                                         : Target{{}, {nullptr, nullptr, nullptr, partial + block.part * s.m * s.n}};
    const Real *a = buffer<const Real>(args, 0), *b = buffer<const Real>(args, 1);
    if (!few_rows::can_do(s)) {
      run_item(p, block, a, b, to, scratch);
      continue;
    }
    // The item after this one, which this thread will most likely do next.
    const SplitItem after = split_item(p.split, s.m, s.n, s.k, min_of(item + 1, p.split.items() - 1));
    few_rows::sum_block(s, block, item + 1 < p.split.items() ? &after : nullptr, a, b, scratch);
    finish_block(s, block, to, scratch);
  }
}

static int64_t items(const MatmulShape& s, int phase) {
  const Plan p(s);
  return phase == 0 ? p.split.items() : finish_items(s, p.split.parts);
}
static int64_t workspace(const MatmulShape& s) {
  const Plan p(s);
  return p.split.parts == 1 ? 0 : p.split.parts * s.m * s.n * int64_t{sizeof(Real)};
}
static int64_t scratch(const MatmulShape& s) {
  return max_of(Plan(s).scratch_elements(), kFinishScratch) * int64_t{sizeof(Real)};
}
// A copied element of B costs about what four sums do.
static double cost(const MatmulShape& s) { return double(s.n) * double(s.k) * (double(s.m) + 4) / (2 * kLanes); }

constexpr Kernel packed() {
  Kernel kernel{"packed", erased_items<MatmulShape, items>, erased_run<MatmulShape, run>, 2};
  kernel.workspace = erased_size<MatmulShape, workspace>;
  kernel.scratch = erased_size<MatmulShape, scratch>;
  kernel.cost = erased_cost<MatmulShape, cost>;
  return kernel;
}

constexpr Kernel kProduct[] = {packed(), rows::kernel()};
constexpr Kernel kMomentum[] = {matmul_update::kernel()};
constexpr KernelFunction kFunctions[] = {{"product", kProduct, 2}, {"momentum", kMomentum, 1}};

}  // namespace

extern const KernelTable matmul_table = {"matmul", kFunctions, 2};

}  // namespace striate::STRIATE_ISA
