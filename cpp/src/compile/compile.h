// Graph + concrete shapes -> Program.
#pragma once

#include "compile/graph.h"
#include "runtime/program.h"

namespace striate {

// Error(memory) if a run would take more than `max_memory` bytes (Program::memory().total(); 0: any number) even with
// all recomputed that can be.
std::shared_ptr<const Program> compile(const std::string& name, const Graph& graph,
                                       const std::vector<Shape>& input_shapes,
                                       const std::shared_ptr<Workspace::Impl>& workspace, int64_t max_memory = 0);

}  // namespace striate
