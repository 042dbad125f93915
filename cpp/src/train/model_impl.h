// What a Model handle points to.
#pragma once

#include "striate/model.h"

namespace striate {

struct Model::Impl {
  Parts parts;
};

}  // namespace striate
