// Which nodes only show their input's bytes in another shape.
#pragma once

#include "compile/graph.h"

namespace striate {

// Asks ops by lowering them into a recorder, once a node. Sizes must be known.
class Views {
 public:
  bool is_view(const Node& node);
  // The value whose bytes this one shows.
  Value viewed(Value value);

 private:
  int shown_input(const Node& node);  // -1: not a view

  // Nodes must outlive this, or another could get a seen one's address.
  std::unordered_map<const Node*, int> seen_;
};

}  // namespace striate
