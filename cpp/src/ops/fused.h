// What the compiler may fuse onto a product, a convolution or its input gradient: y = activation(result + bias +
// residual), kept where mask > 0, or pooled. Operands follow the op's own inputs in that order. Graphs as users build
// them have none of it.
#pragma once

#include <string>
#include <string_view>

#include "graph/op.h"
#include "kernels/epilogue.h"
#include "ops/lowering.h"

namespace striate {

struct FusedEpilogue {
  std::string activation = "none";  // or "relu", "sigmoid", "tanh"
  bool bias = false;                // (c)
  bool residual = false;            // of y's shape
  bool mask = false;                // of y's shape: where it is not > 0, y is 0
  bool signs = false;               // the mask is (y's elements / 8) uint8: their signs, see Epilogue::signs
  bool masked_residual = false;     // see Epilogue
  std::string pooling = "none";     // or "max", "average": of a convolution (n, h, w, c), windows of 2x2

  bool operands() const { return bias || residual || mask; }
  int operand_count() const { return bias + residual + mask; }
  bool any() const { return activation != "none" || operands() || pooling != "none"; }
  // Operands are told only where there are some, which no file has: files hold graphs as they were traced.
  void visit(AttributeVisitor& visit);

  // For an op with `own` inputs: checks the activation, and the operands against y. Error(value) or Error(shape).
  void check(std::string_view op, const std::vector<ValueType>& inputs, size_t own, const ValueType& y) const;
  // The type of the result once it is pooled.
  ValueType pooled(const ValueType& y) const;
  // Fusion comes after the gradients were built, so a fused op has none. Error(value).
  void check_unfused(std::string_view op) const;
  // What the kernel is told, and the call (a, b, bias, residual, mask) -> y it stands in.
  Epilogue epilogue(std::string_view op) const;
  template <class Shape, class Function>
  KernelCall& call(Lowering& lowering, Family family, Function function, const Shape& shape, int own) const {
    std::vector<BufferId> inputs = {lowering.input(0), lowering.input(1)};
    for (bool present : {bias, residual, mask}) inputs.push_back(present ? lowering.input(own++) : kNoBuffer);
    auto& call = lowering.call(family, function, shape, std::move(inputs), {lowering.output(0)});
    call.in_place = {{3, 0}};
    if (!signs) call.in_place.push_back({4, 0});
    return call;
  }
};

}  // namespace striate
