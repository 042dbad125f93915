// What happens to a tile of results before it is stored: y = activation(acc + bias + residual), kept where mask > 0, or
// pooled. Data, not variants: a micro-kernel leaves its accumulators in an L1 tile and one function per ISA
// (kernels/cpu/epilogue.h) finishes the tile.
#pragma once

#include <cstdint>

namespace striate {

enum class Activation : int { none, relu, sigmoid, tanh };
enum class Pooling : int { none, max, average };

// What signs come in: whole vectors and bytes on every ISA.
constexpr int64_t kSignChannels = 16;

// A step with an epilogue has the buffers (its two operands, bias, residual, mask, y); absent ones are null.
struct Epilogue {
  bool bias = false;  // (channels of y)
  Activation activation = Activation::none;
  bool residual = false;  // of y's shape; may be the same memory as y
  bool mask = false;      // of y's shape: where it is not > 0 the result is 0 (the gradient of a ReLU that gave mask);
                          // may be the same memory as y
  // Of a convolution's forward pass, without residual and mask: results are pooled over windows of 2x2 along h and w,
  // whose sizes are even; y has a quarter of the shape's outputs.
  Pooling pooling = Pooling::none;
  // Of a convolution's forward pass, without residual, mask and pooling: y is the channels from `first` on of memory
  // that has `whole` of them, as of a concatenation. 0: y is no part.
  struct Part {
    int64_t first = 0, whole = 0;
  };
  Part part = {};
  // Of a convolution: the mask is told as bits of its elements > 0, of element i bit i % 8 of byte i / 8. Channels are
  // whole runs of kSignChannels.
  bool signs = false;
  // Of an input gradient with residual and mask alone: the residual is masked by the same, so that elements no window
  // touches are the residual's.
  bool masked_residual = false;
};

}  // namespace striate
