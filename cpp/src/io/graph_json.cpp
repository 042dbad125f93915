#include "io/graph_json.h"

#include <algorithm>
#include <set>

#include "graph/node.h"
#include "io/attributes_json.h"
#include "ops/registry.h"

namespace striate {
namespace {

Json type_to_json(const Node& input) {
  Json sizes = Json::array();
  for (int64_t size : input.types[0].shape) sizes.push_back(size == kUnknown ? Json() : Json(size));
  return {{"name", input.name}, {"dtype", dtype_name(input.types[0].dtype)}, {"shape", sizes}};
}

// Leaves, then ops in the order they were traced: inputs stand before users, and a loaded graph is scheduled alike.
std::vector<std::shared_ptr<const Node>> traced_order(const std::vector<Value>& roots) {
  std::vector<std::shared_ptr<const Node>> order = topological_order(roots);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    const uint64_t left = a->kind == NodeKind::op ? a->sequence : 0, right = b->kind == NodeKind::op ? b->sequence : 0;
    return left < right;
  });
  return order;
}

Value input_from_json(const Json& json, const std::string& where) {
  std::vector<int64_t> sizes;
  for (const Json& size : json_array(json_member(json, "shape", where), where + " shape")) {
    sizes.push_back(size.is_null() ? kUnknown : json_int(size, where + " shape"));
    STRIATE_CHECK(size.is_null() || sizes.back() >= 0, value, "load", where, " shape has a negative size.");
  }
  const DType dtype = dtype_from_name(json_string(json_member(json, "dtype", where), where + " dtype"));
  return input(json_string(json_member(json, "name", where), where + " name"), dtype, Shape(sizes));
}

// Deeper than any net by far. Nodes are released recursively, which must not exhaust the stack.
constexpr int kMaxGraphDepth = 20000;

// Reads one function; nodes and their outputs are looked up by the positions the file gives.
class GraphReader {
 public:
  GraphReader(const TensorTable& tensors, std::string where) : tensors_(tensors), where_(std::move(where)) {}

  void add_inputs(const Json& json) {
    for (const Json& each : json_array(json, where_ + " inputs"))
      inputs_.push_back(input_from_json(each, text_of(where_, " input ", inputs_.size())));
  }

  void add_node(const Json& json) {
    const std::string where = text_of(where_, " node ", nodes_.size());
    json_object(json, where);
    if (json.contains("input"))
      nodes_.push_back(inputs_[index(json["input"], inputs_.size(), where)].node());
    else if (json.contains("variable"))
      nodes_.push_back(variable(json["variable"], where).value().node());
    else if (json.contains("constant"))
      nodes_.push_back(constant_node(json["constant"], where));
    else
      nodes_.push_back(op_node(json, where));
    int depth = 0;
    for (const Value& value : nodes_.back()->inputs) depth = std::max(depth, depths_[value.node().get()] + 1);
    STRIATE_CHECK(depth <= kMaxGraphDepth, value, "load", where, " lies deeper than ", kMaxGraphDepth, " nodes.");
    depths_[nodes_.back().get()] = depth;
  }

  Value value(const Json& json, const std::string& where) const {
    json_array(json, where);
    STRIATE_CHECK(json.size() == 2, value, "load", where, " is not a pair [node, output].");
    const auto& node = nodes_[index(json[0], nodes_.size(), where)];
    return Value(node, static_cast<int>(index(json[1], node->types.size(), where)));
  }

  std::vector<Value> values(const Json& json, const std::string& where) const {
    std::vector<Value> result;
    for (const Json& each : json_array(json, where)) result.push_back(value(each, where));
    return result;
  }

  std::vector<Update> updates(const Json& json, const std::string& where) const {
    std::vector<Update> result;
    for (const Json& each : json_array(json, where)) {
      STRIATE_CHECK(each.is_array() && each.size() == 2, value, "load", where, " are not pairs [variable, value].");
      result.push_back({variable(each[0], where), value(each[1], where)});
      const auto& [target, updated] = result.back();
      STRIATE_CHECK(updated.dtype() == target.dtype() && compatible(updated.shape(), target.shape()), value, "load",
                    where, ": the new value of '", target.name(), "' is ", dtype_name(updated.dtype()), " ",
                    updated.shape().text(), ", the variable is ", dtype_name(target.dtype()), " ",
                    target.shape().text(), ".");
    }
    return result;
  }

  std::vector<Value> take_inputs() { return std::move(inputs_); }

 private:
  static size_t index(const Json& json, size_t size, const std::string& where) {
    const int64_t i = json_int(json, where);
    STRIATE_CHECK(0 <= i && static_cast<uint64_t>(i) < size, value, "load", where, " refers to ", i, ", there are ",
                  size, ".");
    return static_cast<size_t>(i);
  }

  Variable variable(const Json& json, const std::string& where) const {
    const std::string name = json_string(json, where + " variable");
    const auto found = tensors_.variables.find(name);
    STRIATE_CHECK(found != tensors_.variables.end(), value, "load", where, " needs the variable '", name,
                  "', which the file does not hold.");
    return found->second;
  }

  std::shared_ptr<const Node> constant_node(const Json& json, const std::string& where) const {
    const std::string name = json_string(json, where + " constant");
    const auto found = tensors_.constants.find(name);
    STRIATE_CHECK(found != tensors_.constants.end(), value, "load", where, " needs the constant '", name,
                  "', which the file does not hold.");
    return constant(found->second).node();
  }

