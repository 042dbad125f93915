// Which convolutions write their results as channels of the concatenation that alone reads them.
#pragma once

#include <map>

#include "compile/schedule.h"
#include "kernels/epilogue.h"
#include "runtime/backend.h"

namespace striate {

struct PlacedPart {
  Value whole;
  Epilogue::Part part;
};
using PlacedParts = std::map<const Node*, PlacedPart>;  // by the convolution

PlacedParts place_parts(const Graph& graph, const Schedule& schedule, Views& views, const Backend& backend);

}  // namespace striate
