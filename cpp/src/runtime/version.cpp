#include "kernels/isa.h"
#include "striate/device.h"
#include "striate/version.h"

namespace striate {

std::string version() { return STRIATE_VERSION; }
std::string cpu_isa_name() { return isa_name(cpu_isa()); }

}  // namespace striate
