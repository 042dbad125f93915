#include "compile/lower.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "compile/copy.h"
#include "compile/place_parts.h"
#include "core/check.h"

namespace striate {
namespace {

class Builder {
 public:
  Builder(const Graph& graph, const Schedule& schedule, Views& views, const Backend& backend)
      : graph_(graph),
        schedule_(schedule),
        views_(views),
        backend_(backend),
        placed_(place_parts(graph, schedule, views, backend)) {}

  Lowered build() {
    for (size_t i = 0; i < graph_.inputs.size(); ++i)
      leaf(graph_.inputs[i], BufferKind::input, static_cast<int64_t>(i));
    for (const Update& update : graph_.updates) result_.updated[variable_index(update.variable.state())] = true;
    for (size_t i = 0; i < graph_.outputs.size(); ++i)
      leaf(views_.viewed(graph_.outputs[i]), BufferKind::output, static_cast<int64_t>(i));
    for (size_t i = 0; i < graph_.updates.size(); ++i)
      if (schedule_.in_place[i])
        bind(views_.viewed(graph_.updates[i].value), variable_buffer(graph_.updates[i].variable.state()));

    steps_ = &result_.prepare;
    for (const auto& node : schedule_.prepare) lower_node(node);
    steps_ = &result_.steps;
    for (const auto& node : schedule_.run) lower_node(node);
    for (size_t i = 0; i < graph_.updates.size(); ++i)
      if (!schedule_.in_place[i])
        commit(buffer_of(graph_.updates[i].value), variable_buffer(graph_.updates[i].variable.state()));
    for (const auto& [from, to] : late_commits_) commit(from, to);
    settle_prepared();
    return std::move(result_);
  }

  // --- what NodeLowering asks for ---
  BufferId buffer_of(const Value& value) {
    const auto found = places_.find({value.node().get(), value.index()});
    if (found != places_.end()) return found->second;
    const Node& node = *value.node();
    BufferId id = kNoBuffer;
    if (const PlacedPart* part = placed(value)) {
      id = buffer_of(part->whole);
    } else if (node.kind == NodeKind::variable) {
      id = variable_buffer(node.variable);
    } else if (node.kind == NodeKind::constant) {
      id = add({value.type().shape.elements() * dtype_bytes(value.dtype()),
                BufferKind::constant,
                static_cast<int64_t>(result_.constants.size()),
                constant_key(node.constant),
                {}});
      result_.constants.push_back(node.constant);
    } else {
      STRIATE_CHECK(node.kind == NodeKind::op, value, "compile", "a value depends on input '", node.name,
                    "', which is not among the function's inputs");
      id = add({value.type().shape.elements() * dtype_bytes(value.dtype()), BufferKind::arena, 0, {}, {}});
    }
    bind(value, id);
    return id;
  }
  void bind(const Value& value, BufferId id) { places_[{value.node().get(), value.index()}] = id; }
  // Null where a value has memory of its own.
  const PlacedPart* placed(const Value& value) const {
    const auto found = placed_.find(value.node().get());
    return found == placed_.end() ? nullptr : &found->second;
  }
  bool bound(const Value& value) const { return places_.count({value.node().get(), value.index()}) != 0; }
  BufferId add(LoweredBuffer buffer) {
    result_.buffers.push_back(std::move(buffer));
    return static_cast<BufferId>(result_.buffers.size()) - 1;
  }

 private:
  void lower_node(const std::shared_ptr<const Node>& node);
  void emit(const Node& node, KernelCall call, Cost cost);

  void leaf(const Value& value, BufferKind kind, int64_t place) {
    bind(value, add({value.type().shape.elements() * dtype_bytes(value.dtype()), kind, place, {}, {}}));
  }

  int64_t variable_index(const std::shared_ptr<VariableState>& state) {
    const auto [found, fresh] = variables_.try_emplace(state.get(), static_cast<int64_t>(result_.variables.size()));
    if (fresh) {
      result_.variables.push_back(state);
      result_.updated.push_back(false);
      variable_buffers_.push_back(add({state->tensor.bytes(),
                                       BufferKind::variable,
                                       found->second,
                                       "v" + std::to_string(reinterpret_cast<uintptr_t>(state.get())),
                                       {state}}));
    }
    return found->second;
  }
  BufferId variable_buffer(const std::shared_ptr<VariableState>& state) {
    return variable_buffers_[variable_index(state)];
  }

  static std::string constant_key(const Tensor& tensor) {
    // Small constants are the same where their bytes are; large ones where their memory is (which the program keeps).
    std::string key = "c" + std::string(dtype_name(tensor.dtype())) + tensor.shape().text();
    if (tensor.bytes() <= 256) return key + std::string(static_cast<const char*>(tensor.data()), tensor.bytes());
    return key + "@" + std::to_string(reinterpret_cast<uintptr_t>(tensor.data()));
  }

