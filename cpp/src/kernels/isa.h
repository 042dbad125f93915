// The instruction sets kernels are compiled for, and how a family's tables are found.
#pragma once

#include "kernels/kernel.h"

namespace striate {

// Worst first. f64 is not an instruction set but one more row: the same sources with double in
// place of float and baseline flags, for float64 models, gradient checks and accuracy references.
enum class Isa { baseline, avx2, avx512, f64 };
inline constexpr Isa kIsas[] = {Isa::baseline, Isa::avx2, Isa::avx512, Isa::f64};

const char* isa_name(Isa isa);

// The best the CPU can run that was compiled in, or what STRIATE_CPU_ISA names. Decided once.
// Throws Error(value) when STRIATE_CPU_ISA names an ISA unknown or not runnable here.
Isa cpu_isa();

// Whether this build has the tables of `isa` and this CPU can run them.
bool isa_available(Isa isa);

// kernels/families.inc lists the families; each has a table per ISA.
enum class Family {
#define STRIATE_FAMILY(name) name,
#include "kernels/families.inc"
#undef STRIATE_FAMILY
};

const KernelTable& kernel_table(Family family, Isa isa);

}  // namespace striate

// Put in a family's header: declares `striate::<isa>::<family>_table` for each ISA.
#define STRIATE_DECLARE_TABLE(family)      \
  namespace striate {                      \
  namespace baseline {                     \
  extern const KernelTable family##_table; \
  }                                        \
  namespace avx2 {                         \
  extern const KernelTable family##_table; \
  }                                        \
  namespace avx512 {                       \
  extern const KernelTable family##_table; \
  }                                        \
  namespace f64 {                          \
  extern const KernelTable family##_table; \
  }                                        \
  }
