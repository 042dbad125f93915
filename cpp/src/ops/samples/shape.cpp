#include "ops/shape.h"

#include "ops/broadcast.h"
#include "ops/cast.h"
#include "ops/concatenate.h"
#include "ops/pad.h"

namespace striate {
namespace {

// An op with its attributes set: with([](Reshape& op) { op.shape = {0, -1}; }).
template <class OpType, class Set>
OpType with(Set set) {
  OpType op;
  set(op);
  return op;
}

Reshape reshape_to(std::vector<int64_t> shape) {
  return with<Reshape>([&](Reshape& op) { op.shape = std::move(shape); });
}

Transpose transpose_to(std::vector<int64_t> axes) {
  return with<Transpose>([&](Transpose& op) { op.axes = std::move(axes); });
}

template <class OpType>
OpType margins(std::vector<int64_t> lo, std::vector<int64_t> hi) {
  OpType op;
  op.lo = std::move(lo);
  op.hi = std::move(hi);
  return op;
}

template <class OpType>
OpType margins(std::vector<int64_t> lo, std::vector<int64_t> hi, const char* mode) {
  OpType op = margins<OpType>(std::move(lo), std::move(hi));
  op.mode = mode;
  return op;
}

}  // namespace

std::vector<Sample> Reshape::samples() {
  return {make_sample(reshape_to({0, -1}), {uniform_sample({2, 3, 5}, 1)}, {0}),
          make_sample(reshape_to({-1}), {uniform_sample({3, 1, 2}, 2)}, {0}),
          make_sample(reshape_to({2, 0, 3}), {uniform_sample({3, 2, 2}, 3)}, {0})};
}

std::vector<Sample> ReshapeLike::samples() {
  return {make_sample(ReshapeLike(), {uniform_sample({2, 6}, 1), uniform_sample({3, 4}, 2)}, {0, 1})};
}

std::vector<Sample> ExpandDims::samples() {
  return {make_sample(with<ExpandDims>([](ExpandDims& op) { op.axes = {0, 2, 3}; }), {uniform_sample({3, 2}, 1)}, {0})};
}

std::vector<Sample> Transpose::samples() {
  return {make_sample(transpose_to({1, 0}), {uniform_sample({3, 5}, 1)}, {0}),
          make_sample(transpose_to({2, 0, 1}), {uniform_sample({2, 3, 5}, 2)}, {0}),
          make_sample(transpose_to({0, -1, 1, 2}), {uniform_sample({2, 3, 1, 4}, 3)}, {0}),
          make_sample(transpose_to({1, 0, 2}), {uniform_sample({1, 4, 3}, 4)}, {0})};  // moves nothing
}

std::vector<Sample> SizeOf::samples() {
  const auto size_of = [](int64_t axis, DType dtype) {
    return with<SizeOf>([&](SizeOf& op) { op.axis = axis, op.dtype = dtype; });
  };
  return {make_sample(size_of(1, DType::float64), {uniform_sample({2, 7}, 1)}, {}),
          make_sample(size_of(-2, DType::int32), {uniform_sample({2, 7}, 1)}, {}),
          make_sample(size_of(0, DType::int64), {uniform_sample({2, 7}, 1)}, {})};
}

std::vector<Sample> CountLike::samples() {
  const auto count_like = [](DType dtype) { return with<CountLike>([&](CountLike& op) { op.dtype = dtype; }); };
  return {make_sample(count_like(DType::float32), {uniform_sample({2, 7}, 1)}, {}),
          make_sample(count_like(DType::float64), {uniform_sample({}, 1)}, {})};
}

std::vector<Sample> ZerosLike::samples() {
  return {make_sample(ZerosLike(), {uniform_sample({3, 7}, 1)}, {}),
          make_sample(ZerosLike(), {integer_sample({3}, DType::uint8, {1, 2, 3})}, {})};
}

std::vector<Sample> OnesLike::samples() {
  return {make_sample(OnesLike(), {uniform_sample({3, 7}, 1)}, {}),
          make_sample(OnesLike(), {integer_sample({3}, DType::int32, {1, 2, 3})}, {}),
          make_sample(OnesLike(), {integer_sample({3}, DType::int64, {1, 2, 3})}, {}),
          make_sample(OnesLike(), {integer_sample({3}, DType::uint8, {1, 2, 3})}, {})};
}

std::vector<Sample> BroadcastLike::samples() {
  return {make_sample(BroadcastLike(), {uniform_sample({5}, 1), uniform_sample({2, 3, 5}, 2)}, {0, 1}),
          make_sample(BroadcastLike(), {uniform_sample({3, 1}, 3), uniform_sample({2, 3, 5}, 4)}, {0}),
          make_sample(BroadcastLike(), {uniform_sample({}, 5), uniform_sample({7}, 6)}, {0}),
          make_sample(BroadcastLike(), {uniform_sample({3}, 7), uniform_sample({1, 3}, 8)}, {0})};
}

std::vector<Sample> SumToLike::samples() {
  return {make_sample(SumToLike(), {uniform_sample({2, 3, 5}, 1), uniform_sample({5}, 2)}, {0, 1}),
          make_sample(SumToLike(), {uniform_sample({2, 3, 5}, 3), uniform_sample({1, 3, 1}, 4)}, {0}),
          make_sample(SumToLike(), {uniform_sample({7}, 5), uniform_sample({}, 6)}, {0}),
          make_sample(SumToLike(), {uniform_sample({1, 3}, 7), uniform_sample({3}, 8)}, {0})};
}

std::vector<Sample> Cast::samples() {
  const auto cast = [](DType dtype) { return with<Cast>([&](Cast& op) { op.dtype = dtype; }); };
  // Rounding to float32 would hide differences of 1e-5; a cast between types is checked by value elsewhere.
  return {make_sample(cast(DType::float64), {uniform_sample({3, 5}, 1)}, {0}),
          make_sample(cast(DType::float32), {uniform_sample({3, 5}, 1)}, {}),
          make_sample(cast(DType::int32), {uniform_sample({17}, 2, -9, 9)}, {}),
          make_sample(cast(DType::uint8), {integer_sample({3}, DType::int64, {0, 7, 255})}, {})};
}

std::vector<Sample> Increment::samples() {
  return {make_sample(with<Increment>([](Increment& op) { op.amount = 3; }),
                      {integer_sample({3}, DType::int64, {-1, 0, 41})}, {})};
}

std::vector<Sample> StopGradient::samples() { return {make_sample(StopGradient(), {uniform_sample({3, 5}, 1)}, {})}; }

std::vector<Sample> Concatenate::samples() {
  const auto along = [](int64_t axis) { return with<Concatenate>([&](Concatenate& op) { op.axis = axis; }); };
  return {make_sample(along(-1), {uniform_sample({2, 3}, 1), uniform_sample({2, 1}, 2), uniform_sample({2, 5}, 3)},
                      {0, 1, 2}),
          make_sample(along(1), {uniform_sample({2, 1, 3}, 4), uniform_sample({2, 4, 3}, 5)}, {0, 1}),
          make_sample(along(0), {uniform_sample({3}, 6)}, {0})};
}

std::vector<Sample> ConcatenatePart::samples() {
  const auto part = [](int64_t axis, int64_t index) {
    return with<ConcatenatePart>([&](ConcatenatePart& op) { op.axis = axis, op.index = index; });
  };
  return {make_sample(part(1, 1),
                      {uniform_sample({2, 9}, 1), uniform_sample({2, 3}, 2), uniform_sample({2, 1}, 3),
                       uniform_sample({2, 5}, 4)},
                      {0, 2}),
          make_sample(part(-2, 0),
                      {uniform_sample({2, 5, 3}, 5), uniform_sample({2, 1, 3}, 6), uniform_sample({2, 4, 3}, 7)}, {0})};
}

std::vector<Sample> Pad::samples() {
  Pad with_value = margins<Pad>({0, 1}, {2, 0});
  with_value.value = -0.7;
  return {make_sample(with_value, {uniform_sample({2, 3}, 1)}, {0}),
          make_sample(margins<Pad>({0, 2, 1, 0}, {0, 1, 3, 0}, "replicate"), {uniform_sample({2, 3, 1, 2}, 2)}, {0}),
          make_sample(margins<Pad>({0, 2, 1, 0}, {0, 1, 3, 0}, "reflect"), {uniform_sample({2, 3, 4, 2}, 3)}, {0}),
          make_sample(margins<Pad>({1}, {1}), {integer_sample({3}, DType::int32, {5, 6, 7})}, {})};
}

std::vector<Sample> PadGradient::samples() {
  return {make_sample(margins<PadGradient>({0, 2}, {1, 1}, "replicate"), {uniform_sample({3, 4}, 1)}, {0}),
          make_sample(margins<PadGradient>({1, 2}, {0, 1}, "reflect"), {uniform_sample({4, 6}, 2)}, {0})};
}

std::vector<Sample> Crop::samples() {
  return {make_sample(margins<Crop>({0, 1, 0}, {1, 2, 0}), {uniform_sample({3, 4, 5}, 1)}, {0}),
          make_sample(margins<Crop>({2}, {0}), {integer_sample({3}, DType::uint8, {5, 6, 7})}, {})};
}

}  // namespace striate
