// The passes, in the order compile() runs them. Each takes a graph and gives an equivalent one.
#pragma once

#include "compile/graph.h"
#include "compile/views.h"
#include "runtime/backend.h"

namespace striate {

// Gives inputs their concrete shapes and infers every type again; afterwards all sizes are known. Sizes become
// constants (size_of, count_like), reads of a shape alone become constants of no content.
Graph specialize(const Graph& graph, const std::vector<Shape>& input_shapes);

// Removes what does nothing at these sizes: sum_to_like and broadcast_like of equal shapes, reshapes to the same shape,
// casts to the same type, x * 1, x + 0, ...; computes arithmetic on constant scalars.
Graph remove_identities(const Graph& graph);

// Computes equal expressions once.
Graph share_common_expressions(const Graph& graph);

// cross_entropy(softmax(z)) and its gradient: the stable forms on logits.
Graph fuse_softmax_loss(const Graph& graph);

// In training, batch normalization + residual + ReLU as one step, and the gradient of the ReLU within the
// normalization's.
Graph fuse_batch_norm(const Graph& graph);

// The gradients of ReLUs before max poolings and concatenations, computed after them (on the way back: before).
Graph move_relu_gradients(const Graph& graph);

// conv, its input gradient or matmul + bias + residual + activation, or masked by a ReLU's gradient, as one step, where
// the backend claims it; a convolution also with the 2x2 pooling of its result.
Graph fuse_epilogues(const Graph& graph, const Backend& backend);

// batch_norm_infer(conv(x, w) + b): scales the kernel and shifts the bias, which depend on variables alone and so are
// prepared once. After fuse_epilogues, so that the bias is the convolution's own; which runs again for what follows.
Graph fold_batch_norm(const Graph& graph);

// A masked sum of two input gradients, of which one reaches some pixels only (1x1 in steps of 2): the other is masked,
// too, so that the first need not touch the rest. ResNet-50's step, 16 images, moves 135 MB less.
Graph mask_residuals(const Graph& graph);

// Input gradients masked by what a normalization's ReLU gave are masked by its signs, which the normalization then
// leaves, too: ResNet-50's step, 16 images, reads 353 MB less.
Graph pack_masks(const Graph& graph);

// In training, a 1x1 convolution that reads a batch normalization, and the input gradient of one that reads a
// normalization's gradient, make what they read from the statistics. After pack_masks.
Graph fuse_normalized_inputs(const Graph& graph, const Backend& backend);

// A 1x1 convolution that alone reads a max pooling in windows of 3x3 around each pixel, as one step.
Graph fuse_input_pooling(const Graph& graph, const Backend& backend);

// momentum_update of a weight by a product over a small batch: the product is not kept.
Graph fuse_updates(const Graph& graph);

// Copies what an output or update could not own: leaves, and values that two of them share.
Graph materialize_roots(const Graph& graph, Views& views);

}  // namespace striate
