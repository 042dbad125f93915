// Finding the tables: every family is complete on every ISA that runs here.
#include <striate/error.h>

#include <cstdlib>
#include <cstring>

#include "doctest/doctest.h"
#include "kernels/isa.h"

using namespace striate;

namespace {

struct Entry {
  Family family;
  const char* name;
};
constexpr Entry kFamilies[] = {
#define STRIATE_FAMILY(name) {Family::name, #name},
#include "kernels/families.inc"
#undef STRIATE_FAMILY
};

TEST_CASE("dispatch: baseline and f64 are always there") {
  CHECK(isa_available(Isa::baseline));
  CHECK(isa_available(Isa::f64));
}

TEST_CASE("dispatch: every table is complete and answers to its family") {
  for (Isa isa : kIsas) {
    if (!isa_available(isa)) continue;
    for (const Entry& entry : kFamilies) {
      INFO(isa_name(isa), " ", entry.name);
      const KernelTable& table = kernel_table(entry.family, isa);
      CHECK(std::strcmp(table.family, entry.name) == 0);
      CHECK(table.count > 0);
      for (int f = 0; f < table.count; ++f) {
        REQUIRE(table.functions[f].count > 0);
        for (int k = 0; k < table.functions[f].count; ++k) {
          const Kernel& kernel = table.functions[f].kernels[k];
          INFO(table.functions[f].name, " ", kernel.name);
          CHECK((kernel.items != nullptr));
          CHECK((kernel.run != nullptr));
          CHECK(kernel.phases >= 1);
          CHECK((kernel.prepare == nullptr) == (kernel.prepared_input < 0));
        }
      }
    }
  }
}

TEST_CASE("dispatch: a missing ISA is an error, not a crash") {
  for (Isa isa : kIsas)
    if (!isa_available(isa)) CHECK_THROWS_AS(kernel_table(Family::conv, isa), Error);
}

TEST_CASE("dispatch: the chosen ISA is runnable, and named by STRIATE_CPU_ISA where that is set") {
  const char* wanted = std::getenv("STRIATE_CPU_ISA");
  const Isa isa = cpu_isa();
  CHECK(isa_available(isa));
  CHECK(isa != Isa::f64);
  if (wanted != nullptr && *wanted != '\0') CHECK(std::strcmp(isa_name(isa), wanted) == 0);
}

}  // namespace
