// Eager evaluation: the same path. Constants and variables become inputs, so that programs are found again by the
// structure of the graph, whatever the numbers.
#include <list>
#include <mutex>

#include "compile/compile.h"
#include "core/check.h"

namespace striate {
namespace {

constexpr size_t kFunctionsKept = 256;

struct Structure {
  std::string key;
  std::vector<std::shared_ptr<const Node>> leaves;  // constants and variables, in order of appearance
};

Structure structure_of(const std::vector<Value>& values) {
  Structure structure;
  std::unordered_map<const Node*, size_t> number;
  for (const auto& node : topological_order(values)) {
    STRIATE_CHECK(node->kind != NodeKind::input, value, "evaluate", "a value depends on input '", node->name,
                  "'. Make a Function and run it with tensors.");
    const size_t id = number.size();
    number[node.get()] = id;
    std::string& key = structure.key;
    if (node->kind == NodeKind::op) {
      key.append(node->op->name()).append("[").append(attributes_text(*node->op)).append("](");
      for (const Value& input : node->inputs)
        key.append(std::to_string(number.at(input.node().get())))
            .append(".")
            .append(std::to_string(input.index()))
            .append(",");
      key.append(")");
    } else {
      key.append(dtype_name(node->types[0].dtype)).append(node->types[0].shape.text()).append(";");
      structure.leaves.push_back(node);
    }
  }
  for (const Value& value : values)
    structure.key.append(">")
        .append(std::to_string(number.at(value.node().get())))
        .append(".")
        .append(std::to_string(value.index()));
  return structure;
}

class Cache {
 public:
  Function function(const Structure& structure, const std::vector<Value>& values) {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(structure.key);
    if (found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front().second;
    }
    std::unordered_map<const Node*, Value> placeholders;
    Graph graph;
    for (const auto& leaf : structure.leaves) {
      const Value value =
          input("operand" + std::to_string(graph.inputs.size()), leaf->types[0].dtype, leaf->types[0].shape);
      placeholders[leaf.get()] = value;
      graph.inputs.push_back(value);
    }
    graph.outputs = values;
    const std::vector<Value> inputs = graph.inputs;
    graph = rewrite(graph, [&](const Node& node, const std::vector<Value>&) -> std::vector<Value> {
      const auto leaf = placeholders.find(&node);
      return leaf == placeholders.end() ? std::vector<Value>{} : std::vector<Value>{leaf->second};
    });
    entries_.emplace_front(structure.key, Function("evaluate", inputs, graph.outputs, {}, workspace_));
    index_[structure.key] = entries_.begin();
    if (entries_.size() > kFunctionsKept) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return entries_.front().second;
  }

 private:
  std::mutex mutex_;
  Workspace workspace_;
  std::list<std::pair<std::string, Function>> entries_;
  std::unordered_map<std::string, std::list<std::pair<std::string, Function>>::iterator> index_;
};

}  // namespace

std::vector<Tensor> evaluate(const std::vector<Value>& values) {
  static Cache& cache = *new Cache;  // never destroyed: at exit, other threads may still be in here
  for (const Value& value : values) STRIATE_CHECK(value, value, "evaluate", "received an empty Value");
  const Structure structure = structure_of(values);
  const Function function = cache.function(structure, values);
  std::vector<const VariableState*> variables;
  for (const auto& leaf : structure.leaves)
    if (leaf->kind == NodeKind::variable) variables.push_back(leaf->variable.get());
  const auto locks = hold(std::move(variables));
  std::vector<Tensor> operands;
  for (const auto& leaf : structure.leaves)
    operands.push_back(leaf->kind == NodeKind::variable ? leaf->variable->tensor : leaf->constant);
  return function.run(operands);
}

}  // namespace striate
