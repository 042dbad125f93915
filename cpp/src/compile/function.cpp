#include "striate/function.h"

#include <list>
#include <mutex>
#include <unordered_set>

#include "compile/compile.h"
#include "core/check.h"
#include "striate/device.h"

namespace striate {
namespace {

// Programs kept per function: a training batch, its short last one, and a few sizes of prediction.
constexpr size_t kProgramsKept = 8;

// A second update of a variable reads the first one's result where it alone reads the variable; what it shares with
// outputs and other updates (the forward pass) still sees the value at the start of the run.
void chain_updates(Graph& graph) {
  std::unordered_map<const VariableState*, size_t> last;
  std::vector<bool> superseded(graph.updates.size());
  for (size_t i = 0; i < graph.updates.size(); ++i) {
    const auto [found, fresh] = last.try_emplace(graph.updates[i].variable.state().get(), i);
    if (fresh) continue;
    std::vector<Value> others = graph.outputs;
    for (size_t k = 0; k < graph.updates.size(); ++k)
      if (k != i) others.push_back(graph.updates[k].value);
    std::unordered_set<const Node*> shared;
    for (const auto& node : topological_order(others)) shared.insert(node.get());
    const Value before = graph.updates[found->second].value;
    const VariableState* variable = found->first;
    Graph own;
    own.outputs = {graph.updates[i].value};
    own = rewrite(own, [&](const Node& node, const std::vector<Value>& inputs) -> std::vector<Value> {
      if (node.kind != NodeKind::op || shared.count(&node)) return {};
      std::vector<Value> chained = inputs;
      bool changed = false;
      for (Value& value : chained)
        if (value.node()->kind == NodeKind::variable && value.node()->variable.get() == variable) {
          value = before;
          changed = true;
        }
      if (!changed) return {};
      return outputs_of(make_node(node.op, std::move(chained)));
    });
    graph.updates[i].value = own.outputs[0];
    superseded[found->second] = true;
    found->second = i;
  }
  std::vector<Update> kept;
  for (size_t i = 0; i < graph.updates.size(); ++i)
    if (!superseded[i]) kept.push_back(graph.updates[i]);
  graph.updates = std::move(kept);
}

}  // namespace

struct Function::Impl {
  std::string name;
  Graph graph;                  // updates chained
  std::vector<Update> updates;  // as given
  Workspace workspace;
  std::mutex mutex;
  struct Compiled {
    std::vector<Shape> shapes;
    bool winograd;  // the setting under which kernels were chosen
    int threads;    // that were counted on, where there is a limit: each has its scratch memory
    std::shared_ptr<const Program> program;
  };
  std::list<Compiled> programs;  // last used first
  bool profiling = false;
  int64_t max_memory = 0;

  std::shared_ptr<const Program> program(const std::vector<Shape>& shapes) {
    std::lock_guard lock(mutex);
    const bool allowed = winograd();
    const int threads = max_memory > 0 ? num_threads() : 0;
    for (auto it = programs.begin(); it != programs.end(); ++it)
      if (it->winograd == allowed && it->threads == threads && it->shapes == shapes) {
        if (it != programs.begin()) programs.splice(programs.begin(), programs, it);
        return it->program;
      }
    auto program = compile(name, graph, shapes, workspace.impl(), max_memory);
    program->set_profiling(profiling);
    programs.push_front({shapes, allowed, threads, program});
    if (programs.size() > kProgramsKept) programs.pop_back();
    return program;
  }