  std::shared_ptr<const Node> op_node(const Json& json, const std::string& where) const {
    const std::string name = json_string(json_member(json, "op", where), where + " op");
    const std::shared_ptr<Op> op = make_op(name);
    const std::string at = where + " (" + name + ")";
    attributes_from_json(*op, json_member(json, "attributes", at), at);
    std::vector<Value> inputs = values(json_member(json, "inputs", at), at);
    const NameScope scope(json.contains("scope") ? json_string(json["scope"], at + " scope") : "");
    return make_node(op, std::move(inputs));
  }

  const TensorTable& tensors_;
  std::string where_;
  std::vector<Value> inputs_;
  std::vector<std::shared_ptr<const Node>> nodes_;
  std::unordered_map<const Node*, int> depths_;
};

}  // namespace

void TensorNames::reserve(const std::string& name, const Variable& variable) {
  STRIATE_CHECK(taken_.emplace(name, 0).second, value, "save", "two variables are called '", name,
                "'. Names in a file must differ.");
  names_[variable.state().get()] = name;
  variables_.emplace_back(name, variable);
}

const std::string& TensorNames::of(const Variable& variable) {
  const auto found = names_.find(variable.state().get());
  if (found != names_.end()) return found->second;
  std::string name = variable.name();
  while (taken_.contains(name)) name = text_of(variable.name(), "#", ++taken_[variable.name()]);
  reserve(name, variable);
  return names_[variable.state().get()];
}

const std::string& TensorNames::of_constant(const std::shared_ptr<const Node>& node) {
  auto& name = names_[node.get()];
  if (!name.empty()) return name;
  name = text_of("constants/", constants_.size());
  STRIATE_CHECK(taken_.emplace(name, 0).second, value, "save", "a variable is called '", name,
                "', as constants are. Give it another name.");
  constants_.emplace_back(name, node->constant);
  kept_.push_back(node);  // its address is the key
  return name;
}

Json function_to_json(const Function& function, TensorNames& names) {
  std::vector<Value> roots = function.inputs();  // first: inputs that nothing uses are listed too
  roots.insert(roots.end(), function.outputs().begin(), function.outputs().end());
  for (const Update& update : function.updates()) roots.push_back(update.value);

  Json inputs = Json::array(), nodes = Json::array(), outputs = Json::array(), updates = Json::array();
  std::unordered_map<const Node*, int64_t> positions;
  for (const Value& value : function.inputs()) inputs.push_back(type_to_json(*value.node()));
  const auto reference = [&](const Value& value) {
    return Json::array({positions.at(value.node().get()), value.index()});
  };
  const auto input_position = [&](const Node& node) {
    const auto& all = function.inputs();
    return std::find_if(all.begin(), all.end(), [&](const Value& v) { return v.node().get() == &node; }) - all.begin();
  };
  for (const auto& node : traced_order(roots)) {
    positions.emplace(node.get(), static_cast<int64_t>(positions.size()));
    switch (node->kind) {
      case NodeKind::input:
        nodes.push_back({{"input", input_position(*node)}});
        break;
      case NodeKind::variable:
        nodes.push_back({{"variable", names.of(Variable(node->variable))}});
        break;
      case NodeKind::constant:
        nodes.push_back({{"constant", names.of_constant(node)}});
        break;
      case NodeKind::op: {
        Json references = Json::array();
        for (const Value& value : node->inputs) references.push_back(reference(value));
        Json json = {{"op", node->op->name()},
                     {"version", node->op->version()},
                     {"attributes", attributes_to_json(*node->op)},
                     {"inputs", std::move(references)}};
        if (!node->scope.empty()) json["scope"] = node->scope;
        nodes.push_back(std::move(json));
        break;
      }
    }
  }
  for (const Value& value : function.outputs()) outputs.push_back(reference(value));
  for (const Update& update : function.updates())
    updates.push_back(Json::array({names.of(update.variable), reference(update.value)}));
  Json json = {
      {"name", function.name()}, {"inputs", inputs}, {"nodes", nodes}, {"outputs", outputs}, {"updates", updates}};
  if (function.max_memory() > 0) json["max_memory"] = function.max_memory();
  return json;
}

std::vector<std::string> unknown_ops(const Json& functions, const std::string& where) {
  const std::vector<std::string_view> known = op_names();
  std::set<std::string> unknown;
  for (const Json& function : json_array(functions, where)) {
    for (const Json& node : json_array(json_member(function, "nodes", where), where + " nodes")) {
      if (!node.is_object() || !node.contains("op")) continue;
      const std::string name = json_string(node["op"], where + " op");
      const int64_t version = json_int(json_member(node, "version", where + " op " + name), where + " op version");
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        unknown.insert(text_of("'", name, "' version ", version));
      } else if (const int64_t own = make_op(name)->version(); own != version) {
        unknown.insert(text_of("'", name, "' version ", version, " (this library: ", own, ")"));
      }
    }
  }
  return {unknown.begin(), unknown.end()};
}

Function function_from_json(const Json& json, const TensorTable& tensors, const Workspace& workspace,
                            const std::string& where) {
  const std::string name = json_string(json_member(json, "name", where), where + " name");
  const std::string at = where + " function '" + name + "'";
  GraphReader graph(tensors, at);
  graph.add_inputs(json_member(json, "inputs", at));
  for (const Json& node : json_array(json_member(json, "nodes", at), at + " nodes")) graph.add_node(node);
  std::vector<Value> outputs = graph.values(json_member(json, "outputs", at), at + " outputs");
  std::vector<Update> updates = graph.updates(json_member(json, "updates", at), at + " updates");
  Function function(name, graph.take_inputs(), std::move(outputs), std::move(updates), workspace);
  if (json.contains("max_memory")) function.set_max_memory(json_int(json["max_memory"], at + " max_memory"));
  return function;
}

}  // namespace striate
