#include "ops/registry.h"

#include <unordered_map>

#include "core/check.h"
#include "ops/families.h"

namespace striate {
namespace {

template <class OpType>
std::shared_ptr<Op> make_default() {
  return std::make_shared<OpType>();
}

}  // namespace

std::shared_ptr<Op> make_op(std::string_view name) {
  static const std::unordered_map<std::string_view, std::shared_ptr<Op> (*)()> makers{
#define STRIATE_OP(Type) {Type::kName, make_default<Type>},
#include "ops/ops.inc"
#undef STRIATE_OP
  };
  const auto maker = makers.find(name);
  STRIATE_CHECK(maker != makers.end(), value, "make_op", "there is no op \"", name,
                "\". Expected one this version knows; a newer version may have written the file.");
  return maker->second();
}

std::vector<std::string_view> op_names() {
  return {
#define STRIATE_OP(Type) Type::kName,
#include "ops/ops.inc"
#undef STRIATE_OP
  };
}

}  // namespace striate
