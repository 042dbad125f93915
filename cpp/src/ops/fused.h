// What the compiler may fuse onto a product or a convolution: a bias as input 2 and an activation. Graphs as users
// build them have neither.
#pragma once

#include <string>
#include <string_view>

#include "graph/op.h"
#include "kernels/epilogue.h"

namespace striate {

// Of "none", "relu", "sigmoid" or "tanh". Error(value) for others.
Activation activation_from_name(std::string_view op, const std::string& name);

// Checks of the activation and, where there is an input 2, of a bias of `c` elements.
void check_epilogue(std::string_view op, const std::vector<ValueType>& inputs, const std::string& activation,
                    int64_t c);

// Fusion comes after the gradients were built, so a fused op has none. Error(value).
void check_unfused(std::string_view op, const GradientArgs& args, const std::string& activation);

}  // namespace striate
