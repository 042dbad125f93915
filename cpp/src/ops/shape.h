// The same elements in another shape or order, and values made of sizes alone.
#pragma once

#include "graph/op.h"
#include "ops/sample.h"

namespace striate {

// Sizes in `shape`: one -1 (what is left), 0 (the size x has on that axis).
struct Reshape : OpBase<Reshape> {
  static constexpr std::string_view kName = "reshape";
  std::vector<int64_t> shape;
  void attributes(AttributeVisitor& visit) override { visit("shape", shape); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Inputs (x, like).
struct ReshapeLike : OpBase<ReshapeLike> {
  static constexpr std::string_view kName = "reshape_like";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  bool reads_only_shape(int input) const override { return input == 1; }
  static std::vector<Sample> samples();
};

// Axes of size 1 put in, so that the result has them at these places (counted in the result, not negative).
struct ExpandDims : OpBase<ExpandDims> {
  static constexpr std::string_view kName = "expand_dims";
  std::vector<int64_t> axes;
  void attributes(AttributeVisitor& visit) override { visit("axes", axes); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};
Value expand_dims(const Value& x, const std::vector<int64_t>& axes);

// Axis i of the result is axis axes[i] of x.
struct Transpose : OpBase<Transpose> {
  static constexpr std::string_view kName = "transpose";
  std::vector<int64_t> axes;
  void attributes(AttributeVisitor& visit) override { visit("axes", axes); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// Values that depend on the shape of x alone; the compiler folds them to constants.
template <class Derived>
struct ShapeReader : OpBase<Derived> {
  static constexpr bool kDifferentiable = false;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value()}; }
  bool reads_only_shape(int) const override { return true; }
};

// A scalar: the size of one axis.
struct SizeOf : ShapeReader<SizeOf> {
  static constexpr std::string_view kName = "size_of";
  int64_t axis = 0;
  DType dtype = DType::float32;
  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

// A scalar: the number of elements.
struct CountLike : ShapeReader<CountLike> {
  static constexpr std::string_view kName = "count_like";
  DType dtype = DType::float32;
  void attributes(AttributeVisitor& visit) override;
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

struct ZerosLike : ShapeReader<ZerosLike> {
  static constexpr std::string_view kName = "zeros_like";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

struct OnesLike : ShapeReader<OnesLike> {
  static constexpr std::string_view kName = "ones_like";
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
