// Dropout: op over kernels/dropout.h.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Inputs (x, rng), rng int64 (2): seed and step. Linear in x with a mask that is a function of (rng, stream) alone, so
// that the gradient is the op itself and no mask is kept.
struct Dropout : OpBase<Dropout> {
  static constexpr std::string_view kName = "dropout";
  double rate = 0;
  uint64_t stream = 0;
  void attributes(AttributeVisitor& visit) override {
    visit("rate", rate);
    visit("stream", stream);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
