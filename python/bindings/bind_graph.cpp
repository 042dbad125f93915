// Values, variables and gradients.
#include <memory>

#include "bindings.h"
#include "striate/function.h"
#include "striate/graph.h"
#include "tensor_arrays.h"

using namespace striate;
using namespace py::literals;

namespace {

// Python's `with` around the thread's NameScope.
struct Scope {
  std::string path;
  std::unique_ptr<NameScope> entered;
};

std::string described(const Value& value) {
  return "<Value shape=" + value.shape().text() + ", dtype=" + std::string(dtype_name(value.dtype())) + ">";
}

// NumPy asks for a value's elements: computes them now, which needs a graph without inputs.
Tensor evaluated(const Value& value) {
  py::gil_scoped_release release;
  return evaluate({value})[0];
}

py::object numpy_array(const Tensor& tensor, const py::object& dtype) {
  py::object array = to_array(tensor);
  return dtype.is_none() ? array : array.attr("astype")(dtype);
}

void bind_value(py::module_& module) {
  py::class_<Value> value(module, "Value", "A value of the graph: what an operation will give.");
  value
      .def_property_readonly(
          "shape", [](const Value& v) { return v.shape(); }, "Sizes; None where unknown.")
      .def_property_readonly("dtype", &Value::dtype, "The element type's name.")
      .def_property_readonly("ndim", &Value::rank, "The number of axes.")
      .def("numpy", &evaluated, "The elements, computed now.")
      .def(
          "__array__",
          [](const Value& v, const py::object& dtype, const py::object&) { return numpy_array(evaluated(v), dtype); },
          "dtype"_a = py::none(), "copy"_a = py::none())
      .def(
          "__eq__", [](const Value& a, const Value& b) { return a == b; }, py::is_operator())
      .def("__hash__",
           [](const Value& v) { return std::hash<const void*>()(v.node().get()) + static_cast<size_t>(v.index()); })
      .def("__repr__", &described);
  value.attr("__array_ufunc__") = py::none();  // array + value asks the value, not NumPy
}

void bind_variable(py::module_& module) {
  const auto read = [](const Variable& v) {
    py::gil_scoped_release release;  // a run may hold the variable and want the interpreter
    return v.read();
  };
  py::class_<Variable> variable(module, "Variable", py::dynamic_attr(), "A tensor that lives between runs.");
  variable.def(py::init<std::string, const Tensor&>(), "name"_a, "initial"_a)
      .def_property_readonly("name", &Variable::name, "Its name in files and errors.")
      .def_property_readonly("path", &Variable::name, "Keras's word for the name.")
      .def_property_readonly(
          "shape", [](const Variable& v) { return v.shape(); }, "Sizes.")
      .def_property_readonly("dtype", &Variable::dtype, "The element type's name.")
      .def_property_readonly(
          "ndim", [](const Variable& v) { return v.shape().rank(); }, "The number of axes.")
      .def_property_readonly("version", &Variable::version, "Grows with each assignment and update.")
      .def("value", &Variable::value, "The leaf of the graph that reads it.")
      .def("read", read, "A copy of the elements.")
      .def("numpy", read, "A copy of the elements.")
      .def(
          "assign",
          [](Variable& v, const py::object& value) {
            // Numbers and arrays of other types are cast, as Keras does: learning_rate.assign(0.1).
            const py::object array =
                py::module_::import("numpy").attr("asarray")(value, std::string(dtype_name(v.dtype())));
            const Tensor tensor = to_tensor(py::reinterpret_borrow<py::array>(array));
            py::gil_scoped_release release;
            v.assign(tensor);
          },
          "value"_a, "Replaces the elements, cast to its type; the shape must fit.")
      .def(
          "__array__",
          [read](const Variable& v, const py::object& dtype, const py::object&) { return numpy_array(read(v), dtype); },
          "dtype"_a = py::none(), "copy"_a = py::none())
      .def("__float__", [read](const Variable& v) { return read(v).item(); })
      .def("__int__", [read](const Variable& v) { return py::int_(py::float_(read(v).item())); })
      .def(
          "__eq__", [](const Variable& a, const Variable& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const Variable& v) { return std::hash<const void*>()(v.state().get()); })
      .def("__repr__", [](const Variable& v) {
        return "<Variable name=" + v.name() + ", shape=" + v.shape().text() +
               ", dtype=" + std::string(dtype_name(v.dtype())) + ">";
      });
  variable.attr("__array_ufunc__") = py::none();
  variable.attr("trainable") = true;  // an instance may say otherwise
}

}  // namespace

void bind_graph(py::module_& module) {
  bind_value(module);
  bind_variable(module);
  module.def("input", &input, "name"_a, "dtype"_a, "shape"_a, "A leaf that a run is given.");
  module.def(
      "constant", [](const Tensor& value, bool copy) { return constant(copy ? value.copy() : value); }, "value"_a,
      "copy"_a = true, "A leaf that never changes; without a copy the array must not change either.");
  module.def("gradients", &gradients, "target"_a, "wrt"_a, "d(sum of target)/d(each of wrt).");
  module.def("evaluate", &evaluate, "values"_a, py::call_guard<py::gil_scoped_release>(),
             "Computes values that depend on no input.");
  py::class_<Scope>(module, "NameScope", "While entered, nodes that this thread builds belong to a layer.")
      .def(py::init([](std::string path) {
             return Scope{std::move(path), nullptr};
           }),
           "path"_a)
      .def("__enter__", [](Scope& scope) { scope.entered = std::make_unique<NameScope>(scope.path); })
      .def("__exit__", [](Scope& scope, const py::args&) { scope.entered.reset(); });
}
