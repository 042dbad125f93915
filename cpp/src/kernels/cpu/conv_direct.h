// Direct convolution, forward and input gradient, as one correlation: register tiles of pixels along w times
// output channels, weights packed into panels [panel][tap][c_in][kPanel] beforehand.
//
// An item is a block of output pixels of one image and phase (see gradient_phase) for a group of panels. It
// pads its strip of input once, then each panel (73 KB at 64 channels, 3x3) streams through the tiles from L2
// at 128 bytes per 14 cycles, far below what L2 gives. Taps above, below, before and behind the input are left
// out of the loops; only the borders along w are copied zeros. With one tap it is the panels that stay in L2 while
// the input streams by: each tile of pixels meets all of them, and the next tile is asked for meanwhile. Of one image
// whose input stays in L2 and whose panels do not, the next panels are.
//
// Results without an epilogue go from the registers to y; large ones past the caches, since an ordinary store reads
// the line first and the next step will not find it in a cache anyway (8.5 GB/s became 17).
#pragma once

#include "kernels/cpu/conv_direct_block.h"

namespace striate::STRIATE_ISA {
namespace {
namespace direct {

template <bool Gradient>
void run(const ConvShape& shape, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const Correlation<Gradient> k(shape);
  Operands at{buffer<const Real>(args, 0), buffer<const Real>(args, 1),
              finish_of(shape.epilogue, args,
                        k.s.n * (Gradient ? product(k.s.in) : product(k.s.out)) * k.c_out / k.side, k.c_out)};
  if (shape.epilogue.pooling != Pooling::none) at.finish.streams = false;
  const bool there = shape.epilogue.masked_residual && at.finish.y == at.finish.residual;
  Real* scratch = static_cast<Real*>(args.scratch);
  if (k.side > 1 && at.finish.bias) {
    for (int64_t j = 0; j < k.c_out; ++j) scratch[j] = at.finish.bias[j % k.bias_channels];
    at.finish.bias = scratch;
  }
  scratch += kPanel;
  for (int64_t item = begin; item < end; ++item) {
    int64_t rest = item;
    const auto take = [&](int64_t count) {
      const int64_t index = rest % count;
      rest /= count;
      return index;
    };
    int64_t group = k.by_pixels ? take(k.groups) : 0;
    const int64_t w_at = take(k.w_blocks) * k.w_block, h_at = take(k.h_blocks) * k.h_block;
    const int64_t plane = take(k.planes);
    const Axis w = k.axis(2, take(k.phases[2])), h = k.axis(1, take(k.phases[1])), d = k.axis(0, take(k.phases[0]));
    const int64_t image = take(k.s.n);
    if (!k.by_pixels) group = rest;
    const Block block{image,
                      plane,
                      h_at,
                      min_of(h_at + k.h_block, h.outputs),
                      w_at,
                      min_of(w_at + k.w_block, w.outputs),
                      part_begin(k.panels, k.groups, group),
                      part_begin(k.panels, k.groups, group + 1)};
    // Three pixels of four, of a 1x1 kernel in steps of 2: there already.
    if (there && d.taps * h.taps * w.taps == 0) continue;
    if (plane < d.outputs && block.h_begin < block.h_end && block.w_begin < block.w_end)
      BlockSums<Gradient>(k, d, h, w, block, at, scratch).run();
  }
}

template <bool Gradient>
int64_t items(const ConvShape& shape, int) {
  return Correlation<Gradient>(shape).items();
}

template <bool Gradient>
int64_t scratch(const ConvShape& shape) {
  const Correlation<Gradient> k(shape);
  return (kPanel + kRunElements + k.pooled_elements() + (k.in_place ? 0 : k.strip_elements())) * int64_t{sizeof(Real)};
}

template <bool Gradient>
double cost(const ConvShape& s) {
  if (s.groups != 1 || s.pools_input || s.normalized.any) return -1;
  const double products = Gradient ? double(s.c_out) * double(ceil_div(s.c_in, kLanes))
                                   : double(s.c_in) * double(ceil_div(s.c_out, kLanes));
  return double(s.n) * double(product(s.out)) * double(product(s.kernel)) * products / 2;
}

// The names keep the two packings of one kernel apart: programs share what is prepared under one name.
template <bool Gradient>
constexpr PrepareKernel kPanels{Gradient ? "gradient panels" : "panels", packed_bytes<Gradient>, pack_items<Gradient>,
                                pack<Gradient>, panel_traits<Gradient>};

template <bool Gradient>
constexpr Kernel kernel() {
  Kernel kernel{"direct", erased_items<ConvShape, items<Gradient>>, erased_run<ConvShape, run<Gradient>>};
  kernel.scratch = erased_size<ConvShape, scratch<Gradient>>;
  kernel.cost = erased_cost<ConvShape, cost<Gradient>>;
  kernel.prepared_input = 1;
  kernel.prepare = &kPanels<Gradient>;
  return kernel;
}

}  // namespace direct
}  // namespace
}  // namespace striate::STRIATE_ISA
