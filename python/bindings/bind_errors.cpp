// striate::Error as Python's exceptions.
#include <string_view>

#include "bindings.h"
#include "striate/error.h"

namespace py = pybind11;
using namespace striate;

namespace {

PyObject* shape_error = nullptr;  // lives as long as the process

PyObject* python_type(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::value:
      return PyExc_ValueError;
    case ErrorKind::shape:
      return shape_error;
    case ErrorKind::type:
      return PyExc_TypeError;
    case ErrorKind::index:
      return PyExc_IndexError;
    case ErrorKind::memory:
      return PyExc_MemoryError;
    case ErrorKind::runtime:
      break;
  }
  return PyExc_RuntimeError;
}

}  // namespace

void bind_errors(py::module_& module) {
  shape_error =
      PyErr_NewExceptionWithDoc("striate.errors.ShapeError", "Shapes do not fit together.", PyExc_ValueError, nullptr);
  if (shape_error == nullptr) throw py::error_already_set();
  module.add_object("ShapeError", py::reinterpret_borrow<py::object>(shape_error));
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
      // Files and their names may hold any bytes.
      const std::string_view text = error.what();
      const auto message = py::reinterpret_steal<py::object>(
          PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
      if (message) PyErr_SetObject(python_type(error.kind()), message.ptr());
    }
  });
}
