#include "graph/node.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iterator>
#include <mutex>
#include <unordered_set>

#include "core/check.h"

namespace striate {
namespace {

thread_local std::vector<std::string> scopes;
const std::string kNoScope;
std::atomic<uint64_t> next_sequence{1};

class AttributeText : public AttributeVisitor {
 public:
  std::string text;
  void operator()(const char* name, bool& value) override { add(name, value ? "true" : "false"); }
  void operator()(const char* name, int64_t& value) override { add(name, std::to_string(value)); }
  void operator()(const char* name, uint64_t& value) override { add(name, std::to_string(value)); }
  void operator()(const char* name, double& value) override {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", value);
    add(name, digits);
  }
  void operator()(const char* name, std::string& value) override { add(name, value); }
  void operator()(const char* name, std::vector<int64_t>& value) override {
    std::string list = "(";
    for (size_t i = 0; i < value.size(); ++i) list += (i ? "," : "") + std::to_string(value[i]);
    add(name, list + ")");
  }

 private:
  void add(const char* name, const std::string& value) { text += (text.empty() ? "" : " ") + (name + ("=" + value)); }
};

VariableState& known(const std::shared_ptr<VariableState>& state) {
  STRIATE_CHECK(state, value, "variable", "this Variable is empty. Give it a name and a tensor, or assign one to it.");
  return *state;
}

}  // namespace

// Not by the destructors of its inputs: a graph of a million nodes in a row would take all of the stack.
Node::~Node() {
  std::vector<Value> last = std::move(inputs);
  while (!last.empty()) {
    const Value value = std::move(last.back());
    last.pop_back();
    if (!value || value.node().use_count() > 1) continue;
    std::atomic_thread_fence(std::memory_order_acquire);  // after what other owners did before they let go
    auto& node = const_cast<Node&>(*value.node());        // nobody else sees it
    std::move(node.inputs.begin(), node.inputs.end(), std::back_inserter(last));
    node.inputs.clear();
  }
}

NameScope::NameScope(const std::string& path) {
  scopes.push_back(scopes.empty() || scopes.back().empty() ? path : scopes.back() + "/" + path);
}
NameScope::~NameScope() {
  if (!scopes.empty()) scopes.pop_back();  // one that another thread opened is not among this one's
}

const std::string& current_scope() { return scopes.empty() ? kNoScope : scopes.back(); }

std::string scope_suffix() { return current_scope().empty() ? "" : " (layer '" + current_scope() + "')"; }

std::string attributes_text(const Op& op) {
  AttributeText visitor;
  const_cast<Op&>(op).attributes(visitor);  // this visitor only reads
  return visitor.text;
}

std::vector<Value> Op::gradient(const GradientArgs&) const {
  throw Error(ErrorKind::value,
              text_of("[", name(), "] has no gradient. Use stop_gradient() on its input if none should flow."));
}

Cost Op::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  Cost cost;
  for (const auto* types : {&inputs, &outputs})
    for (const ValueType& type : *types)
      cost.bytes += static_cast<double>(type.shape.elements()) * dtype_bytes(type.dtype);
  for (const ValueType& type : outputs) cost.flops += static_cast<double>(type.shape.elements());
  return cost;
}

bool Op::reads_only_shape(int) const { return false; }

std::vector<Value> outputs_of(const std::shared_ptr<const Node>& node) {
  std::vector<Value> values;
  for (size_t i = 0; i < node->types.size(); ++i) values.emplace_back(node, static_cast<int>(i));
  return values;
}

std::vector<std::shared_lock<std::shared_mutex>> hold(std::vector<const VariableState*> states) {
  std::sort(states.begin(), states.end(), std::less<>());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  std::vector<std::shared_lock<std::shared_mutex>> locks;
  for (const VariableState* state : states) locks.emplace_back(state->mutex);
  return locks;
}

