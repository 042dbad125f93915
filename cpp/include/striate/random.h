// Random numbers as pure functions of their key: Philox4x32-10 (Salmon et al. 2011). The same bits in Python, C++,
// on any thread count and any ISA.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "striate/export.h"
#include "striate/tensor.h"

namespace striate {

// Four 32-bit draws for a 64-bit key and a 128-bit counter.
STRIATE_API std::array<uint32_t, 4> philox(uint64_t key, std::array<uint32_t, 4> counter);

// A stream's number from a text such as a layer's path (FNV-1a, 64 bits).
STRIATE_API uint64_t stream_id(std::string_view text);

// Element i is drawn from (seed, stream, i) alone.
STRIATE_API Tensor random_uniform(const Shape& shape, uint64_t seed, uint64_t stream, double low, double high,
                                  DType dtype = DType::float32);
// `truncated`: redrawn beyond two standard deviations, as Keras does (the result's deviation is 0.8796 of `stddev`).
STRIATE_API Tensor random_normal(const Shape& shape, uint64_t seed, uint64_t stream, double mean, double stddev,
                                 bool truncated = false, DType dtype = DType::float32);
// A permutation of [0, n), int64, keyed by (seed, epoch): the order in which fit visits the samples.
STRIATE_API Tensor permutation(int64_t n, uint64_t seed, uint64_t epoch);

}  // namespace striate
