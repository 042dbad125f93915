// What happens to a tile of results before it is stored: y = activation(acc + bias + residual), kept where mask > 0.
// Data, not variants: a micro-kernel leaves its accumulators in an L1 tile and one function per ISA
// (kernels/cpu/epilogue.h) finishes the tile. Statistics and pooling take their place here.
#pragma once

namespace striate {

enum class Activation : int { none, relu, sigmoid, tanh };

// A step with an epilogue has the buffers (its two operands, bias, residual, mask, y); absent ones are null.
struct Epilogue {
  bool bias = false;  // (channels of y)
  Activation activation = Activation::none;
  bool residual = false;  // of y's shape; may be the same memory as y
  bool mask = false;      // of y's shape: where it is not > 0 the result is 0 (the gradient of a ReLU that gave mask);
                          // may be the same memory as y
};

}  // namespace striate
