#include "runtime/program.h"

#include <algorithm>
#include <numeric>

#include "core/check.h"

namespace striate {

struct Program::Frame {
  const void* arena = nullptr;
  std::vector<void*> pointers;  // prepare steps' buffers, then steps'
  struct Slot {
    size_t pointer;
    int64_t index;
  };
  std::vector<Slot> inputs, outputs;  // pointers that change with every run
};

namespace {

// Holds a program's variables: alone those it updates, shared those it reads.
class VariableLocks {
 public:
  VariableLocks(const ProgramParts& parts, const std::vector<size_t>& order) : parts_(parts), order_(order) {
    for (size_t i : order_) {
      if (parts_.updated[i])
        parts_.variables[i]->mutex.lock();
      else
        parts_.variables[i]->mutex.lock_shared();
    }
  }
  ~VariableLocks() {
    for (size_t i : order_) {
      if (parts_.updated[i])
        parts_.variables[i]->mutex.unlock();
      else
        parts_.variables[i]->mutex.unlock_shared();
    }
  }
  VariableLocks(const VariableLocks&) = delete;
  VariableLocks& operator=(const VariableLocks&) = delete;

 private:
  const ProgramParts& parts_;
  const std::vector<size_t>& order_;
};

// Timed by itself: waits for all before, and is no part of a chain.
StepOrder alone(const StepOrder& order) { return {.turns = order.turns}; }

}  // namespace

Program::Program(ProgramParts parts, std::shared_ptr<Workspace::Impl> workspace)
    : parts_(std::move(parts)),
      workspace_(std::move(workspace)),
      lock_order_(parts_.variables.size()),
      seconds_(parts_.steps.size()) {
  std::iota(lock_order_.begin(), lock_order_.end(), size_t{0});
  std::sort(lock_order_.begin(), lock_order_.end(),
            [&](size_t a, size_t b) { return parts_.variables[a].get() < parts_.variables[b].get(); });
  parts_.scratch_bytes = aligned(parts_.scratch_bytes);
  parts_.arena_bytes = aligned(parts_.arena_bytes);
}

Program::~Program() = default;

std::unique_ptr<Program::Frame> Program::take_frame() const {
  std::lock_guard lock(frames_mutex_);
  if (frames_.empty()) return std::make_unique<Frame>();
  auto frame = std::move(frames_.back());
  frames_.pop_back();
  return frame;
}

void Program::execute(const std::vector<Step>& steps, Frame& frame, size_t first, int threads, char* scratch,
                      bool profiled, const std::vector<bool>& skipped) const {
  const Backend& backend = *parts_.backend;
  int units = 0;
  for (const Step& step : steps) units += step.plan->units();
  backend.submit(threads, scratch, parts_.scratch_bytes, units, [&](Stream& stream) {
    void* const* pointers = frame.pointers.data() + first;
    double before = 0, now = 0;
    const bool clock = profiled && backend.timestamp(stream, before);
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      const int count = static_cast<int>(step.buffers.size());
      if (skipped.empty() || !skipped[i])
        backend.enqueue(*step.plan, pointers, count, profiled ? alone(step.order) : step.order, stream);
      pointers += count;
      if (clock && backend.timestamp(stream, now)) {
        seconds_[i] += now - before;
        before = now;
      }
    }
  });
}

void Program::prepare_if_stale(Frame& frame, int threads, char* scratch) const {
  auto stale = [&] {
    return std::any_of(parts_.prepared.begin(), parts_.prepared.end(), [](const auto& p) { return !p->current(); });
  };
  // The variables are locked, so no version moves meanwhile; a program that finds its values current may read them
  // while another, which finds its own stale, waits here.
  std::lock_guard lock(workspace_->prepare_mutex);
  if (!stale()) return;
  // Current values are left alone: another program may be reading them now.
  std::vector<bool> skipped;
  for (const Step& step : parts_.prepare)
    skipped.push_back(step.prepares >= 0 && parts_.prepared[step.prepares]->current());
  execute(parts_.prepare, frame, 0, threads, scratch, false, skipped);
  for (const auto& value : parts_.prepared) value->mark();
}

