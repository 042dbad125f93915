// Model files: tensors with checksums, and models as C++ runs them.
#include "bindings.h"
#include "striate/model.h"
#include "tensor_arrays.h"

using namespace striate;
using namespace py::literals;

namespace {

void save_model(const std::string& path, std::vector<Function> functions,
                std::vector<std::pair<std::string, Variable>> variables, std::string configuration,
                std::map<std::string, std::string> metadata) {
  Model::Parts parts;
  parts.functions = std::move(functions);
  parts.variables = std::move(variables);
  parts.configuration = std::move(configuration);
  parts.metadata = std::move(metadata);
  Model::from_parts(std::move(parts)).save(path);
}

py::tuple read_file(const std::string& path) {
  TensorFile file;
  {
    py::gil_scoped_release release;
    file = read_tensor_file(path);
  }
  py::dict arrays;
  for (const auto& [name, tensor] : file.tensors) arrays[py::str(name)] = to_array(tensor);
  return py::make_tuple(arrays, file.metadata);
}

void write_file(const std::string& path, const std::map<std::string, Tensor>& arrays,
                const std::map<std::string, std::string>& metadata) {
  write_tensor_file(path, {{arrays.begin(), arrays.end()}, metadata});
}

}  // namespace

void bind_model(py::module_& module) {
  using ReleaseGil = py::call_guard<py::gil_scoped_release>;
  module.def("save_model", &save_model, "path"_a, "functions"_a, "variables"_a, "configuration"_a, "metadata"_a,
             ReleaseGil(), "Writes functions, variables by name and texts to a model file.");
  module.def("read_tensor_file", &read_file, "path"_a, "({name: array}, {key: text}) of a safetensors file.");
  module.def("write_tensor_file", &write_file, "path"_a, "arrays"_a, "metadata"_a, ReleaseGil(),
             "Writes arrays and texts to a safetensors file, with checksums.");
  module.def("configuration_hash", &configuration_hash, "configuration"_a,
             "What ties a configuration to the functions made from it.");
  py::class_<Model>(module, "StoredModel", "A model file's functions, as C++ runs them.")
      .def_static("load", &Model::load, "path"_a, ReleaseGil(), "Reads a file.")
      .def("save", &Model::save, "path"_a, ReleaseGil(), "Writes a file.")
      .def("function", &Model::function, "name"_a, "A function by name.")
      .def_property_readonly("function_names", &Model::function_names, "What functions there are.")
      .def_property_readonly("variables", &Model::variables, "All variables.")
      .def_property_readonly("configuration", &Model::configuration, "The layers, as Python described them.")
      .def_property_readonly("metadata", &Model::metadata, "Further texts.")
      .def("predict", py::overload_cast<const std::vector<Tensor>&, int64_t>(&Model::predict, py::const_), "x"_a,
           "batch_size"_a = 32, ReleaseGil(), "The outputs of `predict`.")
      .def("evaluate",
           py::overload_cast<const std::vector<Tensor>&, const std::vector<Tensor>&, int64_t>(&Model::evaluate,
                                                                                              py::const_),
           "x"_a, "y"_a, "batch_size"_a = 32, ReleaseGil(), "[(name, mean)] of the loss and the metrics.");
}
