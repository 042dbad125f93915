// One instance per number of rows and vectors, so that all accumulators are registers and all loops over
// them are unrolled. On AVX-512 a full tile needs 28 fused multiply-adds a term: 14 cycles on two ports,
// against 16 loads (8 cycles); tiles from 4 x 2 up cover the latency of 4 cycles x 2 ports.
#include "kernels/cpu/micro_kernel.h"

namespace striate::STRIATE_ISA {
namespace {

template <int Vecs, bool Masked>
STRIATE_INLINE Vec load_column(const Real* p, int v, int64_t tail) {
  return Masked && v == Vecs - 1 ? load_n(p + v * kLanes, tail) : load(p + v * kLanes);
}

template <int Rows, int Vecs, bool Masked>
STRIATE_INLINE void add_term(const Real* const* a, int64_t a_row, int64_t t, const Real* b, int64_t tail,
                             Vec (&acc)[Rows][Vecs]) {
  Vec column[Vecs];
  STRIATE_UNROLL
  for (int v = 0; v < Vecs; ++v) column[v] = load_column<Vecs, Masked>(b, v, tail);
  STRIATE_UNROLL
  for (int r = 0; r < Rows; ++r) {
    const Vec x = set1(a[r / 3][(r % 3) * a_row + t]);
    STRIATE_UNROLL
    for (int v = 0; v < Vecs; ++v) acc[r][v] = fma(x, column[v], acc[r][v]);
  }
}

// What a kernel leaves of its operands for the tiles after it; it asks for them some terms ahead, since rows in place
// lie too far apart for the hardware to follow.
enum Keeps : unsigned { kNothing = 0, kA = 1, kB = 2 };
constexpr int64_t kAskedTerms = 24;

template <int Rows, int Vecs, RowLayout Layout, bool Masked, unsigned Kept = kNothing>
void run_tiles(const Reduction& sum, const Real* a, const Real* b, Real* c, int64_t c_row, int64_t columns,
               bool accumulate) {
  const int64_t tail = columns - (Vecs - 1) * kLanes;
  const int64_t a_row = Layout == RowLayout::unit ? 1 : sum.a_row;
  const int64_t a_step = Layout == RowLayout::strided ? 1 : sum.a_step;
  // With rows of pixels what c holds is the first term: a sum has the same bits in one call and in several. Sums over
  // pixels are long, and add it as the last: 50,000 terms of one sign lose 1.6e-7 so, and 8.3e-7 in chains of 3,136.
  const bool continues = accumulate && Layout == RowLayout::strided;
  const bool adds = accumulate && Layout == RowLayout::unit;
  const Real* ahead = sum.prefetch_step ? sum.prefetch : a;
  Real *keep_a = sum.keep_a, *keep_b = sum.keep_b;
  for (int64_t line = 0, tile = 0; line < sum.lines;) {
    Vec acc[Rows][Vecs];
    STRIATE_UNROLL
    for (int r = 0; r < Rows; ++r) {
      STRIATE_UNROLL
      for (int v = 0; v < Vecs; ++v) acc[r][v] = continues ? load_column<Vecs, Masked>(c + r * c_row, v, tail) : zero();
    }
    for (int64_t i0 = 0; i0 < sum.count[0]; ++i0) {
      for (int64_t i1 = 0; i1 < sum.count[1]; ++i1) {
        for (int64_t i2 = 0; i2 < sum.count[2]; ++i2) {
          const Real* row = a + i0 * sum.a_stride[0] + i1 * sum.a_stride[1] + i2 * sum.a_stride[2];
          const Real* col = b + i0 * sum.b_stride[0] + i1 * sum.b_stride[1] + i2 * sum.b_stride[2];
          // One pointer for three rows: base, base + stride, base + 2 * stride are x86 addressing modes, and
          // five pointers fit the registers where fourteen do not.
          constexpr int kBases = (Rows + 2) / 3;
          const Real* base[kBases];
          STRIATE_UNROLL
          for (int i = 0; i < kBases; ++i) base[i] = row + 3 * i * a_row;
          for (int64_t t = 0; t < sum.length; ++t) {
            add_term<Rows, Vecs, Masked>(base, a_row, 0, col, tail, acc);
            if constexpr (Kept & kA) {
              __builtin_prefetch(base[0] + kAskedTerms * a_step, 0, 3);
              store_n(keep_a, load_n(base[0], Rows), Rows);
              keep_a += Rows;
            }
            if constexpr (Kept & kB) {
              STRIATE_UNROLL
              for (int v = 0; v < Vecs; ++v) {
                __builtin_prefetch(col + kAskedTerms * sum.b_step + v * kLanes, 0, 3);
                store(keep_b + v * kLanes, load(col + v * kLanes));
              }
              keep_b += Vecs * kLanes;
            }
            STRIATE_UNROLL
            for (int i = 0; i < kBases; ++i) base[i] += a_step;
            col += sum.b_step;
            __builtin_prefetch(ahead, 0, 2);
            ahead += sum.prefetch_step;
          }
          ahead += sum.prefetch_jump;
        }
      }
    }
    if (adds) {
      STRIATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        STRIATE_UNROLL
        for (int v = 0; v < Vecs; ++v) acc[r][v] = load_column<Vecs, Masked>(c + r * c_row, v, tail) + acc[r][v];
      }
    }
    if (sum.stream) {
      STRIATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        STRIATE_UNROLL
        for (int v = 0; v < Vecs; ++v) stream(c + r * c_row + v * kLanes, acc[r][v]);
      }
    } else {
      STRIATE_UNROLL
      for (int r = 0; r < Rows; ++r) {
        STRIATE_UNROLL
        for (int v = 0; v < Vecs; ++v) {
          if (Masked && v == Vecs - 1)
            store_n(c + r * c_row + v * kLanes, acc[r][v], tail);
          else
            store(c + r * c_row + v * kLanes, acc[r][v]);
        }
      }
    }
    a += sum.a_tile;
    b += sum.b_tile;
    c += sum.c_tile;
    if (++tile == sum.tiles) {
      tile = 0;
      ++line;
      a += sum.a_line - sum.tiles * sum.a_tile;
      b -= sum.tiles * sum.b_tile;
      c += sum.c_line - sum.tiles * sum.c_tile;
    }
  }
}

