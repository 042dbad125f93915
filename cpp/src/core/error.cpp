#include "striate/error.h"

namespace striate {

Error::~Error() = default;  // here, so that its type information lives in this library alone

}  // namespace striate
