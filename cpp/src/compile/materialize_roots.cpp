#include <set>

#include "compile/copy.h"
#include "compile/passes.h"

namespace striate {

Graph materialize_roots(const Graph& graph, Views& views) {
  Graph result = graph;
  std::set<std::pair<const Node*, int>> owned;
  auto materialize = [&](Value& value) {
    const Value source = views.viewed(value);
    const bool leaf = source.node()->kind != NodeKind::op;
    if (leaf || !owned.insert({source.node().get(), source.index()}).second) value = apply(Copy{}, {value});
  };
  for (Update& update : result.updates) materialize(update.value);
  for (Value& value : result.outputs) materialize(value);
  return result;
}

}  // namespace striate
