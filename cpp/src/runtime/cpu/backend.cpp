// The CPU behind the seam: plans pick a kernel from the ISA's table by its cost model, enqueueing runs this thread's
// share of the items.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "core/check.h"
#include "core/progress.h"
#include "runtime/backend.h"
#include "striate/device.h"

namespace striate {
namespace {

constexpr int kMaxPhases = 8;
constexpr int64_t kManyItems = 8;  // fewer do not walk through memory
constexpr int64_t kPieces = 8;     // that one thread takes, from the last on, where it goes backwards

std::atomic<bool>& winograd_setting() {
  static std::atomic<bool> allowed = [] {
    const char* text = std::getenv("STRIATE_WINOGRAD");
    if (!text || !std::strcmp(text, "1")) return true;
    if (!std::strcmp(text, "0")) return false;
    throw Error(ErrorKind::value, text_of("[winograd] STRIATE_WINOGRAD='", text, "' is neither 0 nor 1."));
  }();
  return allowed;
}

// A byte of a prepared input: 9 to 38 MB of Winograd's points and 1 to 9 MB of panels took 0.36 to 0.49 (Zen 5).
constexpr double kPrepareCycles = 0.45;

class CpuPlan : public Plan {
 public:
  CpuPlan(const KernelCall& call, const Kernel& kernel, std::string why)
      : shape_(call.shape), kernel_(&kernel), why_(std::move(why)) {
    phases_ = kernel.phases;
    for (int phase = 0; phase < phases_; ++phase) items_[phase] = kernel.items(shape_.data(), phase);
    if (kernel.workspace) workspace_ = kernel.workspace(shape_.data());
    if (kernel.scratch) scratch_ = kernel.scratch(shape_.data());
    if (scratch_ > 0) scratch_ += kScratchGap;
    serial_ = phases_ == 1 && items_[0] <= 1;
    for (int phase = 0; phase < phases_; ++phase) units_ += items_[phase] > 0;
  }

  std::string kernel() const override { return why_; }
  int64_t workspace_bytes() const override { return workspace_; }
  int64_t scratch_bytes() const override { return scratch_; }
  int prepared_input() const override { return kernel_->prepare ? kernel_->prepared_input : -1; }
  int64_t prepared_bytes() const override { return kernel_->prepare->bytes(shape_.data()); }
  std::shared_ptr<const Plan> prepare() const override;
  std::string prepare_key() const override {
    int64_t traits[kMostTraits];
    const int64_t count = kernel_->prepare->traits(shape_.data(), traits);
    std::string key = kernel_->prepare->name;
    for (int64_t i = 0; i < count; ++i) key += ":" + std::to_string(traits[i]);
    return key;
  }
  bool serial() const override { return serial_; }
  int units() const override { return serial_ ? 1 : units_; }

  // fresh: this thread's first part of the phase.
  virtual void run(int phase, void* const* buffers, int count, void* scratch, bool fresh, int64_t begin,
                   int64_t end) const {
    const KernelArgs args{buffers, buffers[count - 1], scratch, fresh};
    kernel_->run(shape_.data(), args, phase, begin, end);
  }

  int phases() const { return phases_; }
  int64_t items(int phase) const { return items_[phase]; }

 protected:
  CpuPlan(std::vector<unsigned char> shape, const Kernel* kernel) : shape_(std::move(shape)), kernel_(kernel) {}

  std::vector<unsigned char> shape_;
  const Kernel* kernel_;
  std::string why_;
  int phases_ = 1, units_ = 0;
  int64_t items_[kMaxPhases] = {};
  int64_t workspace_ = 0, scratch_ = 0;
  bool serial_ = false;
};

// buffers: source, prepared, (workspace).
class CpuPreparePlan final : public CpuPlan {
 public:
  CpuPreparePlan(const std::vector<unsigned char>& shape, const Kernel* kernel) : CpuPlan(shape, kernel) {
    why_ = kernel->prepare->name;
    items_[0] = kernel->prepare->items(shape_.data());
    serial_ = items_[0] <= 1;
    units_ = 1;
  }
  int prepared_input() const override { return -1; }
  void run(int, void* const* buffers, int, void*, bool, int64_t begin, int64_t end) const override {
    kernel_->prepare->run(shape_.data(), buffers[0], buffers[1], begin, end);
  }
};

std::shared_ptr<const Plan> CpuPlan::prepare() const { return std::make_shared<CpuPreparePlan>(shape_, kernel_); }

struct CpuStream : Stream {
  TeamMember member;
  void* scratch;
  Progress* progress;
  int next = 0;            // the unit enqueued next
  int done = 0;            // units before it are known to be done
  bool holds = false;      // runs the open chain of serial steps
  bool backwards = false;  // whether the next unit goes from its end to its begin

  void wait(int after) {
    for (; done < std::min(after, next); ++done)
      if (member.count > 1) progress->wait(done);
  }
};

class CpuBackend final : public Backend {
 public:
  std::string name() const override { return std::string("cpu ") + isa_name(cpu_isa()); }

