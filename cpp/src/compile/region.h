// What passes ask a backend to make one step of.
#pragma once

#include "ops/fused.h"
#include "runtime/backend.h"

namespace striate {

template <class Anchor>
Region region_of(const FusedEpilogue& fused) {
  Region region;
  region.anchor = Anchor::kName;
  region.bias = fused.bias;
  region.activation = fused.activation;
  region.pooling = fused.pooling;
  return region;
}

}  // namespace striate
