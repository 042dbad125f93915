// The expression graph: immutable nodes, reachable from the values one holds; there is no graph container.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "striate/export.h"
#include "striate/tensor.h"

namespace striate {

class Node;
struct VariableState;

// What is known of a value before anything runs; sizes may be unknown.
struct ValueType {
  DType dtype = DType::float32;
  Shape shape;
  friend bool operator==(const ValueType&, const ValueType&) = default;
};

// One output of a node. Copies are handles on the same output. Building one (striate/ops.h) checks and infers types;
// what does not fit is an Error there, before anything runs.
class STRIATE_API Value {
 public:
  Value() = default;
  Value(std::shared_ptr<const Node> node, int index = 0) : node_(std::move(node)), index_(index) {}

  explicit operator bool() const { return node_ != nullptr; }
  const ValueType& type() const;
  DType dtype() const { return type().dtype; }
  const Shape& shape() const { return type().shape; }
  int rank() const { return shape().rank(); }

  const std::shared_ptr<const Node>& node() const { return node_; }
  int index() const { return index_; }
  friend bool operator==(const Value& a, const Value& b) { return a.node_ == b.node_ && a.index_ == b.index_; }

 private:
  std::shared_ptr<const Node> node_;
  int index_ = 0;
};

// A tensor that lives between runs: weights, optimizer slots, moving statistics, metric sums, the step number.
// Copies are handles on the same variable.
class STRIATE_API Variable {
 public:
  Variable() = default;
  Variable(std::string name, const Tensor& initial);

  explicit operator bool() const { return state_ != nullptr; }
  const std::string& name() const;
  DType dtype() const;
  const Shape& shape() const;
  Tensor read() const;  // a copy
  // Error(shape) or Error(type) if the tensor does not fit. Waits for runs that use the variable.
  void assign(const Tensor& value);
  uint64_t version() const;  // grows with every assignment and update
  Value value() const;       // the leaf that reads it: its value at the start of a run

  const std::shared_ptr<VariableState>& state() const { return state_; }
  explicit Variable(std::shared_ptr<VariableState> state) : state_(std::move(state)) {}
  friend bool operator==(const Variable& a, const Variable& b) { return a.state_ == b.state_; }

 private:
  std::shared_ptr<VariableState> state_;
};

// A leaf that a run is given. The name stands in errors.
STRIATE_API Value input(const std::string& name, DType dtype, const Shape& shape);
// A leaf that never changes.
STRIATE_API Value constant(const Tensor& value);

// d(sum of target)/d(wrt), a value of wrt's type for each, in order; zeros where target does not depend on it.
// Error(value), naming the op, where an op on the way has no gradient.
STRIATE_API std::vector<Value> gradients(const Value& target, const std::vector<Value>& wrt);

// Names for errors and profiles: while one lives, nodes built by this thread belong to `path` ("conv2d_1").
class STRIATE_API NameScope {
 public:
  explicit NameScope(const std::string& path);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;
};

// At the end of a run the variable takes the value. A value is computed from what the variables held at its start.
struct Update {
  Variable variable;
  Value value;
};

}  // namespace striate
