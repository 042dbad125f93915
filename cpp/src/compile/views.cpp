#include "compile/views.h"

#include "ops/lowering.h"

namespace striate {
namespace {

class Recorder final : public Lowering {
 public:
  explicit Recorder(const Node& node) : node_(node) {}
  int input_count() const override { return static_cast<int>(node_.inputs.size()); }
  const ValueType& input_type(int i) const override { return node_.inputs[i].type(); }
  const ValueType& output_type(int i) const override { return node_.types[i]; }
  BufferId input(int) override { return 0; }
  BufferId output(int) override { return 0; }
  BufferId temporary(int64_t) override { return 0; }
  void alias(int, int input) override { shown_ = input; }
  int shown() const { return shown_; }

 protected:
  KernelCall& emit(KernelCall call) override {
    call_ = std::move(call);
    return call_;
  }
  DType row_dtype() const override { return DType::float32; }

 private:
  const Node& node_;
  KernelCall call_;
  int shown_ = -1;
};

int64_t bytes_of(const ValueType& type) { return type.shape.elements() * dtype_bytes(type.dtype); }

}  // namespace

int Views::shown_input(const Node& node) {
  if (node.kind != NodeKind::op || node.types.size() != 1 || node.inputs.empty()) return -1;
  const auto [found, fresh] = seen_.try_emplace(&node, -1);
  if (!fresh) return found->second;
  if (bytes_of(node.inputs[0].type()) == bytes_of(node.types[0])) {
    Recorder recorder(node);
    node.op->lower(recorder);
    found->second = recorder.shown();
  }
  return found->second;
}

bool Views::is_view(const Node& node) { return shown_input(node) >= 0; }

Value Views::viewed(Value value) {
  for (int input = shown_input(*value.node()); input >= 0; input = shown_input(*value.node()))
    value = value.node()->inputs[input];
  return value;
}

}  // namespace striate
