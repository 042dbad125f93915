// The transposed convolution, which is the input gradient of the convolution with the same kernel. All it adds is the
// size of its result, which the smaller side of a convolution does not tell.
#pragma once

#include "ops/conv.h"

namespace striate {

// Inputs (x, kernel): a value of the shape of conv_transpose(x, kernel), read for that shape alone. Of n cells,
// effective kernel E = d (F - 1) + 1 and stride S, with output_padding P < S:
//   valid     (n - 1) S + E + P; without P: n S + max(E - S, 0)
//   same      (n - 1) S + E mod 2 + P; without P: n S
//   explicit  (n - 1) S + E - lo - hi + P; without P: P = 0
struct ConvTransposeLike : OpBase<ConvTransposeLike>, ConvAttributes {
  static constexpr std::string_view kName = "conv_transpose_like";
  static constexpr bool kDifferentiable = false;
  std::vector<int64_t> output_padding;  // empty: without P

  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value(), Value()}; }
  void lower(Lowering& lowering) const override;
  bool reads_only_shape(int) const override { return true; }
  static std::vector<Sample> samples();
};

}  // namespace striate
