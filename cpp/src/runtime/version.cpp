#include "striate/version.h"
#include "kernels/isa.h"
#include "striate/device.h"

namespace striate {

std::string version() { return STRIATE_VERSION; }
std::string cpu_isa_name() { return isa_name(cpu_isa()); }

}  // namespace striate
