// Which steps wait for which: a weight gradient and the input gradient after it read the same memory and write apart,
// so a thread that is done with its share of the one goes on with the other. What can be waited for is a unit: a phase
// of a step, or a chain of serial steps.
#include <algorithm>

#include "compile/lower.h"

namespace striate {
namespace {

// A stretch of memory a step touches: bytes of the arena, or a whole buffer of another kind.
struct Touch {
  BufferKind kind;
  int64_t begin, end;
  bool written;
};

bool conflict(const std::vector<Touch>& a, const std::vector<Touch>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Touch& x) {
    return std::any_of(b.begin(), b.end(), [&](const Touch& y) {
      return x.kind == y.kind && (x.written || y.written) && x.begin < y.end && y.begin < x.end;
    });
  });
}

std::vector<Touch> touches(const Lowered& lowered, const LoweredStep& step) {
  std::vector<Touch> result;
  auto touch = [&](BufferId id, bool written) {
    if (id == kNoBuffer) return;
    const LoweredBuffer& buffer = lowered.buffers[id];
    if (buffer.kind == BufferKind::arena)
      result.push_back({buffer.kind, buffer.place, buffer.place + buffer.bytes, written});
    else if (written || buffer.kind == BufferKind::variable || buffer.kind == BufferKind::output)
      result.push_back({buffer.kind, buffer.place, buffer.place + 1, written});
  };
  for (BufferId id : step.inputs) touch(id, false);
  for (BufferId id : step.outputs) touch(id, true);
  touch(step.workspace, true);
  return result;
}

}  // namespace

std::vector<StepOrder> order_steps(const Lowered& lowered) {
  const size_t count = lowered.steps.size();
  std::vector<StepOrder> orders(count);
  std::vector<std::vector<Touch>> touched;
  std::vector<int> unit_after(count);  // the unit that follows a step's own
  int units = 0;
  size_t chain = 0;  // the first step of the serial chain the current one belongs to
  for (size_t i = 0; i < count; ++i) {
    const Plan& plan = *lowered.steps[i].plan;
    touched.push_back(touches(lowered, lowered.steps[i]));
    StepOrder& order = orders[i];
    order.opens = !plan.serial() || i == 0 || !lowered.steps[i - 1].plan->serial();
    order.closes = !plan.serial() || i + 1 == count || !lowered.steps[i + 1].plan->serial();
    if (order.opens) chain = i;
    int after = order.opens ? 0 : orders[chain].after;
    for (size_t j = chain; j-- > 0 && unit_after[j] > after;)
      if (conflict(touched[j], touched[i])) after = unit_after[j];
    orders[chain].after = after;
    if (order.closes) units += plan.units();
    unit_after[i] = units + !order.closes;
  }
  return orders;
}

}  // namespace striate
