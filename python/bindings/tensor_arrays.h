// How engine types cross the border: Tensor <-> numpy.ndarray, Shape <-> tuple (None: unknown), DType <-> "float32",
// Padding <- "same" or ((1, 1), (0, 2)). Every source of the module includes this, so that all agree.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "striate/error.h"
#include "striate/ops.h"
#include "striate/tensor.h"

namespace py = pybind11;

// Shares the array's memory, which the tensor keeps alive, if it is contiguous and aligned; else copies it. Error(type)
// if the engine has no such element type.
striate::Tensor to_tensor(py::array array);
py::array to_array(const striate::Tensor& tensor);  // shares the tensor's memory

striate::Shape to_shape(const py::sequence& sizes);
py::tuple to_tuple(const striate::Shape& shape);

striate::DType to_dtype(const py::handle& name);  // "float32", numpy.float32, numpy.dtype("float32")

namespace pybind11::detail {

template <>
struct type_caster<striate::Tensor> {
  PYBIND11_TYPE_CASTER(striate::Tensor, const_name("numpy.ndarray"));

  bool load(handle source, bool) {
    if (isinstance<array>(source)) {
      value = to_tensor(reinterpret_borrow<array>(source));
      return true;
    }
    if (!hasattr(source, "dtype") || !hasattr(source, "ndim")) return false;  // else a NumPy scalar
    array found = array::ensure(source);
    if (!found) throw error_already_set();
    value = to_tensor(std::move(found));
    return true;
  }
  static handle cast(const striate::Tensor& tensor, return_value_policy, handle) { return to_array(tensor).release(); }
};

template <>
struct type_caster<striate::Shape> {
  PYBIND11_TYPE_CASTER(striate::Shape, const_name("tuple[int | None, ...]"));

  bool load(handle source, bool) {
    if (!isinstance<tuple>(source) && !isinstance<list>(source)) return false;
    value = to_shape(reinterpret_borrow<sequence>(source));
    return true;
  }
  static handle cast(const striate::Shape& shape, return_value_policy, handle) { return to_tuple(shape).release(); }
};

template <>
struct type_caster<striate::DType> {
  PYBIND11_TYPE_CASTER(striate::DType, const_name("str"));

  bool load(handle source, bool) {
    value = to_dtype(source);
    return true;
  }
  static handle cast(striate::DType dtype, return_value_policy, handle) {
    return str(std::string(striate::dtype_name(dtype))).release();
  }
};

template <>
struct type_caster<striate::ops::Padding> {
  PYBIND11_TYPE_CASTER(striate::ops::Padding, const_name("str | Sequence[tuple[int, int]]"));

  bool load(handle source, bool) {
    value = striate::ops::Padding();
    if (isinstance<str>(source)) {
      value.mode = source.cast<std::string>();
      return true;
    }
    make_caster<std::vector<std::pair<int64_t, int64_t>>> pairs;
    if (!pairs.load(source, true)) return false;
    value.mode = "explicit";
    for (const auto& [lo, hi] : cast_op<std::vector<std::pair<int64_t, int64_t>>&>(pairs)) {
      value.lo.push_back(lo);
      value.hi.push_back(hi);
    }
    return true;
  }
};

}  // namespace pybind11::detail