const ValueType& Value::type() const {
  STRIATE_CHECK(node_, value, "graph", "an empty Value has no type; build one with striate/ops.h");
  return node_->types[index_];
}

std::shared_ptr<const Node> make_node(std::shared_ptr<const Op> op, std::vector<Value> inputs) {
  std::vector<ValueType> types;
  types.reserve(inputs.size());
  for (const Value& value : inputs) {
    STRIATE_CHECK(value, value, op->name(), "received an empty Value; every input must be built first");
    types.push_back(value.type());
  }
  auto node = std::make_shared<Node>();
  node->types = op->infer(types);
  node->op = std::move(op);
  node->inputs = std::move(inputs);
  node->scope = current_scope();
  node->sequence = next_sequence.fetch_add(1, std::memory_order_relaxed);
  return node;
}

Value input(const std::string& name, DType dtype, const Shape& shape) {
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::input;
  node->name = name;
  node->types = {{dtype, shape}};
  node->scope = current_scope();
  return Value(node);
}

Value constant(const Tensor& value) {
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::constant;
  node->constant = value;
  node->types = {{value.dtype(), value.shape()}};
  node->scope = current_scope();
  return Value(node);
}

std::shared_ptr<const Node> VariableState::leaf() const {
  std::lock_guard lock(leaf_mutex);
  if (auto node = leaf_node.lock()) return node;
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::variable;
  node->variable = self.lock();
  node->types = {{tensor.dtype(), tensor.shape()}};
  leaf_node = node;
  return node;
}

Variable::Variable(std::string name, const Tensor& initial) : state_(std::make_shared<VariableState>()) {
  state_->name = std::move(name);
  state_->tensor = initial.copy();
  state_->self = state_;
}

const std::string& Variable::name() const { return known(state_).name; }
DType Variable::dtype() const { return known(state_).tensor.dtype(); }
const Shape& Variable::shape() const { return known(state_).tensor.shape(); }
uint64_t Variable::version() const { return known(state_).version.load(); }
Value Variable::value() const { return Value(known(state_).leaf()); }

Tensor Variable::read() const {
  std::shared_lock lock(known(state_).mutex);
  return known(state_).tensor.copy();
}

void Variable::assign(const Tensor& value) {
  STRIATE_CHECK(value.dtype() == dtype(), type, "variable", "'", name(), "' holds ", dtype_name(dtype()), ", received ",
                dtype_name(value.dtype()), ". Use cast() first.");
  STRIATE_CHECK(value.shape() == shape(), shape, "variable", "'", name(), "' has shape ", shape().text(), ", received ",
                value.shape().text());
  std::unique_lock lock(known(state_).mutex);
  if (value.bytes() > 0)
    std::copy_n(static_cast<const char*>(value.data()), value.bytes(), static_cast<char*>(known(state_).tensor.data()));
  known(state_).version.fetch_add(1);
}

std::vector<std::shared_ptr<const Node>> topological_order(const std::vector<Value>& roots, const Besides& besides) {
  std::vector<std::shared_ptr<const Node>> order;
  std::unordered_set<const Node*> seen;
  std::vector<std::pair<const std::shared_ptr<const Node>*, size_t>> stack;  // node, next input to visit
  for (const Value& root : roots) {
    if (!root || !seen.insert(root.node().get()).second) continue;
    stack.emplace_back(&root.node(), 0);
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      const size_t inputs = (*node)->inputs.size();
      const auto wanted = besides.empty() ? besides.end() : besides.find(node->get());
      if (next == inputs + (wanted == besides.end() ? 0 : wanted->second.size())) {
        order.push_back(*node);
        stack.pop_back();
        continue;
      }
      const auto& input = (next < inputs ? (*node)->inputs[next] : wanted->second[next - inputs]).node();
      ++next;
      if (seen.insert(input.get()).second) stack.emplace_back(&input, 0);
    }
  }
  return order;
}

}  // namespace striate