  bool is_static(BufferId id) const {
    const LoweredBuffer& buffer = result_.buffers[id];
    if (buffer.kind == BufferKind::variable) return !result_.updated[buffer.place];
    if (buffer.kind == BufferKind::constant) return true;
    return prepared_.count(id) != 0;
  }

  // Names what a prepare step makes after what it is made of.
  void identify(BufferId made, const std::string& how, const std::vector<BufferId>& from, int index) {
    LoweredBuffer& buffer = result_.buffers[made];
    // A buffer written by several calls (a fill, then parts) is all of them.
    buffer.key += how + "#" + std::to_string(index) + "(";
    for (BufferId id : from) {
      if (id == kNoBuffer) continue;
      buffer.key += std::to_string(result_.buffers[id].key.size()) + ":" + result_.buffers[id].key + ",";
      for (const auto& source : result_.buffers[id].sources)
        if (std::find(buffer.sources.begin(), buffer.sources.end(), source) == buffer.sources.end())
          buffer.sources.push_back(source);
    }
    buffer.key += ")";
    prepared_.insert(made);
  }

  void commit(BufferId from, BufferId to) {
    const int64_t bytes = result_.buffers[to].bytes;
    const int element_bytes = bytes % 4 == 0 ? 4 : 1;
    CopyShape shape = copy_of_run(bytes / element_bytes, element_bytes);
    KernelCall call;
    call.family = Family::layout;
    call.function = static_cast<int>(LayoutFunction::copy);
    call.shape.assign(reinterpret_cast<unsigned char*>(&shape), reinterpret_cast<unsigned char*>(&shape + 1));
    call.inputs = {from};
    call.outputs = {to};
    LoweredStep step;
    step.plan = backend_.plan(call);
    step.inputs = call.inputs;
    step.outputs = call.outputs;
    step.op = "commit";
    step.cost.bytes = 2.0 * static_cast<double>(bytes);
    result_.steps.push_back(std::move(step));
  }

  // Prepared buffers that main steps read outlive runs; the others live in the arena while preparing.
  void settle_prepared() {
    for (const LoweredStep& step : result_.steps)
      for (BufferId id : step.inputs)
        if (id != kNoBuffer && prepared_.count(id)) result_.buffers[id].kind = BufferKind::prepared;
  }

  const Graph& graph_;
  const Schedule& schedule_;
  Views& views_;
  const Backend& backend_;
  const PlacedParts placed_;
  Lowered result_;
  std::vector<LoweredStep>* steps_ = nullptr;
  std::map<std::pair<const Node*, int>, BufferId> places_;
  std::unordered_map<const VariableState*, int64_t> variables_;
  std::vector<BufferId> variable_buffers_;
  std::unordered_set<BufferId> prepared_;        // made by prepare steps
  std::map<std::string, BufferId> transformed_;  // prepared inputs of this program, by key
  std::vector<std::pair<BufferId, BufferId>> late_commits_;
};

// One node's calls.
class NodeLowering final : public Lowering {
 public:
  NodeLowering(Builder& builder, const std::shared_ptr<const Node>& node) : builder_(builder), node_(node) {}

  int input_count() const override { return static_cast<int>(node_->inputs.size()); }
  const ValueType& input_type(int i) const override { return node_->inputs[i].type(); }
  const ValueType& output_type(int i) const override { return node_->types[i]; }
  BufferId input(int i) override { return builder_.buffer_of(node_->inputs[i]); }
  BufferId output(int i) override { return builder_.buffer_of(Value(node_, i)); }
  BufferId temporary(int64_t bytes) override { return builder_.add({bytes, BufferKind::arena, 0, {}, {}}); }
  void alias(int output, int input) override {
    const Value made(node_, output);
    if (!builder_.bound(made)) builder_.bind(made, this->input(input));
  }

  Epilogue::Part part(int i) const override {
    const PlacedPart* placed = builder_.placed(Value(node_, i));
    return placed ? placed->part : Epilogue::Part{};
  }
  bool is_placed(int i) const override {
    const PlacedPart* placed = builder_.placed(node_->inputs[i]);
    return placed && placed->whole.node() == node_;
  }

  std::deque<KernelCall> calls;  // emit() hands out references

 protected:
  KernelCall& emit(KernelCall call) override {
    calls.push_back(std::move(call));
    return calls.back();
  }
  DType row_dtype() const override {
    for (const ValueType& type : node_->types)
      if (is_floating(type.dtype)) return type.dtype;
    for (const Value& value : node_->inputs)
      if (is_floating(value.dtype())) return value.dtype();
    return DType::float32;
  }

