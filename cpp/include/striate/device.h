// Threads and instruction set of this process.
#pragma once

#include <string>

#include "striate/export.h"

namespace striate {

// The number of threads that share a run's work; results do not depend on it. Default: STRIATE_NUM_THREADS, else the
// processors this process may use (affinity and cgroup quota). Error(value) below 1.
STRIATE_API void set_num_threads(int count);
STRIATE_API int num_threads();

STRIATE_API std::string cpu_isa_name();  // "avx512", "avx2" or "baseline"; STRIATE_CPU_ISA overrides
STRIATE_API std::string version();

}  // namespace striate
