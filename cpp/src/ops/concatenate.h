// Joining values along an axis, and taking the parts back out.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

struct Concatenate : OpBase<Concatenate> {
  static constexpr std::string_view kName = "concatenate";
  int64_t axis = -1;
  void attributes(AttributeVisitor& visit) override { visit("axis", axis); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Inputs (joined, part 0, part 1, ...), of the parts the shapes alone; part `index` of the joined value.
struct ConcatenatePart : OpBase<ConcatenatePart> {
  static constexpr std::string_view kName = "concatenate_part";
  int64_t axis = -1;
  int64_t index = 0;
  void attributes(AttributeVisitor& visit) override {
    visit("axis", axis);
    visit("index", index);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  bool reads_only_shape(int input) const override { return input > 0; }
  static std::vector<Sample> samples();
};

}  // namespace striate
