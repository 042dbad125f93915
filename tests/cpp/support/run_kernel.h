// Runs one kernel as the executor would, in a hostile setting: scratch, workspace and outputs start as NaN,
// every buffer has exactly its stated size inside guard bytes, and the items are run whole or one by one in
// reverse order, every third with fresh scratch. Inputs lie off any alignment but their element's.
#pragma once

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "kernels/isa.h"

namespace striate::test {

class GuardedBytes {
 public:
  explicit GuardedBytes(int64_t bytes) : size_(bytes), bytes_(new unsigned char[bytes + 3 * kGuard]) {
    std::memset(bytes_.get(), kFill, bytes + 3 * kGuard);
    if (bytes >= kLarge) shift_ = -reinterpret_cast<uintptr_t>(bytes_.get() + kGuard) & 63;
  }
  void* data() { return bytes_.get() + kGuard + shift_; }
  void poison() { std::memset(data(), kFill, size_); }  // 0xff: NaN in every float type
  bool guards_intact() const {
    for (int64_t i = 0; i < kGuard; ++i)
      if (bytes_[shift_ + i] != kFill || bytes_[shift_ + kGuard + size_ + i] != kFill) return false;
    return true;
  }

 private:
  static constexpr int64_t kGuard = 264;  // not a multiple of a vector, but of every element
  static constexpr unsigned char kFill = 0xff;
  // From here on aligned as the engine's memory is, so that kernels that write past the caches do.
  static constexpr int64_t kLarge = int64_t{8} << 20;
  int64_t size_, shift_ = 0;
  std::unique_ptr<unsigned char[]> bytes_;
};

enum class Split { whole, reversed_singles };

// inputs: in the family's order, empty for an absent one; returns the single output, which comes last.
template <class T>
std::vector<T> run_kernel(const Kernel& kernel, const void* shape, const std::vector<std::vector<T>>& inputs,
                          int64_t output_size, Split split) {
  const auto for_items = [&](int64_t items, auto&& run) {
    if (split == Split::whole) return run(int64_t{0}, items);
    for (int64_t i = items; i-- > 0;) run(i, i + 1);
  };
  std::vector<std::unique_ptr<T[]>> copies;
  std::vector<void*> buffers;
  for (const auto& input : inputs) {
    copies.emplace_back(new T[input.size()]);  // exactly sized, so that a sanitizer sees one element too many
    std::copy(input.begin(), input.end(), copies.back().get());
    buffers.push_back(input.empty() ? nullptr : copies.back().get());
  }
  GuardedBytes output(output_size * int64_t(sizeof(T)));
  buffers.push_back(output.data());

  GuardedBytes prepared(kernel.prepare ? kernel.prepare->bytes(shape) : 0);
  if (kernel.prepare) {
    for_items(kernel.prepare->items(shape), [&](int64_t begin, int64_t end) {
      kernel.prepare->run(shape, buffers[kernel.prepared_input], prepared.data(), begin, end);
    });
    buffers[kernel.prepared_input] = prepared.data();
  }
  GuardedBytes workspace(kernel.workspace ? kernel.workspace(shape) : 0);
  GuardedBytes scratch(kernel.scratch ? kernel.scratch(shape) : 0);
  for (int phase = 0; phase < kernel.phases; ++phase) {
    int calls = 0;
    for_items(kernel.items(shape, phase), [&](int64_t begin, int64_t end) {
      const bool fresh = calls++ % 3 == 0;  // as if every third item went to another thread
      if (fresh) scratch.poison();
      kernel.run(shape, {buffers.data(), workspace.data(), scratch.data(), fresh}, phase, begin, end);
    });
  }
  CHECK_MESSAGE(output.guards_intact(), "wrote past the output");
  CHECK_MESSAGE(prepared.guards_intact(), "wrote past the prepared input");
  CHECK_MESSAGE(workspace.guards_intact(), "wrote past the workspace");
  CHECK_MESSAGE(scratch.guards_intact(), "wrote past the scratch");
  std::vector<T> result(output_size);
  std::memcpy(result.data(), output.data(), output_size * sizeof(T));
  return result;
}

// Calls check(kernel, label) for every implementation of a function that can do the shape, on every ISA of this
// machine, with the element type of that ISA as check's template argument through a null pointer.
template <class Check>
void for_each_kernel(Family family, int function, const void* shape, Check&& check) {
  for (const Isa isa : kIsas) {
    if (!isa_available(isa)) continue;
    const KernelFunction& entry = kernel_table(family, isa).functions[function];
    int able = 0;
    for (int i = 0; i < entry.count; ++i) {
      const Kernel& kernel = entry.kernels[i];
      if (kernel.cost && kernel.cost(shape) < 0) continue;
      ++able;
      const std::string label = std::string(isa_name(isa)) + " " + entry.name + " " + kernel.name;
      if (isa == Isa::f64)
        check(kernel, label, static_cast<double*>(nullptr));
      else
        check(kernel, label, static_cast<float*>(nullptr));
    }
    CHECK_MESSAGE(able > 0, "no kernel can do this shape on ", isa_name(isa));
  }
}

// Small whole numbers: sums of up to 2^24 / 9 products of them are exact in float in any order, so kernels must
// agree to the bit with the reference, and a term too many or too few cannot hide in a tolerance.
inline std::vector<double> whole_numbers(int64_t count, uint64_t seed) {
  std::vector<double> values(count);
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (double& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = double(int64_t(state >> 33) % 7 - 3);
  }
  return values;
}

// Reals in [-1, 1], exact in float.
inline std::vector<double> reals(int64_t count, uint64_t seed) {
  std::vector<double> values(count);
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (double& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = double(int64_t(state >> 40)) / double(1 << 23) - 1;
  }
  return values;
}

template <class T>
std::vector<T> cast(const std::vector<double>& values) {
  return std::vector<T>(values.begin(), values.end());
}

}  // namespace striate::test
