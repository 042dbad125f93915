#include "striate/dtype.h"

#include "core/check.h"

namespace striate {
namespace {

struct Entry {
  std::string_view name;
  int64_t bytes;
};
constexpr Entry kTypes[] = {{"float32", 4}, {"float64", 8}, {"int32", 4}, {"int64", 8}, {"uint8", 1}};

}  // namespace

std::string_view dtype_name(DType dtype) { return kTypes[static_cast<int>(dtype)].name; }
int64_t dtype_bytes(DType dtype) { return kTypes[static_cast<int>(dtype)].bytes; }

DType dtype_from_name(std::string_view name) {
  for (int i = 0; i < 5; ++i)
    if (kTypes[i].name == name) return static_cast<DType>(i);
  throw Error(ErrorKind::type,
              text_of("[dtype] unknown element type '", name, "'. Use float32, float64, int32, int64 or uint8."));
}

}  // namespace striate
