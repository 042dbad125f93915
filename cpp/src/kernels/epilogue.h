// What happens to a tile of results before it is stored: y = activation(acc + bias).
// Data, not variants: a micro-kernel leaves its accumulators in an L1 tile and one function per ISA
// (kernels/cpu/epilogue.h) finishes the tile. Residual, mask, statistics and pooling take their place here.
#pragma once

namespace striate {

enum class Activation : int { none, relu, sigmoid, tanh };

struct Epilogue {
  bool bias = false;  // add bias[channel]; the family's header says which buffer holds it
  Activation activation = Activation::none;
};

}  // namespace striate
