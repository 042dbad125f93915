// Inverted dropout: y[i] = keep(i) ? x[i] / (1 - rate) : 0. keep(i) is a pure function of (seed, step, stream, i):
// Philox4x32-10 with key = seed, counter = (i / 4, step, stream), lane i % 4, kept when the 32-bit draw >= rate * 2^32.
// The same bits on every ISA, for any split of the items. Its gradient is itself.
#pragma once

#include "kernels/isa.h"

namespace striate {

struct DropoutShape {
  int64_t n;
  double rate;      // in [0, 1)
  uint64_t stream;  // which dropout of the traced function: a hash of layer path and call number
};

// buffers (x, rng, y): rng is int64[2] = (seed, step). y may be x.
enum class DropoutFunction : int { apply };

}  // namespace striate

STRIATE_DECLARE_TABLE(dropout)
