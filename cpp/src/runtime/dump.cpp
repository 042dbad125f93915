// Program::dump: what a program does, one line a step.
#include <sstream>

#include "runtime/program.h"

namespace striate {
namespace {

std::string place(const ProgramParts& parts, const BufferRef& ref) {
  switch (ref.kind) {
    case BufferKind::none:
      return "-";
    case BufferKind::arena:
      return "@" + std::to_string(ref.place);
    case BufferKind::variable:
      return parts.variables[ref.place]->name;
    case BufferKind::input:
      return "input" + std::to_string(ref.place);
    case BufferKind::output:
      return "output" + std::to_string(ref.place);
    case BufferKind::constant:
      return "constant" + std::to_string(ref.place);
    case BufferKind::prepared:
      return "prepared" + std::to_string(ref.place);
  }
  return {};
}

void list(std::ostream& out, const ProgramParts& parts, const std::vector<Step>& steps, const char* title) {
  if (steps.empty()) return;
  out << title << ":\n";
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    out << "  " << i << "  " << (step.scope.empty() ? "-" : step.scope) << "  " << step.op;
    if (!step.attributes.empty()) out << " [" << step.attributes << "]";
    out << "  " << step.plan->kernel() << "  (";
    for (size_t b = 0; b < step.buffers.size(); ++b) out << (b ? ", " : "") << place(parts, step.buffers[b]);
    out << ")";
    if (step.cost.flops > 0) out << "  " << step.cost.flops / 1e6 << " Mflop";
    // A number of units before which all must be done.
    if (step.order.opens && step.order.after != StepOrder::kAll) out << "  after " << step.order.after;
    out << "\n";
  }
}

}  // namespace

std::string Program::dump() const {
  std::ostringstream out;
  const MemoryReport memory = this->memory();
  out << "program " << parts_.name << " on " << parts_.backend->name() << ", "
      << (parts_.parallel ? "all threads" : "one thread (little work)") << "\n";
  out << "arena " << memory.arena << " bytes, scratch " << memory.scratch << ", prepared " << memory.prepared
      << ", variables " << memory.variables << ", constants " << memory.constants << ", outputs " << memory.outputs
      << "\n";
  list(out, parts_, parts_.prepare, "prepare (when a variable has changed)");
  list(out, parts_, parts_.steps, "steps");
  return out.str();
}

}  // namespace striate
