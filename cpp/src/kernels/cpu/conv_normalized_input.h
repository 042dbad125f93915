// The 1x1 convolution of a batch normalization, or the input gradient of one before a normalization: an item makes some
// pixels of what it sums into scratch memory, and leaves them in memory for others. By itself the normalization's last
// pass is all memory, three arrays of 51 MB in ResNet-50, and the product all arithmetic: here the next item's pixels
// are asked for while this one's are summed, and what was made need not be read again.
#pragma once

#include "kernels/cpu/conv_direct.h"
#include "kernels/cpu/normalization_line.h"

namespace striate::STRIATE_ISA {
namespace {
namespace normalized_input {

constexpr int64_t kItemRows = 4 * kTileRows;  // pixels of an item: 57 KB of 256 channels
constexpr int64_t kRunPanels = 8;             // summed in one call

// Buffers that follow a convolution's inputs.
constexpr int kTables = 5, kBeside = 6, kY = 7, kMade = 8, kSigns = 9;

// What items sum, from its arrays' first elements on.
struct Making {
  const Real *x, *beside;
  LineTables tables;
  Real* made;
  uint8_t* signs;
  bool streams;
};

template <class Made>
STRIATE_INLINE void make_rows(const Making& m, Range rows, int64_t channels, Real* to, Made made_at) {
  for (int64_t row = rows.begin; row < rows.end; ++row)
    for (int64_t c = 0; c < channels; c += kLanes, to += kLanes) {
      const int64_t i = row * channels + c;
      const Vec v = made_at(i, c);
      store(to, v);
      if (m.signs) store_signs(m.signs, i, v);
      if (m.streams)
        stream(m.made + i, v);
      else
        store(m.made + i, v);
    }
}

template <bool relu, bool residual>
void make_forward(const Making& m, Range rows, int64_t channels, Real* to) {
  make_rows(m, rows, channels, to, [&](int64_t i, int64_t c) {
    return on_line<relu, residual>(train_line(m.tables, c, kLanes), m.x + i, m.beside + i, kLanes);
  });
}
template <bool relu>
void make_gradient(const Making& m, Range rows, int64_t channels, Real* to) {
  make_rows(m, rows, channels, to, [&](int64_t i, int64_t c) {
    return gradient_on_line<relu>(gradient_line(m.tables, c, kLanes), m.beside + i, m.x + i, kLanes);
  });
}

using Make = void (*)(const Making&, Range, int64_t, Real*);
template <bool Gradient>
Make make_of(const NormalizedInput& how) {
  if (Gradient) return how.relu ? make_gradient<true> : make_gradient<false>;
  if (how.relu) return how.residual ? make_forward<true, true> : make_forward<true, false>;
  return how.residual ? make_forward<false, true> : make_forward<false, false>;
}

template <bool Gradient>
struct ItemSums {
  ItemSums(const ConvShape& shape, const KernelArgs& args)
      : s(shape),
        k(shape),
        making{buffer<const Real>(args, 0),
               buffer<const Real>(args, kBeside),
               line_tables(buffer<Real>(args, kTables), k.c_in),
               buffer<Real>(args, kMade),
               shape.normalized.signs ? buffer<uint8_t>(args, kSigns) : nullptr,
               false},
        packed(buffer<const Real>(args, 1)),
        sums(static_cast<Real*>(args.scratch)),
        made(sums + kRunPanels * kTileRows * kPanel) {
    making.streams =
        making.made != making.x && making.made != making.beside && worth_streaming(pixels * k.c_in, making.made);
    void* const own[] = {args.buffers[0], args.buffers[1], args.buffers[2],
                         args.buffers[3], args.buffers[4], args.buffers[kY]};
    finish = finish_of(s.epilogue, {own, nullptr, nullptr}, pixels * k.c_out, k.c_out);
  }

  void run(int64_t item) const {
    const int64_t first = item * kItemRows, count = min_of(kItemRows, pixels - first);
    make(making, {first, first + count}, k.c_in, made);
    for_tile_runs(count, kTileRows, [&](int64_t from, int64_t height, int64_t tiles) {
      for (int64_t t = 0; t < tiles; ++t)
        sum_tile(first + from + t * height, made + (from + t * height) * k.c_in, height);
    });
  }

