// striate._core: the engine's public headers as a Python module.
#include "bindings.h"
#include "striate/version.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The engine: graphs of operations on NumPy arrays, compiled and run.";
  module.attr("__version__") = STRIATE_VERSION;
  bind_errors(module);
  bind_tensor(module);
  bind_graph(module);
  bind_ops(module);
  bind_function(module);
  bind_model(module);
}
