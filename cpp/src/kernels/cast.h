// Conversions between element types, and the step counter. The same in every table.
#pragma once

#include "kernels/isa.h"

namespace striate {

enum class ElementType : int { float32, float64, int32, int64, uint8 };

// y[i] = (to) x[i]. Float to integer truncates toward zero and saturates; NaN gives 0.
struct CastShape {
  ElementType from, to;
  int64_t n;
};

// y[i] = x[i] + amount, int64.
struct IncrementShape {
  int64_t n;
  int64_t amount;
};

// buffers: cast (x, y); increment (x, y), in place allowed.
enum class CastFunction : int { cast, increment };

}  // namespace striate

STRIATE_DECLARE_TABLE(cast)
