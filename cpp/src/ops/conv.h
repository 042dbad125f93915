// Convolution (cross-correlation) over 1 to 3 spatial axes and its two gradients, a closed set under differentiation:
// ops over kernels/conv.h.
#pragma once

#include "graph/op.h"
#include "ops/fused.h"
#include "ops/sample.h"

namespace striate {

struct ConvShape;
struct NormalizedInput;
namespace ops {
struct ConvOptions;
}

// How the kernel lies on x; shared by the three ops. Empty vectors stand for 1 everywhere, or 0 for padding.
struct ConvAttributes {
  std::vector<int64_t> strides, dilations;
  std::string padding = "valid";  // "valid", "same" or "explicit" with pad_lo and pad_hi
  std::vector<int64_t> pad_lo, pad_hi;
  int64_t groups = 1;
  bool strict = false;

  void visit(AttributeVisitor& visit);
  // The type of y = conv(x, kernel), with all checks.
  ValueType infer_output(std::string_view op, const ValueType& x, const ValueType& kernel) const;
  // Without epilogue; false where there is nothing to compute.
  bool shape(std::string_view op, const Shape& x, const Shape& kernel, ConvShape& shape) const;
};

ConvAttributes attributes_of(const ops::ConvOptions& options);

// x an image, the kernel with as many axes, and x's channels those of the kernel's axis `c_in`, counted from its end.
// `axes`: the kernel's, for errors.
void check_conv_operands(std::string_view op, const ValueType& x, const ValueType& kernel, int c_in, const char* axes);

// An op with these attributes: the ops are each other's gradients.
template <class OpType>
OpType with_attributes(const ConvAttributes& attributes) {
  OpType op;
  static_cast<ConvAttributes&>(op) = attributes;
  return op;
}

// What a pointwise convolution or its input gradient reads is made within it by a normalization's line
// (BatchNormTrain::line, BatchNormGradient::line). Set by the compiler alone.
struct FusedNormalization {
  bool any = false, relu = false, signs = false;
  bool beside = false;  // there is a residual; in the gradient, the x that was normalized

  // Operands before the fused ones: (line, beside).
  int operand_count() const { return any + beside; }
  void visit(AttributeVisitor& visit);
  // What the op gives after its own result: what was made, of the type it would have been read as, and its signs.
  std::vector<ValueType> outputs(std::string_view op, const ValueType& made) const;
  NormalizedInput for_kernel() const;
  // What the call has beside a convolution's own; the op's operands are those from `first` on.
  void lower(Lowering& lowering, KernelCall& call, int first) const;
};

// Inputs (x, kernel), what makes x, then fused operands.
struct Conv : OpBase<Conv>, ConvAttributes {
  static constexpr std::string_view kName = "conv";
  FusedEpilogue fused;  // set by the compiler alone
  // So is this: x is max-pooled first, in windows of 3x3 around each pixel.
  bool pools_input = false;
  FusedNormalization normalized;

  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

// Inputs (gy, kernel, x_like), what makes gy, then fused operands.
struct ConvInputGradient : OpBase<ConvInputGradient>, ConvAttributes {
  static constexpr std::string_view kName = "conv_input_gradient";
  FusedEpilogue fused;  // set by the compiler alone
  FusedNormalization normalized;

  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  bool reads_only_shape(int input) const override { return input == 2; }
  // Whether some pixels meet no window, in a node of this op whose sizes are known.
  bool leaves_pixels(const Node& node) const;
  static std::vector<Sample> samples();
};

// Inputs (x, gy, kernel_like).
struct ConvKernelGradient : OpBase<ConvKernelGradient>, ConvAttributes {
  static constexpr std::string_view kName = "conv_kernel_gradient";
  void attributes(AttributeVisitor& visit) override { ConvAttributes::visit(visit); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  bool reads_only_shape(int input) const override { return input == 2; }
  static std::vector<Sample> samples();
};

}  // namespace striate