std::vector<Tensor> Program::run(const std::vector<Tensor>& inputs) const {
  std::vector<Tensor> outputs;
  outputs.reserve(parts_.outputs.size());
  for (const ValueType& type : parts_.outputs) outputs.emplace_back(type.dtype, type.shape);

  const int threads = parts_.parallel ? parts_.backend->threads() : 1;
  auto arena = workspace_->acquire(parts_.arena_bytes + threads * parts_.scratch_bytes);
  char* base = static_cast<char*>(arena->data());
  auto frame = take_frame();
  if (frame->arena != base) {
    frame->arena = base;
    frame->pointers.clear();
    frame->inputs.clear();
    frame->outputs.clear();
    for (const auto* steps : {&parts_.prepare, &parts_.steps})
      for (const Step& step : *steps)
        for (const BufferRef& ref : step.buffers) {
          void* pointer = nullptr;
          switch (ref.kind) {
            case BufferKind::none:
              break;
            case BufferKind::arena:
              pointer = base + ref.place;
              break;
            case BufferKind::variable:
              pointer = parts_.variables[ref.place]->tensor.data();
              break;
            case BufferKind::constant:
              pointer = const_cast<void*>(parts_.constants[ref.place].data());
              break;
            case BufferKind::prepared:
              pointer = parts_.prepared[ref.place]->storage.data();
              break;
            case BufferKind::input:
              frame->inputs.push_back({frame->pointers.size(), ref.place});
              break;
            case BufferKind::output:
              frame->outputs.push_back({frame->pointers.size(), ref.place});
              break;
          }
          frame->pointers.push_back(pointer);
        }
  }
  for (const auto& slot : frame->inputs) frame->pointers[slot.pointer] = const_cast<void*>(inputs[slot.index].data());
  for (const auto& slot : frame->outputs) frame->pointers[slot.pointer] = outputs[slot.index].data();

  {
    const VariableLocks locks(parts_, lock_order_);
    char* scratch = base + parts_.arena_bytes;
    if (!parts_.prepared.empty()) prepare_if_stale(*frame, threads, scratch);
    size_t first = 0;
    for (const Step& step : parts_.prepare) first += step.buffers.size();
    const bool profiled = profiling_.load(std::memory_order_relaxed);
    std::unique_lock<std::mutex> profile_lock;
    if (profiled) profile_lock = std::unique_lock(profile_mutex_);
    execute(parts_.steps, *frame, first, threads, scratch, profiled);
    if (profiled) ++profiled_runs_;
    for (size_t i = 0; i < parts_.variables.size(); ++i)
      if (parts_.updated[i]) parts_.variables[i]->version.fetch_add(1, std::memory_order_release);
  }
  workspace_->release(std::move(arena));
  std::lock_guard lock(frames_mutex_);
  frames_.push_back(std::move(frame));
  return outputs;
}

MemoryReport Program::memory() const {
  MemoryReport report;
  for (const auto& variable : parts_.variables) report.variables += variable->tensor.bytes();
  for (const Tensor& constant : parts_.constants) report.constants += constant.bytes();
  for (const auto& value : parts_.prepared) report.prepared += value->storage.bytes();
  for (const ValueType& type : parts_.outputs) report.outputs += type.shape.elements() * dtype_bytes(type.dtype);
  report.arena = parts_.arena_bytes;
  report.scratch = parts_.scratch_bytes * (parts_.parallel ? parts_.backend->threads() : 1);
  return report;
}

void Program::set_profiling(bool on) const {
  std::lock_guard lock(profile_mutex_);
  profiling_.store(on);
  std::fill(seconds_.begin(), seconds_.end(), 0.0);
  profiled_runs_ = 0;
}

std::vector<StepProfile> Program::profile() const {
  std::lock_guard lock(profile_mutex_);
  std::vector<StepProfile> rows;
  for (size_t i = 0; i < parts_.steps.size(); ++i) {
    const Step& step = parts_.steps[i];
    rows.push_back(
        {step.scope, step.op, step.plan->kernel(), seconds_[i], step.cost.flops, step.cost.bytes, profiled_runs_});
  }
  return rows;
}

}  // namespace striate
