// A Winograd convolution's arithmetic: its tiles, panels and phases, where their points lie, and the transform of its
// filters, which is prepared once where weights last.
#pragma once

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/winograd_blocks.h"

namespace striate::STRIATE_ISA {
namespace {
namespace winograd {

// The fewer tiles a patch has, the more often it reads the weights; the more, the further out its input and sums lie.
// 512 -> 512 @28 on Zen 3, one thread: 12 tiles 127 ms, 24 to 48 tiles 88 ms (37 MB of weights come from memory);
// 64 -> 64 @56: 24 tiles 14.0 ms, 48 tiles 13.5 ms.
constexpr int64_t kPatchTiles = (kTileRows > 8 ? 4 : 8) * kTileRows;
static_assert(kPatchTiles <= PatchTiles::kMost);
constexpr int64_t kNearElements = (kLanes == 16 ? 640 << 10 : 128 << 10) / sizeof(Real);  // of weights that stay in L2
constexpr int64_t kFarElements = (16 << 20) / sizeof(Real);                               // that do not stay in L3
constexpr int64_t kWantedItems = 16;
constexpr int64_t kSharedProducts = 256 << 10;  // that a single patch must have to be shared out

template <int M, int R, bool Gradient>
struct Convolution {
  static constexpr int P = M + R - 1;
  static constexpr int64_t kInPhases = Gradient ? 1 : kPhases<R>, kOutPhases = Gradient ? kPhases<R> : 1;
  static constexpr int64_t kRunTiles = 2 * kTileRows / M;  // transformed back together: 14 KB
  static constexpr int64_t kPixels = M * kRunTiles * M * kPanel;
  ConvShape s;  // canonical
  Grid grid;
  Phases<R, Gradient> phases;
  int64_t c_in, c_out;  // of the correlation, swapped in the gradient; and of a phase
  int64_t phase_panels, panels;
  Patches patches;
  int64_t groups;  // of panels, in items

  // In patches of about `most_tiles`, or as many as suit the shape.
  explicit Convolution(const ConvShape& shape, int64_t most_tiles = 0)
      : s(canonical(shape)),
        grid(make_grid<M, R, Gradient>(s)),
        phases(phases_of<R, Gradient>(s)),
        c_in(Gradient ? s.c_out : s.c_in),
        c_out(Gradient ? s.c_in : s.c_out),
        phase_panels(ceil_div(c_out, kPanel)),
        panels(kOutPhases * phase_panels),
        patches(grid, most_tiles > 0 ? most_tiles : patch_tiles()),
        groups(min_of(panels, ceil_div(kWantedItems, patches.count))) {
    const bool small = patches.count > 1 || P * P * grid.tiles() * c_in * c_out < kSharedProducts;
    if ((weights_near() && small) || patches.count > kWantedItems / 2) groups = 1;
  }

