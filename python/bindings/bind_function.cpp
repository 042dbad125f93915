// Functions: graphs compiled and run.
#include "bindings.h"
#include "striate/function.h"
#include "tensor_arrays.h"

using namespace striate;
using namespace py::literals;

namespace {

std::vector<Update> updates_from(std::vector<std::pair<Variable, Value>> pairs) {
  std::vector<Update> updates;
  for (auto& [variable, value] : pairs) updates.push_back({std::move(variable), std::move(value)});
  return updates;
}

void bind_reports(py::module_& module) {
  py::class_<MemoryReport>(module, "MemoryReport", "Bytes that running a function takes, known before it runs.")
      .def_readonly("variables", &MemoryReport::variables, "Weights and optimizer slots.")
      .def_readonly("constants", &MemoryReport::constants, "Constants of the graph.")
      .def_readonly("prepared", &MemoryReport::prepared, "Packed and folded weights.")
      .def_readonly("arena", &MemoryReport::arena, "Activations and gradients.")
      .def_readonly("scratch", &MemoryReport::scratch, "Threads' scratch.")
      .def_readonly("outputs", &MemoryReport::outputs, "What is returned.")
      .def_property_readonly("total", &MemoryReport::total, "The sum.")
      .def("__repr__", [](const MemoryReport& r) {
        return py::str(
                   "MemoryReport(variables={}, constants={}, prepared={}, arena={}, scratch={}, outputs={}, total={})")
            .format(r.variables, r.constants, r.prepared, r.arena, r.scratch, r.outputs, r.total());
      });
  py::class_<StepProfile>(module, "StepProfile", "What one step of a program did in profiled runs.")
      .def_readonly("scope", &StepProfile::scope, "The layer.")
      .def_readonly("op", &StepProfile::op, "The operation.")
      .def_readonly("kernel", &StepProfile::kernel, "The kernel chosen.")
      .def_readonly("seconds", &StepProfile::seconds, "Summed over runs.")
      .def_readonly("flops", &StepProfile::flops, "Of one run.")
      .def_readonly("bytes", &StepProfile::bytes, "Of one run.")
      .def_readonly("runs", &StepProfile::runs, "Profiled runs.");
}

}  // namespace

void bind_function(py::module_& module) {
  bind_reports(module);
  py::class_<Workspace>(module, "Workspace", "Memory that functions of one model share.").def(py::init());
  py::class_<Function>(module, "Function", "Outputs and updates of a graph, compiled for the shapes it meets.")
      .def(py::init([](std::string name, std::vector<Value> inputs, std::vector<Value> outputs,
                       std::vector<std::pair<Variable, Value>> updates, const Workspace& workspace) {
             return Function(std::move(name), std::move(inputs), std::move(outputs), updates_from(std::move(updates)),
                             workspace);
           }),
           "name"_a, "inputs"_a, "outputs"_a, "updates"_a = std::vector<std::pair<Variable, Value>>(),
           "workspace"_a = Workspace())
      .def("run", &Function::run, "inputs"_a, py::call_guard<py::gil_scoped_release>(),
           "Computes the outputs and commits the updates.")
      .def_property("max_memory", &Function::max_memory, &Function::set_max_memory,
                    "Bytes a run may take, as `memory` counts them; 0: any number.")
      .def("memory", &Function::memory, "input_shapes"_a, "What running with these shapes takes.")
      .def("dump", &Function::dump, "input_shapes"_a, "The compiled steps, a line each.")
      .def("set_profiling", &Function::set_profiling, "on"_a, "Whether runs are timed step by step.")
      .def("profile", &Function::profile, "What profiled runs did.")
      .def_property_readonly("name", &Function::name, "Its name in files and errors.")
      .def_property_readonly("inputs", &Function::inputs, "Its input leaves.")
      .def_property_readonly("outputs", &Function::outputs, "Its outputs.")
      .def_property_readonly(
          "updates",
          [](const Function& function) {
            std::vector<std::pair<Variable, Value>> pairs;
            for (const Update& update : function.updates()) pairs.emplace_back(update.variable, update.value);
            return pairs;
          },
          "Which variables take which values at the end of a run.");
}
