// The weight gradient as one product, (taps * c_in, pixels) by (pixels, c_out), with both operands copied into the
// micro-kernel's order a few hundred pixels at a time, by the tiles that meet them first where they lie in rows. Each
// block of the gradient reads x and gy once from memory, while the block before is being summed. Against the in-place
// kernel beside it, which reads x once for every 64 output channels and takes 1x1 256 -> 64 at 56x56, batch 16, to 39%
// of peak, where this takes the 1x1 layers of ResNet-50 to 87-91.
#pragma once

#include "kernels/cpu/conv_geometry.h"
#include "kernels/cpu/product_block.h"

namespace striate::STRIATE_ISA {
namespace {
namespace weight_packed {

constexpr int64_t kLeastChunk = 256;  // pixels
// A step's pixels; a few that would be left over, as in parts of 784, join the last, since each step reads and writes
// all sums.
constexpr int64_t kMostTerms = kDepth + 32;
STRIATE_INLINE int64_t step_terms(int64_t left) { return left <= kMostTerms ? left : kDepth; }

struct Plan {
  ConvShape s;  // canonical
  Axis d, h, w;
  int64_t rows, pixels;  // of the product: taps * c_in, all images' outputs
  int64_t run;           // rows that lie contiguous in x: taps along w times c_in, or c_in
  Split split;           // parts: chunks of pixels

  explicit Plan(const ConvShape& shape)
      : s(canonical(shape)),
        d(forward_axis(s, 0)),
        h(forward_axis(s, 1)),
        w(forward_axis(s, 2)),
        rows(product(s.kernel) * s.c_in),
        pixels(s.n * product(s.out)),
        run(w.offset_step == 1 ? w.taps * s.c_in : s.c_in),
        split(rows, s.c_out, pixels, kSplitItems, kLeastChunk, kBlockElements) {}

