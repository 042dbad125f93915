// Conversions between NumPy's world and the engine's.
#include "tensor_arrays.h"

#include <pybind11/gil_safe_call_once.h>

#include <algorithm>
#include <array>

using namespace striate;

namespace {

constexpr std::array kDTypes = {DType::float32, DType::float64, DType::int32, DType::int64, DType::uint8};

// Looked up by name once; never given back, since Python may be gone before this library is. NumPy may let other
// threads have the interpreter meanwhile, which a static of C++ would then lock out for good.
py::dtype numpy_dtype(DType dtype) {
  using Table = std::array<PyObject*, kDTypes.size()>;
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<Table> storage;
  const Table& found = storage
                           .call_once_and_store_result([] {
                             Table dtypes;
                             for (size_t i = 0; i < dtypes.size(); ++i)
                               dtypes[i] = py::dtype(std::string(dtype_name(kDTypes[i]))).release().ptr();
                             return dtypes;
                           })
                           .get_stored();
  const auto at = std::find(kDTypes.begin(), kDTypes.end(), dtype) - kDTypes.begin();
  return py::reinterpret_borrow<py::dtype>(found[at]);
}

DType dtype_of(const py::array& array) {
  const auto& api = py::detail::npy_api::get();
  for (DType dtype : kDTypes)
    if (api.PyArray_EquivTypes_(array.dtype().ptr(), numpy_dtype(dtype).ptr())) return dtype;
  throw Error(ErrorKind::type, "[tensor] an array of type " + py::str(array.dtype()).cast<std::string>() +
                                   " cannot be used. Cast it to float32, float64, int32, int64 or uint8.");
}

}  // namespace

Tensor to_tensor(py::array array) {
  const DType dtype = dtype_of(array);
  constexpr int kUsable = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  if ((array.flags() & kUsable) != kUsable) array = py::array(array.attr("copy")("C"));
  std::vector<int64_t> sizes(array.shape(), array.shape() + array.ndim());
  const Shape shape{std::span<const int64_t>(sizes)};
  void* data = const_cast<void*>(array.data());
  PyObject* owner = array.release().ptr();
  // Called by whichever thread drops the last handle, perhaps while Python shuts down.
  return Tensor::wrap(data, dtype, shape, [owner] {
    if (!Py_IsInitialized()) return;
    py::gil_scoped_acquire gil;
    Py_DECREF(owner);
  });
}

py::array to_array(const Tensor& tensor) {
  auto* kept = new Tensor(tensor);
  py::capsule owner(kept, [](void* pointer) { delete static_cast<Tensor*>(pointer); });
  const std::vector<py::ssize_t> sizes(tensor.shape().begin(), tensor.shape().end());
  return py::array(numpy_dtype(tensor.dtype()), sizes, kept->data(), owner);
}

Shape to_shape(const py::sequence& sizes) {
  std::vector<int64_t> known;
  for (const py::handle size : sizes) known.push_back(size.is_none() ? kUnknown : size.cast<int64_t>());
  return Shape{std::span<const int64_t>(known)};
}

py::tuple to_tuple(const Shape& shape) {
  py::tuple sizes(shape.rank());
  for (int axis = 0; axis < shape.rank(); ++axis)
    sizes[axis] = shape[axis] == kUnknown ? py::object(py::none()) : py::object(py::int_(shape[axis]));
  return sizes;
}

DType to_dtype(const py::handle& name) {
  if (py::isinstance<py::str>(name)) return dtype_from_name(name.cast<std::string>());
  const py::dtype dtype = py::dtype::from_args(py::reinterpret_borrow<py::object>(name));
  return dtype_from_name(dtype.attr("name").cast<std::string>());
}