// kernels[rows - 1], filled by recursion over the rows.
struct Instances {
  MicroKernel kernels[kTallRows];
};
template <int Rows, int Vecs, RowLayout Layout, bool Masked>
constexpr void fill(Instances& out) {
  out.kernels[Rows - 1] = run_tiles<Rows, Vecs, Layout, Masked>;
  if constexpr (Rows > 1) fill<Rows - 1, Vecs, Layout, Masked>(out);
}
template <int Vecs, RowLayout Layout, bool Masked>
constexpr Instances instances() {
  Instances out{};
  fill<Vecs == 1 ? kTallRows : kTileRows, Vecs, Layout, Masked>(out);
  return out;
}
template <int Vecs, RowLayout Layout>
constexpr Instances kInstances[2] = {instances<Vecs, Layout, false>(), instances<Vecs, Layout, true>()};

struct KeepingInstances {
  MicroKernel kernels[kTileRows];
};
template <unsigned Kept, int Rows = kTileRows>
constexpr void fill_keeping(KeepingInstances& out) {
  out.kernels[Rows - 1] = run_tiles<Rows, kTileVecs, RowLayout::unit, false, Kept>;
  if constexpr (Rows > 1) fill_keeping<Kept, Rows - 1>(out);
}
template <unsigned Kept>
constexpr KeepingInstances keeping_instances() {
  KeepingInstances out{};
  fill_keeping<Kept>(out);
  return out;
}
template <unsigned Kept>
constexpr KeepingInstances kKeeping = keeping_instances<Kept>();

// Half a tile's rows: what covers the latency of their sums, and whose addresses fit the registers.
constexpr int kNarrowRows = kTileRows / 2;

template <int Rows>
STRIATE_INLINE void narrow_rows(const Real* a, int64_t a_row, const Vec (&b)[kLanes], Real* c, int64_t c_row,
                                const Real* ahead, int64_t line) {
  const Real* row[Rows];
  STRIATE_UNROLL
  for (int r = 0; r < Rows; ++r) {
    row[r] = a + r * a_row;
    asm("" : "+r"(row[r]));  // or the compiler keeps the offset of each of a row's terms, in memory
  }
  Vec sum[Rows];
  STRIATE_UNROLL
  for (int r = 0; r < Rows; ++r) sum[r] = zero();
  STRIATE_UNROLL
  for (int t = 0; t < kLanes; ++t) {
    STRIATE_UNROLL
    for (int r = 0; r < Rows; ++r) sum[r] = fma(set1(row[r][t]), b[t], sum[r]);
    if (t % 2 == 0 && t / 2 < Rows) __builtin_prefetch(ahead + t / 2 * line, 0, 2);
  }
  STRIATE_UNROLL
  for (int r = 0; r < Rows; ++r) store(c + r * c_row, sum[r]);
}

}  // namespace

void narrow_product(const Real* a, int64_t a_row, const Real* b, Real* c, int64_t c_row, int64_t rows,
                    const Real* ahead) {
  Vec column[kLanes];
  STRIATE_UNROLL
  for (int t = 0; t < kLanes; ++t) column[t] = load(b + t * kLanes);
  const int64_t line = ahead ? kLine : 0;
  if (!ahead) ahead = a;
  int64_t r = 0;
  for (; r + kNarrowRows <= rows; r += kNarrowRows)
    narrow_rows<kNarrowRows>(a + r * a_row, a_row, column, c + r * c_row, c_row, ahead + r * line, line);
  for (; r < rows; ++r) narrow_rows<1>(a + r * a_row, a_row, column, c + r * c_row, c_row, ahead + r * line, line);
}

static_assert(kTileVecs == 2);

MicroKernel micro_kernel(RowLayout layout, int64_t rows, int64_t columns, bool masked) {
  const bool one = columns <= kLanes;
  const Instances& set = layout == RowLayout::unit
                             ? (one ? kInstances<1, RowLayout::unit> : kInstances<2, RowLayout::unit>)[masked]
                             : (one ? kInstances<1, RowLayout::strided> : kInstances<2, RowLayout::strided>)[masked];
  return set.kernels[rows - 1];
}

MicroKernel keeping_kernel(bool keeps_a, bool keeps_b, int64_t rows) {
  if constexpr (kKeepsRows)
    if (keeps_a) return (keeps_b ? kKeeping<kA | kB> : kKeeping<kA>).kernels[rows - 1];
  return kKeeping<kB>.kernels[rows - 1];
}

}  // namespace striate::STRIATE_ISA
