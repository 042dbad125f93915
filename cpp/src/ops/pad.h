// Padding and cropping, each one's gradient the other's kind.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Cells before and after, one of each per axis of x.
template <class Derived>
struct Margins : OpBase<Derived> {
  std::vector<int64_t> lo, hi;
  void attributes(AttributeVisitor& visit) override {
    visit("lo", lo);
    visit("hi", hi);
  }
};

struct Pad : Margins<Pad> {
  static constexpr std::string_view kName = "pad";
  std::string mode = "constant";  // or "replicate" (the edge), "reflect" (mirrored about the edge, not repeating it)
  double value = 0;
  void attributes(AttributeVisitor& visit) override {
    Margins::attributes(visit);
    visit("mode", mode);
    visit("value", value);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Input gy; each element added to the one it was copied from. Of modes "replicate" and "reflect" alone; what a constant
// was padded with is cropped instead.
struct PadGradient : Margins<PadGradient> {
  static constexpr std::string_view kName = "pad_gradient";
  std::string mode = "replicate";
  void attributes(AttributeVisitor& visit) override {
    Margins::attributes(visit);
    visit("mode", mode);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

struct Crop : Margins<Crop> {
  static constexpr std::string_view kName = "crop";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