  bool claim(const Region& region) const override {
    const bool anchor = region.anchor == "conv" || region.anchor == "conv_input_gradient" || region.anchor == "matmul";
    if ((region.pooling != "none" || region.part || region.pools_input) && region.anchor != "conv") return false;
    if (region.pooling != "none" && (region.part || region.pools_input)) return false;
    if (region.normalizes_input && (region.anchor == "matmul" || region.pooling != "none" || region.pools_input))
      return false;
    return anchor && (region.activation == "none" || region.activation == "relu" || region.activation == "sigmoid" ||
                      region.activation == "tanh");
  }

  std::shared_ptr<const Plan> plan(const KernelCall& call) const override {
    const Isa isa = call.dtype == DType::float64 ? Isa::f64 : cpu_isa();
    const KernelTable& table = kernel_table(call.family, isa);
    const KernelFunction& function = table.functions[call.function];
    const Kernel* best = nullptr;
    double best_cost = 0;
    std::string others;
    for (int i = 0; i < function.count; ++i) {
      const Kernel& kernel = function.kernels[i];
      if (kernel.winograd && !winograd()) continue;
      double cost = kernel.cost ? kernel.cost(call.shape.data()) : 0;
      if (cost < 0) continue;
      if (kernel.prepare && !(call.lasting >> kernel.prepared_input & 1))
        cost += kPrepareCycles * static_cast<double>(kernel.prepare->bytes(call.shape.data()));
      if (!best || cost < best_cost) {
        if (best) others += text_of("; ", best->name, " ", best_cost);
        best = &kernel;
        best_cost = cost;
      } else {
        others += text_of("; ", kernel.name, " ", cost);
      }
    }
    if (!best)
      throw Error(ErrorKind::runtime, text_of("[", table.family, ".", function.name, "] no ", isa_name(isa),
                                              " kernel can do this shape. Please report it."));
    std::string why = text_of(table.family, ".", function.name, " ", best->name);
    if (best->cost) why += text_of(" (", best_cost, " cycles", others, ")");
    return std::make_shared<CpuPlan>(call, *best, std::move(why));
  }

  void submit(int threads, void* scratch, int64_t scratch_bytes, int units,
              const std::function<void(Stream&)>& enqueue_all) const override {
    static thread_local Progress progress;  // of the submissions of this thread, one at a time
    if (threads > 1) progress.reset(units, threads);
    auto work = [&, shared = &progress](const TeamMember& member) {
      CpuStream stream;
      stream.member = member;
      stream.scratch =
          scratch_bytes ? static_cast<char*>(scratch) + member.index * scratch_bytes + kScratchGap : nullptr;
      stream.progress = shared;
      enqueue_all(stream);
    };
    run_team(threads, work);
  }

  void enqueue(const Plan& plan, void* const* buffers, int count, const StepOrder& order,
               Stream& any_stream) const override {
    const auto& cpu_plan = static_cast<const CpuPlan&>(plan);
    auto& stream = static_cast<CpuStream&>(any_stream);
    int64_t begin = 0, end = 0;
    if (cpu_plan.serial()) {
      if (order.opens)
        stream.holds =
            stream.member.count == 1 || stream.progress->claim(stream.next, stream.member, 1, false, begin, end);
      if (stream.holds) {
        if (order.opens) stream.wait(order.after);
        if (cpu_plan.items(0) > 0) cpu_plan.run(0, buffers, count, stream.scratch, true, 0, 1);
        if (order.closes && stream.member.count > 1) stream.progress->finish(stream.next, 1, 1);
      }
      stream.next += order.closes;
      return;
    }
    int after = order.after;
    for (int phase = 0; phase < cpu_plan.phases(); ++phase) {
      const int64_t items = cpu_plan.items(phase);
      if (items == 0) continue;
      stream.wait(after);
      if (stream.member.count == 1) {
        const int64_t piece = stream.backwards ? (items + kPieces - 1) / kPieces : items;
        for (int64_t last = items; last > 0; last -= piece)
          cpu_plan.run(phase, buffers, count, stream.scratch, last == items, std::max<int64_t>(last - piece, 0), last);
      } else {
        int64_t done = 0;
        while (stream.progress->claim(stream.next, stream.member, items, stream.backwards, begin, end)) {
          cpu_plan.run(phase, buffers, count, stream.scratch, done == 0, begin, end);
          done += end - begin;
        }
        if (done > 0) stream.progress->finish(stream.next, done, items);
      }
      after = ++stream.next;
      if (order.turns && items >= kManyItems) stream.backwards = !stream.backwards;
    }
  }

  bool timestamp(Stream& any_stream, double& seconds) const override {
    auto& stream = static_cast<CpuStream&>(any_stream);
    if (stream.member.index != 0) return false;
    stream.wait(StepOrder::kAll);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return true;
  }

  int threads() const override { return num_threads(); }
};

}  // namespace

void set_winograd(bool allowed) { winograd_setting().store(allowed); }
bool winograd() { return winograd_setting().load(std::memory_order_relaxed); }

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace striate
