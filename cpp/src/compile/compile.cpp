#include "compile/compile.h"

#include "compile/lower.h"
#include "compile/passes.h"
#include "core/check.h"

namespace striate {
namespace {

// Below this a second thread costs more than it does: about 20 microseconds of work at 50 GFLOP/s and 20 GB/s, against
// 3-5 for opening a parallel region and 1 for each step that waits.
constexpr double kSerialSeconds = 20e-6;

// Of the images a step reads and writes. Turning costs steps that find all in the caches anyway (ResNet-18, one image:
// 6%).
constexpr int64_t kTurningBytes = 8 << 20;

int64_t walked(const Lowered& lowered, const LoweredStep& step) {
  int64_t bytes = 0;
  for (const auto& ids : {step.inputs, step.outputs})
    for (BufferId id : ids) {
      if (id == kNoBuffer) continue;
      const LoweredBuffer& buffer = lowered.buffers[id];
      if (buffer.kind != BufferKind::variable && buffer.kind != BufferKind::prepared) bytes += buffer.bytes;
    }
  return bytes;
}

BufferRef place_of(const Lowered& lowered, BufferId id, const std::vector<int64_t>& prepared_index) {
  if (id == kNoBuffer) return {};
  const LoweredBuffer& buffer = lowered.buffers[id];
  return {buffer.kind, buffer.kind == BufferKind::prepared ? prepared_index[id] : buffer.place};
}

std::vector<Step> placed(const Lowered& lowered, const std::vector<LoweredStep>& steps,
                         const std::vector<int64_t>& prepared_index, const std::vector<StepOrder>& orders) {
  std::vector<Step> result;
  for (size_t i = 0; i < steps.size(); ++i) {
    const LoweredStep& from = steps[i];
    Step step;
    step.plan = from.plan;
    for (BufferId id : from.inputs) step.buffers.push_back(place_of(lowered, id, prepared_index));
    for (BufferId id : from.outputs) {
      step.buffers.push_back(place_of(lowered, id, prepared_index));
      if (lowered.buffers[id].kind == BufferKind::prepared) step.prepares = prepared_index[id];
    }
    step.buffers.push_back(place_of(lowered, from.workspace, prepared_index));
    if (i < orders.size()) step.order = orders[i];
    step.scope = from.scope;
    step.op = from.op;
    step.attributes = from.attributes;
    step.cost = from.cost;
    step.order.turns = walked(lowered, from) >= kTurningBytes;
    result.push_back(std::move(step));
  }
  return result;
}

// MemoryReport::total() without the arena.
int64_t bytes_besides_arena(const Lowered& lowered, const Graph& graph, int threads) {
  int64_t bytes = threads * aligned(lowered.scratch_bytes);
  for (const auto& variable : lowered.variables) bytes += variable->tensor.bytes();
  for (const Tensor& constant : lowered.constants) bytes += constant.bytes();
  for (const LoweredBuffer& buffer : lowered.buffers)
    if (buffer.kind == BufferKind::prepared) bytes += buffer.bytes;
  for (const Value& value : graph.outputs) bytes += value.type().shape.elements() * dtype_bytes(value.dtype());
  return bytes;
}

// Known only now where a shape hangs on the batch: the memory of a variable has one size.
void check_updates(const std::string& name, const Graph& graph) {
  for (const Update& update : graph.updates)
    STRIATE_CHECK(update.value.shape() == update.variable.shape(), shape, name, "the update of '",
                  update.variable.name(), "' has shape ", update.value.shape().text(), " here, the variable ",
                  update.variable.shape().text(), ". Reduce it to a shape that does not depend on the batch.");
}

[[noreturn]] void refuse(const std::string& name, const Graph& graph, int64_t max_memory, int64_t arena,
                         int64_t besides) {
  std::string shapes;
  for (const Value& value : graph.inputs) shapes += (shapes.empty() ? "" : ", ") + value.shape().text();
  fail(ErrorKind::memory, name, "max_memory=", max_memory, " bytes is not enough for inputs of shapes ", shapes,
       ": with all made again that helps, a run takes ", arena + besides, ", of which ", besides,
       " whatever the activations take (variables, optimizer slots, scratch). Use a smaller batch, or max_memory of at "
       "least ",
       arena + besides, ".");
}

}  // namespace

std::shared_ptr<const Program> compile(const std::string& name, const Graph& traced,
                                       const std::vector<Shape>& input_shapes,
                                       const std::shared_ptr<Workspace::Impl>& workspace, int64_t max_memory) {
  const Backend& backend = cpu_backend();
  Graph graph = specialize(traced, input_shapes);
  check_updates(name, graph);
  graph = remove_identities(graph);
  graph = share_common_expressions(graph);
  graph = fuse_softmax_loss(graph);
  graph = fuse_batch_norm(graph);
  graph = move_relu_gradients(graph);
  graph = fuse_epilogues(graph, backend);
  graph = fold_batch_norm(graph);
  graph = fuse_epilogues(graph, backend);  // activations after a folded normalization
  graph = mask_residuals(graph);
  graph = pack_masks(graph);
  if (max_memory == 0) graph = fuse_normalized_inputs(graph, backend);
  graph = fuse_input_pooling(graph, backend);
  graph = fuse_updates(graph);
  Views views;
  graph = materialize_roots(graph, views);
  const Schedule order = schedule(graph, views);
  Lowered lowered = lower(graph, order, views, backend);

  const bool parallel = lowered.cost.flops / 50e9 + lowered.cost.bytes / 20e9 > kSerialSeconds;
  const int64_t besides = bytes_besides_arena(lowered, graph, parallel ? backend.threads() : 1);
  if (max_memory > 0) recompute(lowered, max_memory - besides);

  ProgramParts parts;
  parts.arena_bytes = plan_memory(lowered);
  if (max_memory > 0 && aligned(parts.arena_bytes) + besides > max_memory)
    refuse(name, graph, max_memory, aligned(parts.arena_bytes), besides);
  std::vector<int64_t> prepared_index(lowered.buffers.size(), -1);
  std::vector<Workspace::Impl::Wanted> wanted;
  for (size_t i = 0; i < lowered.buffers.size(); ++i) {
    const LoweredBuffer& buffer = lowered.buffers[i];
    if (buffer.kind != BufferKind::prepared) continue;
    prepared_index[i] = static_cast<int64_t>(wanted.size());
    wanted.push_back({backend.name() + buffer.key, buffer.bytes, buffer.sources});
  }
  parts.prepared = workspace->prepared(wanted);
  parts.name = name;
  parts.backend = &backend;
  parts.prepare = placed(lowered, lowered.prepare, prepared_index, {});
  parts.steps = placed(lowered, lowered.steps, prepared_index, order_steps(lowered));
  for (const Value& value : graph.outputs) parts.outputs.push_back(value.type());
  parts.variables = std::move(lowered.variables);
  parts.updated = std::move(lowered.updated);
  parts.constants = std::move(lowered.constants);
  parts.scratch_bytes = lowered.scratch_bytes;
  parts.parallel = parallel;
  return std::make_shared<Program>(std::move(parts), workspace);
}

}  // namespace striate
