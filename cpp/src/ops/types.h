// Checks of types and axes that every family of ops makes, in one wording.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "graph/op.h"

namespace striate {

std::string tuple_text(std::span<const int64_t> values);  // "(3, 3)", "(3,)"

// Graphs come from files too, so the number of inputs is never taken for granted. Error(value).
void check_input_count(std::string_view op, const std::vector<ValueType>& inputs, size_t least, size_t most);
inline void check_input_count(std::string_view op, const std::vector<ValueType>& inputs, size_t count) {
  check_input_count(op, inputs, count, count);
}
// Error(type): kernels compute in float32 and float64 alone.
void check_floating(std::string_view op, const char* name, const ValueType& x);
void check_same_dtype(std::string_view op, const char* name_a, const ValueType& a, const char* name_b,
                      const ValueType& b);
// Error(shape) unless the value may have this shape.
void check_shape(std::string_view op, const char* name, const ValueType& x, const Shape& expected, const char* why);

// The type of a value's signs (Epilogue::signs), of known sizes. Error(shape) where channels are no whole runs of
// kSignChannels.
ValueType signs_type(std::string_view op, const Shape& of);

// Error(value) unless strides, margins and the like are numbers from `least` to this, with which sizes can be computed.
constexpr int64_t kMostInRange = int64_t{1} << 30;
void check_range(std::string_view op, const char* name, const std::vector<int64_t>& values, int64_t least);

// Axis in [0, rank), from one that may count from the end. Error(index).
int normalize_axis(std::string_view op, int64_t axis, int rank);
// The same for a list, sorted and each at most once; an empty list means all axes.
std::vector<int> normalize_axes(std::string_view op, const std::vector<int64_t>& axes, int rank);

// Sizes known from either of two views of one shape; they must be compatible.
Shape refined(const Shape& a, const Shape& b);

// A type among an op's attributes.
void visit_dtype(AttributeVisitor& visit, DType& dtype);

// Everything read once and written once.
Cost streaming_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs, double flops);

}  // namespace striate