  int64_t elements() const { return rows * s.c_out; }
  bool pointwise() const {  // every pixel of x is one of gy's
    return rows == s.c_in && product(s.out) == product(s.in) && product(s.in) == s.in[2] && s.pad[0] == 0 &&
           s.pad[1] == 0 && s.pad[2] == 0;
  }
};

// A piece of a tile's rows, [offset, offset + n) of one run of one (kd, kh, kw), for `length` outputs along w.
struct Piece {
  int64_t group, offset, n;
  int64_t plane, row, w_at, length;
};

static void pack_piece(const Plan& p, const Real* image, const Piece& at, Real* to, int64_t to_row) {
  const bool dense = p.run > p.s.c_in || p.w.taps == 1;
  const int64_t w_groups = dense ? 1 : p.w.taps;
  const int64_t tap_w = at.group % w_groups, tap_h = at.group / w_groups % p.h.taps,
                tap_d = at.group / w_groups / p.h.taps;
  const int64_t in_d = p.d.position(at.plane, tap_d), in_h = p.h.position(at.row, tap_h);
  if (in_d < 0 || in_d >= p.d.in_size || in_h < 0 || in_h >= p.h.in_size) {
    for (int64_t i = 0; i < at.length; ++i) zero_run(to + i * to_row, at.n);
    return;
  }
  const int64_t first = tap_w + at.offset / p.s.c_in, last = tap_w + (at.offset + at.n - 1) / p.s.c_in;
  const int64_t step = p.w.in_step, left = p.w.position(at.w_at, first), right = p.w.position(at.w_at, last);
  const int64_t begin = left >= 0 ? 0 : min_of(ceil_div(-left, step), at.length);
  const int64_t end =
      right >= p.w.in_size ? begin : max_of(begin, min_of(ceil_div(p.w.in_size - right, step), at.length));
  const Real* from =
      image + ((in_d * p.h.in_size + in_h) * p.w.in_size + p.w.position(at.w_at, tap_w)) * p.s.c_in + at.offset;
  const auto beside = [&](int64_t i) {  // some taps lie outside
    for (int64_t j = 0; j < at.n; ++j) {
      const int64_t position = p.w.position(at.w_at + i, tap_w + (at.offset + j) / p.s.c_in);
      to[i * to_row + j] = position >= 0 && position < p.w.in_size ? from[i * step * p.s.c_in + j] : 0;
    }
  };
  for (int64_t i = 0; i < begin; ++i) beside(i);
  for (int64_t i = begin; i < end; ++i) copy_run(to + i * to_row, from + i * step * p.s.c_in, at.n);
  for (int64_t i = end; i < at.length; ++i) beside(i);
}

// Rows [begin, end) of `count` pixels, as strips [strip][pixel][row].
static void pack_rows(const Plan& p, const Real* x, int64_t begin, int64_t end, int64_t first, int64_t count,
                      Real* to) {
  if (p.pointwise()) return pack_strips(x + first * p.s.c_in + begin, p.s.c_in, count, end - begin, to);
  for (int64_t k = 0; k < count;) {
    const int64_t line = (first + k) / p.w.outputs, plane = line / p.h.outputs;
    Piece piece{};
    piece.w_at = (first + k) % p.w.outputs;
    piece.row = line % p.h.outputs;
    piece.plane = plane % p.d.outputs;
    piece.length = min_of(min_of(count - k, p.w.outputs - piece.w_at), kCopiedTerms);
    const Real* image = x + plane / p.d.outputs * product(p.s.in) * p.s.c_in;
    for_strips(end - begin, [&](int64_t r, int64_t rows) {
      for (int64_t i = 0; i < rows; i += piece.n) {
        piece.group = (begin + r + i) / p.run;
        piece.offset = (begin + r + i) % p.run;
        piece.n = min_of(p.run - piece.offset, rows - i);
        pack_piece(p, image, piece, to + r * count + k * rows + i, rows);
      }
    });
    k += piece.length;
  }
}

// What the product over pixels [at, at + count) reads of x.
static Ahead ahead_in_x(const Plan& p, const Real* x, int64_t begin, int64_t end, int64_t at, int64_t count) {
  if (p.pointwise()) return ahead_of(x + at * p.s.c_in + begin, p.s.c_in, end - begin, count);
  // Whole rows of the input, from the first pixel's on; windows overlap, so about as many as outputs times stride.
  const int64_t line = at / p.w.outputs, plane = line / p.h.outputs, row = line % p.h.outputs;
  const int64_t in_h = max_of(min_of(p.h.position(row, 0), p.h.in_size - 1), 0);
  const int64_t in_d = max_of(min_of(p.d.position(plane % p.d.outputs, 0), p.d.in_size - 1), 0);
  const Real* from = x + (((plane / p.d.outputs * p.d.in_size + in_d) * p.h.in_size + in_h) * p.w.in_size) * p.s.c_in;
  return {from, 0, ceil_div(count * p.w.in_step * p.h.in_step * p.s.c_in, kLine), 1};
}

static void run(const ConvShape& shape, const KernelArgs& args, int phase, int64_t begin, int64_t end) {
  const Plan p(shape);
  const Real *x = buffer<const Real>(args, 0), *gy = buffer<const Real>(args, 1);
  Real* gw = buffer<Real>(args, 2);
  const int64_t elements = p.elements();
  if (phase == 1)
    return sum_part_items(static_cast<const Real*>(args.workspace), elements, p.split.parts, begin, end, gw);
  Real* sums = static_cast<Real*>(args.scratch);
  Real* strips = sums + p.split.block_rows(p.rows) * p.split.block_columns(p.s.c_out);
  Real* panel = strips + p.split.block_rows(p.rows) * kMostTerms;
  for (int64_t item = begin; item < end; ++item) {
    const SplitItem block = split_item(p.split, p.rows, p.s.c_out, p.pixels, item);
    const int64_t r = block.row_begin, rows = block.row_end - r;
    const int64_t n = block.column_begin, columns = block.column_end - n;
    const int64_t first = block.term_begin, last = block.term_end;
    for (int64_t at = first, next; at < last; at = next) {
      const int64_t count = step_terms(last - at);
      next = at + count;
      InPlace in_place{nullptr, 0, strips, gy + at * p.s.c_out + n, p.s.c_out};
      if (kKeepsRows && kStripRows == kTileRows && p.pointwise() && columns >= kPanel) {
        in_place.a = x + at * p.s.c_in + r;
        in_place.a_step = p.s.c_in;
      } else {
        pack_rows(p, x, r, r + rows, at, count, strips);
      }
      Ahead in_gy{}, in_x{};
      const auto ask = [&](const SplitItem& of, int64_t from) {
        const int64_t terms = step_terms(of.term_end - from);
        in_gy = ahead_of(gy + from * p.s.c_out + of.column_begin, p.s.c_out, of.column_end - of.column_begin, terms);
        in_x = ahead_in_x(p, x, of.row_begin, of.row_end, from, terms);
      };
      if (next < last) {
        ask(block, next);
      } else if (item + 1 < p.split.items()) {  // which this thread will most likely do next
        const SplitItem after = split_item(p.split, p.rows, p.s.c_out, p.pixels, item + 1);
        ask(after, after.term_begin);
      }
      add_block(packed_strips(strips), panel, count, rows, columns, sums, at == first, in_gy, in_x, in_place);
    }
    Real* to = p.split.parts == 1 ? gw : static_cast<Real*>(args.workspace) + block.part * elements;
    for (int64_t j = 0; j < columns; j += kPanel)
      for (int64_t i = 0; i < rows; ++i)
        copy_run(to + (r + i) * p.s.c_out + n + j, sums + j * rows + i * kPanel, min_of(columns - j, kPanel));
  }
}

static int64_t items(const ConvShape& shape, int phase) {
  const Plan p(shape);
  if (phase == 0) return p.split.items();
  return p.split.parts == 1 ? 0 : ceil_div(p.elements(), kPartElements);
}
static int64_t workspace(const ConvShape& shape) {
  const Plan p(shape);
  return p.split.parts == 1 ? 0 : p.split.parts * p.elements() * int64_t{sizeof(Real)};
}
static int64_t scratch(const ConvShape& shape) {
  const Plan p(shape);
  const int64_t rows = p.split.block_rows(p.rows), columns = p.split.block_columns(p.s.c_out);
  return (rows * columns + (rows + kPanel) * kMostTerms) * int64_t{sizeof(Real)};
}
// Fitted to the layers of bench/kernels (AVX-512): 1.15 for what the tiles lose, three cycles a copied piece of a tile,
// two a copied vector, and what each pixel and stretch of pixels costs.
static double cost(const ConvShape& s) {
  if (s.groups != 1) return -1;
  const Plan p(s);
  const double sums = double(p.rows) * double(ceil_div(s.c_out, kLanes)) / 2;
  const double copied = 3 * double(ceil_div(p.rows, kTileRows)) * double(p.split.column_blocks) +
                        2 * double(ceil_div(s.c_out, kLanes)) * double(p.split.row_blocks);
  return double(p.pixels) * (1.15 * sums + copied + (p.pointwise() ? 8 : 30));
}

constexpr Kernel kernel() {
  Kernel kernel{"packed", erased_items<ConvShape, items>, erased_run<ConvShape, run>, 2};
  kernel.workspace = erased_size<ConvShape, workspace>;
  kernel.scratch = erased_size<ConvShape, scratch>;
  kernel.cost = erased_cost<ConvShape, cost>;
  return kernel;
}

}  // namespace weight_packed
}  // namespace
}  // namespace striate::STRIATE_ISA
