// In which order nodes run, what runs only when a variable has changed, and which updates are done in place.
#pragma once

#include <unordered_set>

#include "compile/graph.h"
#include "compile/views.h"

namespace striate {

struct Schedule {
  // Depend on variables and constants alone, none of which this program updates: run when a variable has changed.
  std::vector<std::shared_ptr<const Node>> prepare;
  std::vector<std::shared_ptr<const Node>> run;
  // Per update: its value may be written straight into the variable, since every reader has run by then.
  std::vector<bool> in_place;
};

Schedule schedule(const Graph& graph, Views& views);

}  // namespace striate
