#include "striate/model.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_set>

#include "core/check.h"
#include "graph/node.h"
#include "io/model_file.h"
#include "io/safetensors.h"
#include "train/batches.h"
#include "train/entry_metrics.h"
#include "train/model_impl.h"

namespace striate {
namespace {

// Variables that functions read or update, each once, in the order they are met.
std::vector<Variable> variables_of(const std::vector<Function>& functions) {
  std::vector<Variable> result;
  std::unordered_set<const void*> seen;
  const auto add = [&](const Variable& variable) {
    if (seen.insert(variable.state().get()).second) result.push_back(variable);
  };
  for (const Function& function : functions) {
    std::vector<Value> roots = function.outputs();
    for (const Update& update : function.updates()) roots.push_back(update.value);
    for (const auto& node : topological_order(roots))
      if (node->kind == NodeKind::variable) add(Variable(node->variable));
    for (const Update& update : function.updates()) add(update.variable);
  }
  return result;
}

// Batches' outputs as one of `rows` samples.
Tensor concatenated(const std::vector<Tensor>& pieces, int64_t rows) {
  if (pieces.size() == 1) return pieces[0];
  const Shape& first = pieces[0].shape();
  int64_t found = 0, offset = 0;
  for (const Tensor& piece : pieces) {
    const bool alike = first.rank() > 0 && compatible(piece.shape(), first.with(0, kUnknown));
    found += alike ? piece.shape()[0] : 0;
  }
  STRIATE_CHECK(found == rows, shape, "predict", "an output of shape ", first.text(), " a batch has ", found,
                " rows for ", rows, " samples. Expected a row for each; use a batch_size of at least ", rows,
                " where an output belongs to the whole batch.");
  Tensor result(pieces[0].dtype(), first.with(0, rows));
  for (const Tensor& piece : pieces) {
    if (piece.bytes() > 0)
      std::memcpy(static_cast<char*>(result.data()) + offset, piece.data(), static_cast<size_t>(piece.bytes()));
    offset += piece.bytes();
  }
  return result;
}

void check_batch_size(const char* op, int64_t batch_size) {
  STRIATE_CHECK(batch_size > 0, value, op, "batch_size=", batch_size, ". It must be at least 1.");
}

}  // namespace

Model::Model() : impl_(std::make_shared<Impl>()) {}
Model::~Model() = default;

Model Model::from_parts(Parts parts) {
  std::set<std::string> names;
  for (const Function& function : parts.functions)
    STRIATE_CHECK(names.insert(function.name()).second, value, "model", "two functions are called '", function.name(),
                  "'. Names must differ.");
  std::unordered_set<const void*> listed;
  names.clear();
  for (const auto& [name, variable] : parts.variables) {
    STRIATE_CHECK(names.insert(name).second, value, "model", "two variables are called '", name,
                  "'. Names must differ.");
    STRIATE_CHECK(listed.insert(variable.state().get()).second, value, "model", "the variable '", variable.name(),
                  "' is listed twice.");
  }
  for (const Variable& variable : variables_of(parts.functions)) {
    if (listed.contains(variable.state().get())) continue;
    std::string name = variable.name();
    for (int n = 1; !names.insert(name).second; ++n) name = text_of(variable.name(), "#", n);
    parts.variables.emplace_back(name, variable);
  }
  Model model;
  model.impl_->parts = std::move(parts);
  return model;
}

Model Model::from_functions(std::vector<Function> functions) {
  Parts parts;
  parts.functions = std::move(functions);
  return from_parts(std::move(parts));
}

Model Model::load(const std::string& path) { return from_parts(read_model_file(path)); }

void Model::save(const std::string& path) const { write_model_file(path, impl_->parts); }

std::vector<std::string> Model::function_names() const {
  std::vector<std::string> names;
  for (const Function& function : impl_->parts.functions) names.push_back(function.name());
  return names;
}

bool Model::has_function(const std::string& name) const {
  const std::vector<std::string> names = function_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

Function Model::function(const std::string& name) const {
  std::string names;
  for (const Function& function : impl_->parts.functions) {
    if (function.name() == name) return function;
    names += (names.empty() ? "" : ", ") + function.name();
  }
  fail(ErrorKind::value, "model", "there is no function '", name, "'; there are: ", names.empty() ? "none" : names,
       name == "train_step" ? ". In Python, compile() and train a step before save()." : ".");
}

std::vector<Variable> Model::variables() const {
  std::vector<Variable> variables;
  for (const auto& [name, variable] : impl_->parts.variables) variables.push_back(variable);
  return variables;
}

Variable Model::variable(const std::string& name) const {
  for (const auto& [known, variable] : impl_->parts.variables)
    if (known == name) return variable;
  fail(ErrorKind::value, "model", "there is no variable '", name, "'; variables() lists them.");
}

const std::string& Model::configuration() const { return impl_->parts.configuration; }
const std::map<std::string, std::string>& Model::metadata() const { return impl_->parts.metadata; }
void Model::set_metadata(const std::string& key, const std::string& value) { impl_->parts.metadata[key] = value; }

Tensor Model::predict(const Tensor& x, int64_t batch_size) const {
  const size_t outputs = function("predict").outputs().size();
  STRIATE_CHECK(outputs == 1, value, "predict", "the model has ", outputs,
                " outputs. Call predict() with a vector of inputs to get them all.");
  return predict(std::vector<Tensor>{x}, batch_size)[0];
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x, int64_t batch_size) const {
  check_batch_size("predict", batch_size);
  const Function predict = function("predict");
  const std::vector<Tensor> inputs = fit_to_inputs(x, {}, predict);
  const int64_t samples = inputs.empty() ? 0 : inputs[0].shape()[0];
  std::vector<std::vector<Tensor>> pieces(predict.outputs().size());
  for (int64_t begin = 0; begin == 0 || begin < samples; begin += batch_size) {
    const std::vector<Tensor> outputs = predict.run(slices(inputs, begin, std::min(samples, begin + batch_size)));
    for (size_t i = 0; i < outputs.size(); ++i) pieces[i].push_back(outputs[i]);
  }
  std::vector<Tensor> results;
  for (const auto& each : pieces) results.push_back(concatenated(each, samples));
  return results;
}

Metrics Model::evaluate(const Tensor& x, const Tensor& labels, int64_t batch_size) const {
  return evaluate(std::vector<Tensor>{x}, std::vector<Tensor>{labels}, batch_size);
}

Metrics Model::evaluate(const std::vector<Tensor>& x, const std::vector<Tensor>& labels, int64_t batch_size) const {
  check_batch_size("evaluate", batch_size);
  const Function evaluate = function("evaluate");
  const std::vector<Tensor> inputs = fit_to_inputs(x, labels, evaluate);
  const int64_t samples = inputs[0].shape()[0];
  STRIATE_CHECK(samples > 0, value, "evaluate", "received no samples: x.shape=", inputs[0].shape().text(), ".");
  RunningMetrics metrics(*this, "evaluate");
  metrics.reset();
  for (int64_t begin = 0; begin < samples; begin += batch_size) {
    const int64_t end = std::min(samples, begin + batch_size);
    metrics.add(evaluate.run(slices(inputs, begin, end)), end - begin);
  }
  return metrics.result();
}

MemoryReport Model::memory(const std::string& name, int64_t batch_size) const {
  const Function measured = function(name);
  std::vector<Shape> shapes;
  for (const Value& input : measured.inputs()) {
    Shape shape = input.shape();
    if (shape.rank() > 0 && shape[0] == kUnknown) shape = shape.with(0, batch_size);
    STRIATE_CHECK(shape.known(), shape, "memory", "input '", input.node()->name, "' has unknown sizes, ", shape.text(),
                  ". Use function(\"", name, "\").memory() with full shapes.");
    shapes.push_back(shape);
  }
  return measured.memory(shapes);
}

TensorFile read_tensor_file(const std::string& path) {
  Safetensors file = read_safetensors(path);
  return {std::move(file.tensors), std::move(file.metadata)};
}

void write_tensor_file(const std::string& path, const TensorFile& contents) {
  write_safetensors(path, {contents.metadata, contents.tensors});
}

}  // namespace striate