  int64_t patch_tiles() const {
    const int64_t wanted = ceil_div(grid.tiles(), kWantedItems * kTileRows) * kTileRows;
    const int64_t least = (kTileRows > 8 || weight_elements() < kFarElements ? 2 : 4) * kTileRows;
    if (wanted < least && !weights_near()) {  // panels are shared out as well, or instead
      const int64_t half = ceil_div(grid.tiles(), 2);
      return half > kTileRows && half < kPatchTiles ? half : kPatchTiles;
    }
    return min_of(wanted, kPatchTiles);
  }
  bool weights_near() const { return weight_elements() <= kNearElements; }
  bool keeps() const { return groups > 1; }  // a patch's transformed input, from one of a thread's items to the next
  // One vector of channels: all points are transformed at once, a tile's addresses being worked out once and not for
  // each pair of rows. Of two vectors it is slower (32 -> 32 @16: 7%).
  bool at_once() const { return kInPhases == 1 && c_in <= kLanes; }
  int64_t group_panels() const { return ceil_div(panels, groups); }
  int64_t terms() const { return kInPhases * c_in; }
  // Of a panel: the phase of the output, and the first of its columns. (A division takes as long as 3 terms.)
  int64_t out_phase(int64_t panel) const { return kOutPhases == 1 ? 0 : panel / phase_panels; }
  int64_t first_column(int64_t panel) const { return (panel - out_phase(panel) * phase_panels) * kPanel; }
  int64_t panel_width(int64_t panel) const { return c_out - first_column(panel) <= kLanes ? kLanes : kPanel; }
  // Transformed weights: [point][panel][terms][panel_width]; sums: [panel][tile][point][kPanel]. Points of weights and
  // tiles of sums lie a vector further apart than they need, for the sake of the cache sets.
  int64_t weight_panel() const { return terms() * kPanel; }
  int64_t weight_point() const { return panels * weight_panel() + kLanes; }
  int64_t weight_elements() const { return P * P * weight_point(); }
  static constexpr int64_t kSumTile = P * P * kPanel + kLanes;
  int64_t sum_panel() const { return patches.most_tiles() * kSumTile; }
  Block input_block() const { return Block(patches.most_tiles(), terms()); }
  int64_t input_elements() const {  // of a patch
    return (keeps() || at_once() ? P * P : 2 * P) * input_block().point;
  }
};

template <int M, int R, bool Gradient>
int64_t weight_bytes(const void* shape) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.weight_elements() * int64_t{sizeof(Real)};
}

template <int M, int R, bool Gradient>
int64_t weight_items(const void* shape) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  return k.panels * k.kInPhases * ceil_div(k.c_in, kLanes);
}

[[maybe_unused]] static int64_t weight_traits(const void* shape, int64_t* traits) {
  return filter_traits(canonical(*static_cast<const ConvShape*>(shape)), traits);
}

template <int P, int R, class Load, class Store>
STRIATE_INLINE void transform_filter(Load load_at, Store store_at) {
  const auto load_column = [&](int j, Vec(&values)[R]) {
    STRIATE_UNROLL
    for (int i = 0; i < R; ++i) values[i] = load_at(i, j);
  };
  spread_tiles<P, 0, P / 2, true, R>(load_column, store_at);
}

// Filters' points are stored in P * P places far apart: in L2, or outside, where their lines are asked for some
// channels before they are written (asked for in L2, one image of 512 -> 512 @7 takes 1.0 ms in place of 0.56).
enum class Stores { near, far, past_caches };

// The points of the filters of a panel for kLanes input channels of a phase: the first channel's lie at `to`, points
// are `point` apart.
template <int M, int R, bool Gradient>
void transform_filters(const Convolution<M, R, Gradient>& k, const Real* w, int64_t panel, int64_t phase,
                       int64_t c_begin, int64_t point, Stores stores, Real* to) {
  constexpr int P = M + R - 1;
  const int64_t count = min_of(k.c_in - c_begin, kLanes), width = k.panel_width(panel);
  Real taps[R * R][kLanes * kLanes];
  for (int64_t v = 0; v < width; v += kLanes) {
    const int64_t column = k.first_column(panel) + v, valid = min_of(k.c_out - column, kLanes);
    for (int64_t i = 0; i < R * R; ++i) {
      const int64_t t = k.phases.tap(phase, i / R, i % R);
      if (t < 0 || (Gradient && valid < kLanes)) zero_run(taps[i], kLanes * kLanes);
      if (t < 0) continue;
      if constexpr (Gradient) {  // channels and columns exchanged
        transpose(w + (t * k.c_out + column) * k.c_in + c_begin, k.c_in, valid, count, taps[i], kLanes);
      } else {
        const Real* from = w + (t * k.c_in + c_begin) * k.c_out + column;
        for (int64_t c = 0; c < count; ++c) store(taps[i] + c * kLanes, load_lanes(from + c * k.c_out, valid));
      }
    }
    for (int64_t c = 0; c < count; ++c) {
      Real* first = to + c * width + v;
      const auto tap = [&](int i, int j) { return load(taps[i * R + j] + c * kLanes); };
      if (stores == Stores::past_caches) {
        transform_filter<P, R>(tap, [&](int i, Vec value) { stream(first + i * point, value); });
        continue;
      }
      if (stores == Stores::far)
        for (int64_t i = 0; i < P * P; ++i) __builtin_prefetch(first + i * point + 2 * width, 1, 2);
      transform_filter<P, R>(tap, [&](int i, Vec value) { store(first + i * point, value); });
    }
  }
}

// Item: kLanes input channels of a phase and panel.
template <int M, int R, bool Gradient>
void transform_weights(const void* shape, const void* source, void* prepared, int64_t begin, int64_t end) {
  const Convolution<M, R, Gradient> k(*static_cast<const ConvShape*>(shape));
  const int64_t c_blocks = ceil_div(k.c_in, kLanes);
  // Past the caches where these cannot hold all of it and a vector is a whole line.
  const Stores stores = k.weight_elements() >= kFarElements && kLanes == kLine ? Stores::past_caches : Stores::far;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t panel = item / c_blocks / k.kInPhases, c_begin = item % c_blocks * kLanes;
    const int64_t in_phase = item / c_blocks % k.kInPhases, term = in_phase * k.c_in + c_begin;
    transform_filters(k, static_cast<const Real*>(source), panel, Gradient ? k.out_phase(panel) : in_phase, c_begin,
                      k.weight_point(), stores,
                      static_cast<Real*>(prepared) + panel * k.weight_panel() + term * k.panel_width(panel));
  }
}

}  // namespace winograd
}  // namespace
}  // namespace striate::STRIATE_ISA
