// Prepared weights: shapes whose traits are the same share one result, so their results must be the same to the bit;
// and those that differ in batch and image alone do share it.
#include <cstring>
#include <vector>

#include "kernels/conv.h"
#include "support/product_reference.h"
#include "support/run_kernel.h"

using namespace striate;
using namespace striate::test;

namespace {

struct Geometry {
  int64_t c_in, c_out, kernel, stride, dilation, pad;
};

ConvShape shape_of(const Geometry& g, int64_t n, int64_t h, int64_t w) {
  const auto out = [&](int64_t in) { return (in + 2 * g.pad - (g.kernel - 1) * g.dilation - 1) / g.stride + 1; };
  return {n,
          g.c_in,
          g.c_out,
          1,
          {1, h, w},
          {1, out(h), out(w)},
          {1, g.kernel, g.kernel},
          {1, g.stride, g.stride},
          {1, g.dilation, g.dilation},
          {0, g.pad, g.pad},
          {}};
}

std::vector<int64_t> traits_of(const PrepareKernel& prepare, const ConvShape& s) {
  int64_t traits[kMostTraits];
  const int64_t count = prepare.traits(&s, traits);
  REQUIRE(count <= kMostTraits);
  return {traits, traits + count};
}

template <class T>
std::vector<T> prepared_of(const PrepareKernel& prepare, const ConvShape& s, const std::vector<T>& w) {
  std::vector<T> result(size_t(prepare.bytes(&s)) / sizeof(T));  // zeros, where nothing is written
  prepare.run(&s, w.data(), result.data(), 0, prepare.items(&s));
  return result;
}

bool can_do(const Kernel& kernel, const ConvShape& s) { return !kernel.cost || kernel.cost(&s) >= 0; }

// Batches and images of one geometry share a result wherever a kernel can do both.
void check_shared(ConvFunction function, const Geometry& g, const ConvShape& a, const ConvShape& b) {
  const Values weights = reals(w_size(a), 3);
  for_each_kernel(Family::conv, int(function), &a, [&](const Kernel& kernel, const std::string& label, auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (!kernel.prepare || !can_do(kernel, b)) return;
    INFO(label, ": c=", g.c_in, "->", g.c_out, " kernel ", g.kernel, " stride ", g.stride, " dilation ", g.dilation,
         " pad ", g.pad);
    CHECK(traits_of(*kernel.prepare, a) == traits_of(*kernel.prepare, b));
    CHECK(prepared_of(*kernel.prepare, a, cast<T>(weights)) == prepared_of(*kernel.prepare, b, cast<T>(weights)));
  });
}

// Any two shapes over weights of the same size: the same traits mean the same result.
void check_apart(ConvFunction function, const std::vector<ConvShape>& shapes) {
  const Values weights = reals(w_size(shapes[0]), 3);
  for (const ConvShape& a : shapes)
    for_each_kernel(Family::conv, int(function), &a, [&](const Kernel& kernel, const std::string& label, auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      if (!kernel.prepare) return;
      for (const ConvShape& b : shapes) {
        if (!can_do(kernel, b) || traits_of(*kernel.prepare, a) != traits_of(*kernel.prepare, b)) continue;
        INFO(label, ": stride ", a.stride[1], " and ", b.stride[1], ", pad ", a.pad[1], " and ", b.pad[1], ", in ",
             a.in[2], " and ", b.in[2]);
        CHECK(prepared_of(*kernel.prepare, a, cast<T>(weights)) == prepared_of(*kernel.prepare, b, cast<T>(weights)));
      }
    });
}

constexpr ConvFunction kFunctions[] = {ConvFunction::forward, ConvFunction::input_gradient};

TEST_CASE("prepared weights are shared by batches and images of other sizes") {
  const Geometry geometries[] = {{3, 40, 3, 1, 1, 1},  {40, 33, 3, 1, 1, 1}, {40, 33, 3, 2, 1, 1}, {7, 17, 5, 1, 1, 2},
                                 {64, 72, 1, 1, 1, 0}, {20, 48, 1, 2, 1, 0}, {5, 33, 3, 1, 2, 2},  {3, 64, 7, 2, 1, 3}};
  for (const ConvFunction function : kFunctions)
    for (const Geometry& g : geometries) {
      check_shared(function, g, shape_of(g, 1, 16, 16), shape_of(g, 5, 16, 16));
      check_shared(function, g, shape_of(g, 1, 16, 16), shape_of(g, 2, 29, 32));  // as many outputs side by side
    }
}

TEST_CASE("prepared weights with the same traits are the same") {
  std::vector<ConvShape> shapes;
  for (const int64_t stride : {1, 2, 3})
    for (const int64_t dilation : {1, 2})
      for (const int64_t pad : {0, 1, 2})
        for (const int64_t width : {3, 8, 12})  // 3: the kernel is as large as its input; 8, 12: outputs side by side
          if (width + 2 * pad > 2 * dilation)
            shapes.push_back(shape_of({8, 6, 3, stride, dilation, pad}, 2, width, width));
  for (const ConvFunction function : kFunctions) check_apart(function, shapes);
}

}  // namespace
