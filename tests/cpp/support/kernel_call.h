// Runs kernels of any number and type of outputs as run_kernel.h does for one: between guard bytes, on memory that
// starts as NaN, whole and item by item backwards (the same bits), and in place where the contract allows it.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "support/run_kernel.h"

namespace striate::test {

// Elements of any type as bytes.
using Bytes = std::vector<unsigned char>;

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
template <class T>
std::vector<T> values_of(const Bytes& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}
// Values of the row's type, given in double.
template <class T>
Bytes reals_as(const std::vector<double>& values) {
  return bytes_of(cast<T>(values));
}

// (output, input) pairs that share memory.
using InPlace = std::vector<std::pair<size_t, size_t>>;

inline std::vector<Bytes> call_once(const Kernel& kernel, const void* shape, const std::vector<Bytes>& inputs,
                                    const std::vector<int64_t>& output_bytes, Split split, const InPlace& in_place) {
  std::vector<std::unique_ptr<GuardedBytes>> guarded;
  std::vector<void*> buffers;
  for (const Bytes& input : inputs) {
    guarded.push_back(std::make_unique<GuardedBytes>(int64_t(input.size())));
    if (!input.empty()) std::memcpy(guarded.back()->data(), input.data(), input.size());
    buffers.push_back(guarded.back()->data());
  }
  for (size_t i = 0; i < output_bytes.size(); ++i) {
    guarded.push_back(std::make_unique<GuardedBytes>(output_bytes[i]));
    buffers.push_back(guarded.back()->data());
  }
  for (const auto& [output, input] : in_place) buffers[inputs.size() + output] = buffers[input];
  GuardedBytes prepared(kernel.prepare ? kernel.prepare->bytes(shape) : 0);
  if (kernel.prepare) {
    kernel.prepare->run(shape, buffers[kernel.prepared_input], prepared.data(), 0, kernel.prepare->items(shape));
    buffers[kernel.prepared_input] = prepared.data();
  }
  GuardedBytes workspace(kernel.workspace ? kernel.workspace(shape) : 0);
  GuardedBytes scratch(kernel.scratch ? kernel.scratch(shape) : 0);
  KernelArgs args{buffers.data(), workspace.data(), scratch.data()};
  for (int phase = 0; phase < kernel.phases; ++phase) {
    const int64_t items = kernel.items(shape, phase);
    if (split == Split::whole) kernel.run(shape, args, phase, 0, items);
    for (int64_t i = items; split == Split::reversed_singles && i-- > 0;) {
      args.fresh = (items - 1 - i) % 3 == 0;  // as if every third item went to another thread
      if (args.fresh) scratch.poison();
      kernel.run(shape, args, phase, i, i + 1);
    }
  }
  for (const auto& g : guarded) CHECK_MESSAGE(g->guards_intact(), "wrote past a buffer");
  CHECK_MESSAGE(workspace.guards_intact(), "wrote past the workspace");
  CHECK_MESSAGE(scratch.guards_intact(), "wrote past the scratch");
  std::vector<Bytes> outputs;
  for (size_t i = 0; i < output_bytes.size(); ++i) {
    const auto* p = static_cast<const unsigned char*>(buffers[inputs.size() + i]);
    outputs.emplace_back(p, p + output_bytes[i]);
  }
  return outputs;
}

// The outputs, after checking that neither the split of the items nor sharing memory changes a bit.
inline std::vector<Bytes> call(const Kernel& kernel, const void* shape, const std::vector<Bytes>& inputs,
                               const std::vector<int64_t>& output_bytes, const InPlace& in_place = {}) {
  const auto outputs = call_once(kernel, shape, inputs, output_bytes, Split::whole, {});
  CHECK_MESSAGE(outputs == call_once(kernel, shape, inputs, output_bytes, Split::reversed_singles, {}),
                "bits depend on the split");
  for (const auto& pair : in_place)
    CHECK_MESSAGE(outputs == call_once(kernel, shape, inputs, output_bytes, Split::reversed_singles, {pair}),
                  "bits depend on working in place");
  if (in_place.size() > 1)
    CHECK_MESSAGE(outputs == call_once(kernel, shape, inputs, output_bytes, Split::whole, in_place),
                  "bits depend on working in place");
  return outputs;
}

template <class T>
using TypeOf = std::remove_pointer_t<T>;

// Every value is within bound(i) of the wanted one; NaN only where NaN is wanted, infinities equal.
template <class T, class Bound>
void check_close(const std::vector<T>& got, const std::vector<double>& want, Bound bound) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const double g = double(got[i]), w = want[i];
    if ((std::isnan(w) && std::isnan(g)) || g == w) continue;
    if (std::abs(g - w) <= bound(i)) continue;
    FAIL_CHECK("element ", i, " of ", got.size(), ": got ", g, ", want ", w, ", off by ", std::abs(g - w), ", allowed ",
               bound(i));
    return;
  }
}
template <class T>
void check_equal(const std::vector<T>& got, const std::vector<double>& want) {
  check_close(got, want, [](size_t) { return 0.0; });
}

template <class T>
double epsilon() {
  return double(std::numeric_limits<T>::epsilon());
}

// Channel counts around every vector width, and none of them alone.
inline const std::vector<int64_t> kChannels = {1, 3, 6, 7, 8, 15, 16, 17, 20, 31, 33, 64};

inline const double kNaN = std::numeric_limits<double>::quiet_NaN();
inline const double kInf = std::numeric_limits<double>::infinity();

}  // namespace striate::test