  void check_shape(size_t i, const Shape& shape) const {
    const Node& node = *graph.inputs[i].node();
    STRIATE_CHECK(compatible(shape, node.types[0].shape) && shape.known(), shape, name, "input '", node.name,
                  "' takes shape ", node.types[0].shape.text(), ", received ", shape.text());
    STRIATE_CHECK(shape.elements() > 0, shape, name, "input '", node.name, "' is empty: shape ", shape.text(),
                  ". Every size must be at least 1.");
  }
  void check_count(size_t received) const {
    STRIATE_CHECK(received == graph.inputs.size(), value, name, "takes ", graph.inputs.size(), " inputs, received ",
                  received);
  }
};

Function::Function(std::string name, std::vector<Value> inputs, std::vector<Value> outputs, std::vector<Update> updates,
                   const Workspace& workspace)
    : impl_(std::make_shared<Impl>()) {
  impl_->name = std::move(name);
  impl_->updates = updates;
  impl_->workspace = workspace;
  impl_->graph = {std::move(inputs), std::move(outputs), std::move(updates)};
  std::unordered_set<const Node*> listed;
  for (const Value& value : impl_->graph.inputs) {
    STRIATE_CHECK(value && value.node()->kind == NodeKind::input, value, impl_->name, "inputs must be made by input()");
    STRIATE_CHECK(listed.insert(value.node().get()).second, value, impl_->name, "input '", value.node()->name,
                  "' is listed twice");
  }
  for (const Value& value : impl_->graph.outputs)
    STRIATE_CHECK(value, value, impl_->name, "an output is an empty Value");
  for (const Update& update : impl_->graph.updates) {
    STRIATE_CHECK(update.variable && update.value, value, impl_->name, "an update lacks its variable or its value");
    const ValueType& type = update.value.type();
    STRIATE_CHECK(type.dtype == update.variable.dtype(), type, impl_->name, "the update of '", update.variable.name(),
                  "' is ", dtype_name(type.dtype), ", the variable holds ", dtype_name(update.variable.dtype()));
    STRIATE_CHECK(compatible(type.shape, update.variable.shape()), shape, impl_->name, "the update of '",
                  update.variable.name(), "' has shape ", type.shape.text(), ", the variable ",
                  update.variable.shape().text());
  }
  for (const auto& node : topological_order(impl_->graph.roots()))
    STRIATE_CHECK(node->kind != NodeKind::input || listed.count(node.get()), value, impl_->name,
                  "a value depends on input '", node->name, "', which is not among the function's inputs");
  chain_updates(impl_->graph);
}

Function::Impl& Function::impl() const {
  STRIATE_CHECK(impl_, value, "function", "this Function is empty. Give it inputs and outputs, or assign one to it.");
  return *impl_;
}

std::vector<Tensor> Function::run(const std::vector<Tensor>& inputs) const {
  Impl& impl = this->impl();
  impl.check_count(inputs.size());
  std::vector<Shape> shapes;
  shapes.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Node& node = *impl.graph.inputs[i].node();
    STRIATE_CHECK(inputs[i].dtype() == node.types[0].dtype, type, impl.name, "input '", node.name, "' takes ",
                  dtype_name(node.types[0].dtype), ", received ", dtype_name(inputs[i].dtype()), ". Use cast() first.");
    impl.check_shape(i, inputs[i].shape());
    shapes.push_back(inputs[i].shape());
  }
  return impl.program(shapes)->run(inputs);
}

MemoryReport Function::memory(const std::vector<Shape>& shapes) const {
  impl().check_count(shapes.size());
  for (size_t i = 0; i < shapes.size(); ++i) impl().check_shape(i, shapes[i]);
  return impl().program(shapes)->memory();
}

std::string Function::dump(const std::vector<Shape>& shapes) const {
  impl().check_count(shapes.size());
  for (size_t i = 0; i < shapes.size(); ++i) impl().check_shape(i, shapes[i]);
  return impl().program(shapes)->dump();
}

void Function::set_profiling(bool on) const {
  std::lock_guard lock(impl().mutex);
  impl().profiling = on;
  for (const auto& entry : impl().programs) entry.program->set_profiling(on);
}

void Function::set_max_memory(int64_t bytes) const {
  STRIATE_CHECK(bytes >= 0, value, impl().name, "max_memory=", bytes,
                " is negative. Give a number of bytes, or 0 for no limit.");
  std::lock_guard lock(impl().mutex);
  if (bytes == impl().max_memory) return;
  impl().max_memory = bytes;
  impl().programs.clear();
}

int64_t Function::max_memory() const {
  std::lock_guard lock(impl().mutex);
  return impl().max_memory;
}

std::vector<StepProfile> Function::profile() const {
  std::lock_guard lock(impl().mutex);
  return impl().programs.empty() ? std::vector<StepProfile>() : impl().programs.front().program->profile();
}

const std::string& Function::name() const { return impl().name; }
const std::vector<Value>& Function::inputs() const { return impl().graph.inputs; }
const std::vector<Value>& Function::outputs() const { return impl().graph.outputs; }
const std::vector<Update>& Function::updates() const { return impl().updates; }

}  // namespace striate
