// Attributes of ops, to JSON and back.
#pragma once

#include "graph/op.h"
#include "io/json.h"

namespace striate {

Json attributes_to_json(const Op& op);
// Error(value) for attributes that are missing, unknown or of another kind.
void attributes_from_json(Op& op, const Json& json, const std::string& where);

}  // namespace striate
