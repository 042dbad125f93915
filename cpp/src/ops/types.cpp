#include "ops/types.h"

#include <algorithm>

#include "kernels/epilogue.h"

namespace striate {

std::string tuple_text(std::span<const int64_t> values) {
  std::string text = "(";
  for (size_t i = 0; i < values.size(); ++i) text += (i ? ", " : "") + std::to_string(values[i]);
  return text + (values.size() == 1 ? ",)" : ")");
}

void check_input_count(std::string_view op, const std::vector<ValueType>& inputs, size_t least, size_t most) {
  STRIATE_CHECK(inputs.size() >= least && inputs.size() <= most, value, op, "takes ", least,
                most == least ? "" : text_of(" to ", most), " inputs, got ", inputs.size(), ".");
}

void check_floating(std::string_view op, const char* name, const ValueType& x) {
  STRIATE_CHECK(is_floating(x.dtype), type, op, name, " is ", dtype_name(x.dtype),
                ". Expected float32 or float64. Cast it first: cast(", name, ", \"float32\").");
}

void check_same_dtype(std::string_view op, const char* name_a, const ValueType& a, const char* name_b,
                      const ValueType& b) {
  STRIATE_CHECK(a.dtype == b.dtype, type, op, name_a, " is ", dtype_name(a.dtype), " but ", name_b, " is ",
                dtype_name(b.dtype), ". Expected one type. Cast one of them: cast(", name_b, ", \"",
                dtype_name(a.dtype), "\").");
}

void check_shape(std::string_view op, const char* name, const ValueType& x, const Shape& expected, const char* why) {
  STRIATE_CHECK(compatible(x.shape, expected), shape, op, name, ".shape=", x.shape.text(), " does not fit. Expected ",
                expected.text(), ", ", why, ".");
}

ValueType signs_type(std::string_view op, const Shape& of) {
  STRIATE_CHECK(of.rank() > 0 && of.known() && of.back() % kSignChannels == 0, shape, op, "has no signs of shape ",
                of.text(), ". Expected channels in multiples of ", kSignChannels, ".");
  return {DType::uint8, Shape{of.elements() / 8}};
}

int normalize_axis(std::string_view op, int64_t axis, int rank) {
  STRIATE_CHECK(axis >= -rank && axis < rank, index, op, "axis ", axis, " is out of range: the value has ", rank,
                " axes. Expected ", -rank, " to ", rank - 1, ".");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int> normalize_axes(std::string_view op, const std::vector<int64_t>& axes, int rank) {
  std::vector<int> result;
  for (int64_t axis : axes) result.push_back(normalize_axis(op, axis, rank));
  std::sort(result.begin(), result.end());
  STRIATE_CHECK(std::adjacent_find(result.begin(), result.end()) == result.end(), value, op, "axes ", tuple_text(axes),
                " name an axis twice. Name each axis once.");
  if (axes.empty())
    for (int axis = 0; axis < rank; ++axis) result.push_back(axis);
  return result;
}

void check_range(std::string_view op, const char* name, const std::vector<int64_t>& values, int64_t least) {
  for (int64_t value : values)
    STRIATE_CHECK(value >= least && value <= kMostInRange, value, op, name, "=", tuple_text(values),
                  ". Expected numbers of at least ", least, " and at most ", kMostInRange, ".");
}

Shape refined(const Shape& a, const Shape& b) {
  Shape result = a;
  for (int axis = 0; axis < a.rank(); ++axis)
    if (a[axis] == kUnknown) result = result.with(axis, b[axis]);
  return result;
}

void visit_dtype(AttributeVisitor& visit, DType& dtype) {
  const std::string held(dtype_name(dtype));
  std::string name = held;
  visit("dtype", name);
  if (name != held) dtype = dtype_from_name(name);  // functions that are compiled side by side share their ops
}

Cost streaming_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs, double flops) {
  Cost cost{flops, 0};
  for (const auto* types : {&inputs, &outputs})
    for (const ValueType& type : *types)
      cost.bytes += static_cast<double>(type.shape.elements() * dtype_bytes(type.dtype));
  return cost;
}

}  // namespace striate
