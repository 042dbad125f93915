// What an op is, to a graph that knows none by name: attributes, type inference, a gradient, a lowering, a cost.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "striate/graph.h"

namespace striate {

class Lowering;  // ops/lowering.h

// Reads or writes an op's attributes by name: JSON both ways, printing.
class AttributeVisitor {
 public:
  virtual ~AttributeVisitor() = default;
  virtual void operator()(const char* name, bool& value) = 0;
  virtual void operator()(const char* name, int64_t& value) = 0;
  virtual void operator()(const char* name, uint64_t& value) = 0;
  virtual void operator()(const char* name, double& value) = 0;
  virtual void operator()(const char* name, std::string& value) = 0;
  virtual void operator()(const char* name, std::vector<int64_t>& value) = 0;
};

// Floating-point operations and bytes moved, for the profiler and for whether a program is worth a second thread.
struct Cost {
  double flops = 0, bytes = 0;
};

// What Op::gradient is given.
struct GradientArgs {
  const std::vector<Value>& inputs;
  const std::vector<Value>& outputs;
  const std::vector<Value>& output_gradients;  // null where nothing flows back
  const std::vector<bool>& needed;             // which inputs' gradients are asked for
};

class Op {
 public:
  virtual ~Op() = default;
  virtual std::string_view name() const = 0;
  virtual int64_t version() const { return 1; }  // grows when attributes or meaning change; stored in files
  virtual void attributes(AttributeVisitor& visit) = 0;

  // Types of the outputs; sizes may be unknown on either side. Throws where inputs do not fit. Called again with known
  // sizes when a program is compiled.
  virtual std::vector<ValueType> infer(const std::vector<ValueType>& inputs) const = 0;

  // One value per input (null: no gradient flows), built from ops. The default throws "has no gradient".
  virtual std::vector<Value> gradient(const GradientArgs& args) const;

  // Emits kernel calls; all sizes are known here.
  virtual void lower(Lowering& lowering) const = 0;

  virtual Cost cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const;

  // True for inputs of which the shape alone is read; they are not kept alive.
  virtual bool reads_only_shape(int input) const;
};

// Gives a struct its name: `struct Relu : OpBase<Relu> { static constexpr std::string_view kName = "relu"; ... }`.
template <class Derived>
struct OpBase : Op {
  std::string_view name() const override { return Derived::kName; }
  void attributes(AttributeVisitor&) override {}
};

// "stride=(2,2) padding=same", for dump() and as part of structural keys.
std::string attributes_text(const Op& op);

}  // namespace striate
