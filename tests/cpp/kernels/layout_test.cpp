// Copies, fills and padding, exactly, for every element size.
#include "kernels/layout.h"

#include "support/kernel_call.h"

using namespace striate;
using namespace striate::test;

namespace {

int64_t count(int rank, const int64_t* size) {
  int64_t n = 1;
  for (int axis = 0; axis < rank; ++axis) n *= size[axis];
  return n;
}

// Copies into the middle of a y of `y_elements`, the rest of which must stay as it was (0xff).
template <class T>
void check_copy(CopyShape s, int64_t x_elements, int64_t y_elements) {
  s.element_bytes = sizeof(T);
  std::vector<T> x(x_elements), want(y_elements);
  for (int64_t i = 0; i < x_elements; ++i) x[i] = T(i * 37 + 1);
  std::memset(want.data(), 0xff, want.size() * sizeof(T));
  for (int64_t i = 0; i < count(s.rank, s.size); ++i) {
    int64_t from = s.x_offset, to = s.y_offset, rest = i;
    for (int axis = s.rank - 1; axis >= 0; --axis) {
      from += rest % s.size[axis] * s.x_stride[axis];
      to += rest % s.size[axis] * s.y_stride[axis];
      rest /= s.size[axis];
    }
    want[to] = x[from];
  }
  for_each_kernel(Family::layout, int(LayoutFunction::copy), &s,
                  [&](const Kernel& kernel, const std::string& label, auto*) {
                    INFO(label, " rank ", s.rank, " of ", s.element_bytes, " bytes, sizes ", s.size[0], " ", s.size[1],
                         " ", s.size[2]);
                    CHECK(values_of<T>(call(kernel, &s, {bytes_of(x)}, {y_elements * int64_t(sizeof(T))})[0]) == want);
                  });
}
void check_copy(const CopyShape& s, int64_t x_elements, int64_t y_elements) {
  check_copy<uint8_t>(s, x_elements, y_elements);
  check_copy<uint32_t>(s, x_elements, y_elements);
  check_copy<uint64_t>(s, x_elements, y_elements);
}

TEST_CASE("copy: contiguous, transposed, cropped, repeated, reversed") {
  check_copy({0, 1, {40001}, {1}, {1}, 0, 0}, 40001, 40001);
  check_copy({0, 3, {4, 5, 6}, {30, 6, 1}, {30, 6, 1}, 0, 0}, 120, 120);
  check_copy({0, 3, {1, 1, 1}, {7, 9, 3}, {2, 5, 8}, 2, 1}, 3, 2);
  for (int64_t c : kChannels) {
    check_copy({0, 2, {c, 37}, {1, c}, {37, 1}, 0, 0}, 37 * c, 37 * c);                    // transpose
    check_copy({0, 3, {3, 2, c}, {7 * c, c, 1}, {2 * c, c, 1}, 2 * c, 0}, 21 * c, 6 * c);  // crop
    check_copy({0, 2, {11, c}, {c, 1}, {c + 5, 1}, 0, 3}, 11 * c, 11 * (c + 5));           // concatenate
    check_copy({0, 2, {11, c}, {0, 1}, {c, 1}, 0, 0}, c, 11 * c);                          // broadcast rows
    check_copy({0, 2, {11, c}, {1, 0}, {c, 1}, 0, 0}, 11, 11 * c);                         // broadcast columns
  }
  check_copy({0, 1, {19}, {-1}, {1}, 18, 0}, 19, 19);
  check_copy({0, 4, {2, 3, 5, 7}, {1, 2, 6, 30}, {105, 35, 7, 1}, 0, 0}, 210, 210);
  check_copy({0, 4, {8, 3, 33, 31}, {3069, 1, 93, 3}, {3069, 1023, 31, 1}, 0, 0}, 24552, 24552);  // to (n, c, h, w)
}

TEST_CASE("fill: the value in the type of its size") {
  for (int64_t n : {1, 9, 100, 70003})
    for (int bytes : {1, 4, 8}) {
      const FillShape s{bytes, n, 3.0};
      for_each_kernel(Family::layout, int(LayoutFunction::fill), &s,
                      [&](const Kernel& kernel, const std::string& label, auto* type) {
                        using T = TypeOf<decltype(type)>;
                        INFO(label, " n=", n, " of ", bytes, " bytes");
                        const Bytes got = call(kernel, &s, {}, {n * bytes})[0];
                        if (bytes == sizeof(T))
                          CHECK(values_of<T>(got) == std::vector<T>(n, 3));
                        else if (bytes == 1)
                          CHECK(got == Bytes(n, 3));
                        else if (bytes == 4)
                          CHECK(values_of<int32_t>(got) == std::vector<int32_t>(n, 3));
                        else
                          CHECK(values_of<int64_t>(got) == std::vector<int64_t>(n, 3));
                      });
    }
}

// Where position i of a padded axis comes from; -1: the constant.
int64_t source(PadMode mode, int64_t i, int64_t size) {
  if (mode == PadMode::constant) return i < 0 || i >= size ? -1 : i;
  if (mode == PadMode::replicate) return std::min(std::max<int64_t>(i, 0), size - 1);
  while (size > 1 && (i < 0 || i >= size)) i = i < 0 ? -i : 2 * (size - 1) - i;
  return size > 1 ? i : 0;
}

// The x element behind each y element, -1 for the constant.
std::vector<int64_t> sources(const PadShape& s) {
  int64_t total[8];
  for (int axis = 0; axis < s.rank; ++axis) total[axis] = s.lo[axis] + s.size[axis] + s.hi[axis];
  std::vector<int64_t> from(count(s.rank, total));
  for (size_t y = 0; y < from.size(); ++y) {
    int64_t rest = int64_t(y), scale = 1;
    for (int axis = s.rank - 1; axis >= 0 && from[y] >= 0; --axis) {
      const int64_t i = source(s.mode, rest % total[axis] - s.lo[axis], s.size[axis]);
      from[y] = i < 0 ? -1 : from[y] + i * scale;
      scale *= s.size[axis];
      rest /= total[axis];
    }
  }
  return from;
}

std::vector<PadShape> pads() {
  std::vector<PadShape> all;
  for (PadMode mode : {PadMode::constant, PadMode::replicate, PadMode::reflect}) {
    for (int64_t c : kChannels) all.push_back({mode, 2.5, 4, {2, 3, 4, c}, {0, 1, 2, 0}, {0, 2, 1, 0}});
    all.push_back({mode, -1, 1, {5}, {3}, {4}});
    all.push_back({mode, -1, 1, {1}, {2}, {3}});
    all.push_back({mode, 0, 2, {3, 7}, {1, 2}, {0, 3}});
    all.push_back({mode, 0, 3, {4, 2, 3}, {0, 0, 0}, {0, 0, 0}});
    all.push_back({mode, 0, 3, {2, 3, 2}, {5, 7, 4}, {6, 0, 9}});  // reflected several times over
    all.push_back({mode, 1, 5, {2, 3, 4, 5, 3}, {0, 1, 0, 2, 0}, {0, 0, 1, 1, 0}});
    all.push_back({mode, 0, 4, {4, 28, 28, 20}, {0, 2, 2, 0}, {0, 2, 2, 0}});
  }
  return all;
}

TEST_CASE("pad: constant, replicate, reflect") {
  for (const PadShape& s : pads()) {
    const auto from = sources(s);
    const auto x = reals(count(s.rank, s.size), 1);
    std::vector<double> want;
    for (int64_t i : from) want.push_back(i < 0 ? s.value : x[i]);
    for_each_kernel(
        Family::layout, int(LayoutFunction::pad), &s, [&](const Kernel& kernel, const std::string& label, auto* type) {
          using T = TypeOf<decltype(type)>;
          INFO(label, " mode ", int(s.mode), " rank ", s.rank, " last ", s.size[s.rank - 1]);
          check_equal(values_of<T>(call(kernel, &s, {reals_as<T>(x)}, {int64_t(want.size() * sizeof(T))})[0]), want);
        });
  }
}

TEST_CASE("pad_gradient: adds in row-major order, to the bit") {
  for (const PadShape& s : pads()) {
    const auto from = sources(s);
    const auto gy = reals(int64_t(from.size()), 2);
    const int64_t n = count(s.rank, s.size);
    for_each_kernel(Family::layout, int(LayoutFunction::pad_gradient), &s,
                    [&](const Kernel& kernel, const std::string& label, auto* type) {
                      using T = TypeOf<decltype(type)>;
                      INFO(label, " mode ", int(s.mode), " rank ", s.rank, " last ", s.size[s.rank - 1]);
                      std::vector<T> gx(n);
                      for (size_t i = 0; i < from.size(); ++i)
                        if (from[i] >= 0) gx[from[i]] += T(gy[i]);
                      check_equal(values_of<T>(call(kernel, &s, {reals_as<T>(gy)}, {n * int64_t(sizeof(T))})[0]),
                                  std::vector<double>(gx.begin(), gx.end()));
                    });
  }
}

}  // namespace