 private:
  Builder& builder_;
  const std::shared_ptr<const Node>& node_;
};

void Builder::lower_node(const std::shared_ptr<const Node>& node) {
  NodeLowering lowering(*this, node);
  node->op->lower(lowering);

  // An output that is also an input (an update in place) must be allowed by the kernel, and by its being the only
  // call; else it is computed beside and committed at the end.
  for (const KernelCall& call : lowering.calls) {
    for (size_t o = 0; o < call.outputs.size(); ++o) {
      const BufferId written = call.outputs[o];
      if (result_.buffers[written].kind != BufferKind::variable) continue;
      bool fine = true;
      const auto is = [&](BufferId id) { return id == written; };
      for (const KernelCall& other : lowering.calls)
        fine = fine && (&other == &call ? may_take_over(call.inputs, call.in_place, static_cast<int>(o), is)
                                        : std::none_of(other.inputs.begin(), other.inputs.end(), is));
      if (fine) continue;
      const BufferId beside = add({result_.buffers[written].bytes, BufferKind::arena, 0, {}, {}});
      late_commits_.emplace_back(beside, written);
      for (size_t i = 0; i < node->types.size(); ++i)
        if (const Value made(node, static_cast<int>(i)); bound(made) && buffer_of(made) == written) bind(made, beside);
      for (KernelCall& other : lowering.calls)
        for (BufferId& id : other.outputs)
          if (id == written) id = beside;
    }
  }

  const std::vector<ValueType>& types = node->types;
  std::vector<ValueType> input_types;
  for (const Value& value : node->inputs) input_types.push_back(value.type());
  Cost cost = node->op->cost(input_types, types);
  for (KernelCall& call : lowering.calls) {
    emit(*node, std::move(call), cost);
    cost = Cost();  // told once
  }
}

void Builder::emit(const Node& node, KernelCall call, Cost cost) {
  for (size_t i = 0; i < call.inputs.size(); ++i)
    if (call.inputs[i] != kNoBuffer && (steps_ == &result_.prepare || is_static(call.inputs[i])))
      call.lasting |= 1u << i;
  LoweredStep step;
  step.plan = backend_.plan(call);
  step.inputs = call.inputs;
  step.outputs = call.outputs;
  step.in_place = call.in_place;
  step.scope = node.scope;
  step.op = std::string(node.op->name());
  step.attributes = attributes_text(*node.op);
  step.cost = cost;

  if (const int wanted = step.plan->prepared_input(); wanted >= 0) {
    const BufferId source = call.inputs[wanted];
    const bool hoisted = call.lasting >> wanted & 1;
    const std::string key = step.plan->prepare_key() + "#" + std::to_string(source);
    const auto found = transformed_.find(key);
    if (hoisted && found != transformed_.end()) {
      step.inputs[wanted] = found->second;
    } else {
      LoweredStep prepare;
      prepare.plan = step.plan->prepare();
      const BufferId made = add({step.plan->prepared_bytes(), BufferKind::arena, 0, {}, {}});
      prepare.inputs = {source};
      prepare.outputs = {made};
      prepare.scope = node.scope;
      prepare.op = "prepare";
      prepare.cost.bytes = static_cast<double>(result_.buffers[source].bytes + result_.buffers[made].bytes);
      if (hoisted) {
        identify(made, step.plan->prepare_key(), {source}, 0);
        transformed_[key] = made;
      }
      (hoisted ? result_.prepare : *steps_).push_back(std::move(prepare));
      step.inputs[wanted] = made;
    }
  }
  if (const int64_t bytes = step.plan->workspace_bytes(); bytes > 0)
    step.workspace = add({bytes, BufferKind::arena, 0, {}, {}});
  result_.scratch_bytes = std::max(result_.scratch_bytes, step.plan->scratch_bytes());
  if (steps_ == &result_.prepare) {
    const std::string how = step.op + "|" + step.attributes + "|" + std::string(call.shape.begin(), call.shape.end());
    for (size_t i = 0; i < step.outputs.size(); ++i) identify(step.outputs[i], how, step.inputs, static_cast<int>(i));
  } else {
    result_.cost.flops += cost.flops;
    result_.cost.bytes += cost.bytes;
  }
  steps_->push_back(std::move(step));
}

}  // namespace

Lowered lower(const Graph& graph, const Schedule& schedule, Views& views, const Backend& backend) {
  return Builder(graph, schedule, views, backend).build();
}

}  // namespace striate