 private:
  // All panels of `height` pixels from `pixel` on, which were made at `rows`.
  void sum_tile(int64_t pixel, const Real* rows, int64_t height) const {
    const int64_t whole = k.c_out / kPanel, most = min_of(kRunPanels, ceil_div(k.panels, sources));
    if (!finish.streams) {
      const Real* next = finish.y + (pixel + height) * y_row;
      for (int64_t i = 0; i < height * y_row; i += kLine) __builtin_prefetch(next + i, 1, 2);
    }
    for (int64_t panel = 0, panels; panel < k.panels; panel += panels) {
      panels = panel < whole ? min_of(whole - panel, most) : 1;
      sum_panels(pixel, rows, height, panel, panels);
    }
  }

  void sum_panels(int64_t pixel, const Real* rows, int64_t height, int64_t panel, int64_t panels) const {
    const int64_t width = k.panel_width(panel), columns = min_of(k.c_out - panel * kPanel, kPanel);
    const Real* weights = packed + panel * k.packed_panel();
    Reduction sum{{1, 1, 1}, {}, {}, k.c_in, k.c_in, 1, width};
    sum.tiles = panels;
    sum.b_tile = k.packed_panel();
    // The next item's pixels, one array after the other, a share of them with every call.
    const int64_t share = panel * sources, elements = height * k.c_in;
    sum.prefetch = (share < k.panels ? making.x : making.beside) + (pixel + kItemRows) * k.c_in +
                   share % k.panels * elements / k.panels;
    sum.prefetch_step = min_of(ceil_div(elements * sources, k.panels * k.c_in), kLine);
    const int64_t y = pixel * y_row + panel * kPanel;
    if (plain) {
      sum.c_tile = kPanel;
      sum.stream = finish.streams;
      micro_kernel(RowLayout::strided, height, columns, columns < width)(sum, rows, weights, finish.y + y, y_row,
                                                                         columns, false);
      return;
    }
    sum.c_tile = height * kPanel;
    micro_kernel(RowLayout::strided, height, width, false)(sum, rows, weights, sums, kPanel, width, false);
    for (int64_t i = 0; i < panels; ++i)
      finish_tile(s.epilogue, sums + i * sum.c_tile, kPanel, height, columns,
                  tile_at(finish, (panel + i) * kPanel, y + i * kPanel), y_row);
  }

  const ConvShape& s;
  const direct::Correlation<Gradient> k;
  Making making;
  const Real* packed;
  Real *sums, *made;  // of a call's panels, and of an item's pixels
  Finish finish;
  const Make make = make_of<Gradient>(s.normalized);
  const int64_t pixels = s.n * product(s.out), y_row = row_channels(s.epilogue, k.c_out);
  const int64_t sources = Gradient || s.normalized.residual ? 2 : 1;
  const bool plain =
      !s.epilogue.bias && !s.epilogue.residual && !s.epilogue.mask && s.epilogue.activation == Activation::none;
};

template <bool Gradient>
void run(const ConvShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const ItemSums<Gradient> sums(s, args);
  for (int64_t item = begin; item < end; ++item) sums.run(item);
}

template <bool Gradient>
int64_t items(const ConvShape& s, int) {
  return ceil_div(s.n * product(s.out), kItemRows);
}
template <bool Gradient>
int64_t scratch(const ConvShape& s) {
  const int64_t channels = Gradient ? s.c_out : s.c_in;
  return (kRunPanels * kTileRows * kPanel + kItemRows * channels) * int64_t{sizeof(Real)};
}
template <bool Gradient>
double cost(const ConvShape& s) {
  const int64_t channels = Gradient ? s.c_out : s.c_in, columns = Gradient ? s.c_in : s.c_out;
  if (!s.normalized.any || columns < kPanel) return -1;
  ConvShape made = s;
  made.normalized = {};
  return direct::cost<Gradient>(made) + 2 * double(s.n) * double(product(s.out)) * double(channels);
}

template <bool Gradient>
constexpr Kernel kernel() {
  Kernel kernel{"normalized input", erased_items<ConvShape, items<Gradient>>, erased_run<ConvShape, run<Gradient>>};
  kernel.scratch = erased_size<ConvShape, scratch<Gradient>>;
  kernel.cost = erased_cost<ConvShape, cost<Gradient>>;
  kernel.prepared_input = 1;
  kernel.prepare = &direct::kPanels<Gradient>;
  return kernel;
}

}  // namespace normalized_input
}  // namespace
}  // namespace striate::STRIATE_ISA
