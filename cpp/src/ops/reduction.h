// Reductions over any axes: ops over kernels/reduce.h.
#pragma once

#include "graph/op.h"
#include "kernels/reduce.h"
#include "ops/sample.h"

namespace striate {

// Input 0 reduced over the axes marked into output 0: one kernel call where they form one run of neighbours, else one a
// run, through temporaries. All but argmax may be taken in turns (means, because every group is equally large).
void lower_reduction(Lowering& lowering, ReduceFunction function, const std::vector<bool>& reduced);

// An empty list of axes means all.
template <class Derived>
struct Reduction : OpBase<Derived> {
  std::vector<int64_t> axes;
  bool keepdims = false;

  void attributes(AttributeVisitor& visit) override {
    visit("axes", axes);
    visit("keepdims", keepdims);
  }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;

 protected:
  Value with_reduced_axes(const Value& y, const Value& x) const;  // y with size 1 on the reduced axes of x
};

struct Sum : Reduction<Sum> {
  static constexpr std::string_view kName = "sum";
  static constexpr ReduceFunction kKernel = ReduceFunction::sum;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  static std::vector<Sample> samples();
};

struct Mean : Reduction<Mean> {
  static constexpr std::string_view kName = "mean";
  static constexpr ReduceFunction kKernel = ReduceFunction::mean;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  static std::vector<Sample> samples();
};

// The gradient of max and min is shared equally by ties.
struct Max : Reduction<Max> {
  static constexpr std::string_view kName = "max";
  static constexpr ReduceFunction kKernel = ReduceFunction::max;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  static std::vector<Sample> samples();
};

struct Min : Reduction<Min> {
  static constexpr std::string_view kName = "min";
  static constexpr ReduceFunction kKernel = ReduceFunction::min;
  std::vector<Value> gradient(const GradientArgs& args) const override;
  static std::vector<Sample> samples();
};

// The index of the first maximum, int64.
struct Argmax : OpBase<Argmax> {
  static constexpr std::string_view kName = "argmax";
  static constexpr bool kDifferentiable = false;
  int64_t axis = -1;

  void attributes(AttributeVisitor& visit) override { visit("axis", axis); }
  std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const override;
  std::vector<Value> gradient(const GradientArgs&) const override { return {Value()}; }
  void lower(Lowering& lowering) const override;
  Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const override;
  static std::vector<Sample> samples();
};

}  // namespace striate
