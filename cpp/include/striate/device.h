// Threads and instruction set of this process.
#pragma once

#include <string>

#include "striate/export.h"

namespace striate {

// The number of threads that share a run's work; results do not depend on it. Default: STRIATE_NUM_THREADS, else the
// processors this process may use (affinity and cgroup quota). Error(value) below 1.
STRIATE_API void set_num_threads(int count);
STRIATE_API int num_threads();

// Whether convolutions may be computed by Winograd's algorithm, up to three times as fast, 5x5 kernels four times. In
// float32 the largest error is up to 1e-5 of the largest result, of weight gradients up to 2e-5, of 5x5 kernels up to
// 3e-5; of plain sums about 2e-6. Default: yes, unless STRIATE_WINOGRAD is 0. A change holds for runs that start
// afterwards.
STRIATE_API void set_winograd(bool allowed);
STRIATE_API bool winograd();

STRIATE_API std::string cpu_isa_name();  // "avx512", "avx2" or "baseline"; STRIATE_CPU_ISA overrides
STRIATE_API std::string version();

}  // namespace striate
