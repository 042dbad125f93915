// Finds the kernels: which instruction sets this build has and this CPU runs, and their tables.
#include <cstdlib>
#include <string>

#include <striate/error.h>

#include "kernels/cast.h"
#include "kernels/conv.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/isa.h"
#include "kernels/layout.h"
#include "kernels/matmul.h"
#include "kernels/normalization.h"
#include "kernels/optimizer.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/softmax.h"

namespace striate {
namespace {

// One row per ISA the build compiled, in the order of Family; a table that was not compiled is never named.
#define STRIATE_FAMILY(name) &STRIATE_ROW::name##_table,
#define STRIATE_ROW baseline
const KernelTable* const kBaseline[] = {
#include "kernels/families.inc"
};
#undef STRIATE_ROW
#define STRIATE_ROW f64
const KernelTable* const kF64[] = {
#include "kernels/families.inc"
};
#undef STRIATE_ROW
#ifdef STRIATE_HAVE_avx2
#define STRIATE_ROW avx2
const KernelTable* const kAvx2[] = {
#include "kernels/families.inc"
};
#undef STRIATE_ROW
#endif
#ifdef STRIATE_HAVE_avx512
#define STRIATE_ROW avx512
const KernelTable* const kAvx512[] = {
#include "kernels/families.inc"
};
#undef STRIATE_ROW
#endif
#undef STRIATE_FAMILY

// The row of `isa`, or null where the build lacks it.
const KernelTable* const* row(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return kBaseline;
    case Isa::f64:
      return kF64;
#ifdef STRIATE_HAVE_avx2
    case Isa::avx2:
      return kAvx2;
#endif
#ifdef STRIATE_HAVE_avx512
    case Isa::avx512:
      return kAvx512;
#endif
    default:
      return nullptr;
  }
}

// The flags each ISA's objects are compiled with (cpp/CMakeLists.txt). The compiler's builtin asks the operating
// system too, which must save the wide registers.
bool cpu_runs(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
  return isa == Isa::baseline || isa == Isa::f64;
}

Isa choose_isa() {
  constexpr Isa kBestFirst[] = {Isa::avx512, Isa::avx2, Isa::baseline};
  const char* wanted = std::getenv("STRIATE_CPU_ISA");
  if (wanted == nullptr || *wanted == '\0') {
    for (Isa isa : kBestFirst)
      if (isa_available(isa)) return isa;
  }
  std::string runnable;
  for (Isa isa : kBestFirst) {
    if (!isa_available(isa)) continue;
    if (wanted != nullptr && std::string(isa_name(isa)) == wanted) return isa;
    runnable += (runnable.empty() ? "" : ", ") + std::string(isa_name(isa));
  }
  throw Error(ErrorKind::value, "STRIATE_CPU_ISA=\"" + std::string(wanted == nullptr ? "" : wanted) +
                                    "\" is not an instruction set this build can run on this CPU. Use one of: " +
                                    runnable + ", or unset it to take the first.");
}

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return "baseline";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::f64:
      return "f64";
  }
  return "unknown";
}

Isa cpu_isa() {
  static const Isa isa = choose_isa();  // a throw leaves it undecided, and the next call reports the mistake again
  return isa;
}

bool isa_available(Isa isa) { return row(isa) != nullptr && cpu_runs(isa); }

const KernelTable& kernel_table(Family family, Isa isa) {
  if (!isa_available(isa))
    throw Error(ErrorKind::runtime,
                "The kernels for " + std::string(isa_name(isa)) + " are not in this build or do not run on this CPU.");
  return *row(isa)[static_cast<int>(family)];
}

}  // namespace striate
