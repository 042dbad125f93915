// Which Winograd convolutions are taken: the switch that forbids them, and weights that change.
#include <cmath>
#include <cstring>

#include "doctest/doctest.h"
#include "striate/device.h"
#include "striate/striate.h"

using namespace striate;

namespace {

TEST_CASE("set_winograd chooses other kernels, also for shapes that ran before") {
  const bool before = winograd();
  const Value x = input("x", DType::float32, {kUnknown, 12, 12, 32});
  const Value kernel = constant(random_uniform({3, 3, 32, 32}, 1, 2, -0.1, 0.1));
  const Function f("f", {x}, {ops::conv(x, kernel)});
  const Tensor image = random_uniform({2, 12, 12, 32}, 1, 1, 0, 1);

  set_winograd(true);
  CHECK(f.dump({image.shape()}).find("winograd_4x4") != std::string::npos);
  const Tensor fast = f.run({image})[0];
  set_winograd(false);
  CHECK(!winograd());
  CHECK(f.dump({image.shape()}).find("winograd") == std::string::npos);
  const Tensor direct = f.run({image})[0];
  set_winograd(before);

  double largest = 0, error = 0;
  bool same = true;
  for (int64_t i = 0; i < direct.elements(); ++i) {
    const double want = direct.as<float>()[i], difference = fast.as<float>()[i] - want;
    largest = std::max(largest, std::abs(want));
    error = std::max(error, std::abs(difference));
    same = same && difference == 0;
  }
  CHECK(!same);  // or the switch chose nothing else
  CHECK(error <= 5e-6 * largest);
}

TEST_CASE("weights that change with every run are not transformed beforehand, to the same bits") {
  const bool before = winograd();
  set_winograd(true);
  const Variable kernel("kernel", random_uniform({3, 3, 192, 160}, 1, 2, -0.1, 0.1));
  const Value x = input("x", DType::float32, {kUnknown, 10, 10, 192}), y = ops::conv(x, kernel.value());
  const Function infers("infers", {x}, {y});
  const Function trains("trains", {x}, {y},
                        {{kernel, ops::multiply(kernel.value(), constant(random_uniform({1}, 1, 3, 0.5, 0.6)))}});
  const Tensor images = random_uniform({12, 10, 10, 192}, 1, 1, 0, 1);
  CHECK(infers.dump({images.shape()}).find("conv.forward winograd_4x4 (") != std::string::npos);
  CHECK(trains.dump({images.shape()}).find("conv.forward winograd_4x4_far (") != std::string::npos);
  CHECK(infers.memory({images.shape()}).prepared > trains.memory({images.shape()}).prepared);
  const Tensor inferred = infers.run({images})[0], trained = trains.run({images})[0];
  CHECK(std::memcmp(inferred.data(), trained.data(), static_cast<size_t>(inferred.bytes())) == 0);
  set_winograd(before);
}

}  // namespace
