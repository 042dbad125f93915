// Ops by name, for files and tools. A list instead of static initialisers, which linkers drop from static libraries.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "graph/op.h"

namespace striate {

// With its default attributes, to be set by a visitor. Error(value) for a name that ops.inc does not list.
std::shared_ptr<Op> make_op(std::string_view name);

std::vector<std::string_view> op_names();

}  // namespace striate
