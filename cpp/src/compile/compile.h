// Graph + concrete shapes -> Program.
#pragma once

#include "compile/graph.h"
#include "runtime/program.h"

namespace striate {

std::shared_ptr<const Program> compile(const std::string& name, const Graph& graph,
                                       const std::vector<Shape>& input_shapes,
                                       const std::shared_ptr<Workspace::Impl>& workspace);

}  // namespace striate
