// Element types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "striate/export.h"

namespace striate {

// float32 computes; float64 does too, for checks; the integers are labels, counters and images.
enum class DType : int { float32, float64, int32, int64, uint8 };

STRIATE_API std::string_view dtype_name(DType dtype);      // "float32"
STRIATE_API DType dtype_from_name(std::string_view name);  // Error(type) if there is none
STRIATE_API int64_t dtype_bytes(DType dtype);
inline bool is_floating(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

}  // namespace striate
