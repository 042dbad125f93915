// The CPU behind the seam: plans pick a kernel from the ISA's table by its cost model, enqueueing runs this thread's
// share of the items.
#include <chrono>
#include <cstring>

#include "core/check.h"
#include "core/team.h"
#include "runtime/backend.h"
#include "striate/device.h"

namespace striate {
namespace {

constexpr int kMaxPhases = 8;

class CpuPlan : public Plan {
 public:
  CpuPlan(const KernelCall& call, const Kernel& kernel, std::string why)
      : shape_(call.shape), kernel_(&kernel), why_(std::move(why)) {
    phases_ = kernel.phases;
    for (int phase = 0; phase < phases_; ++phase) items_[phase] = kernel.items(shape_.data(), phase);
    if (kernel.workspace) workspace_ = kernel.workspace(shape_.data());
    if (kernel.scratch) scratch_ = kernel.scratch(shape_.data());
    serial_ = phases_ == 1 && items_[0] <= 1;
  }

  std::string kernel() const override { return why_; }
  int64_t workspace_bytes() const override { return workspace_; }
  int64_t scratch_bytes() const override { return scratch_; }
  int prepared_input() const override { return kernel_->prepare ? kernel_->prepared_input : -1; }
  int64_t prepared_bytes() const override { return kernel_->prepare->bytes(shape_.data()); }
  std::shared_ptr<const Plan> prepare() const override;
  std::string prepare_key() const override {
    return std::string(kernel_->prepare->name) + ":" + std::string(shape_.begin(), shape_.end());
  }
  bool serial() const override { return serial_; }

  virtual void run(int phase, void* const* buffers, int count, void* scratch, int64_t begin, int64_t end) const {
    const KernelArgs args{buffers, buffers[count - 1], scratch};
    kernel_->run(shape_.data(), args, phase, begin, end);
  }

  int phases() const { return phases_; }
  int64_t items(int phase) const { return items_[phase]; }

 protected:
  CpuPlan(std::vector<unsigned char> shape, const Kernel* kernel) : shape_(std::move(shape)), kernel_(kernel) {}

  std::vector<unsigned char> shape_;
  const Kernel* kernel_;
  std::string why_;
  int phases_ = 1;
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
  }
  int prepared_input() const override { return -1; }
  void run(int, void* const* buffers, int, void*, int64_t begin, int64_t end) const override {
    kernel_->prepare->run(shape_.data(), buffers[0], buffers[1], begin, end);
  }
};

std::shared_ptr<const Plan> CpuPlan::prepare() const { return std::make_shared<CpuPreparePlan>(shape_, kernel_); }

struct CpuStream : Stream {
  TeamMember member;
  void* scratch;
};

class CpuBackend final : public Backend {
 public:
  std::string name() const override { return std::string("cpu ") + isa_name(cpu_isa()); }

  bool claim(const Region& region) const override {
    const bool anchor =
        region.anchor == "conv" || region.anchor == "conv_input_gradient" || region.anchor == "matmul";
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
      const double cost = kernel.cost ? kernel.cost(call.shape.data()) : 0;
      if (cost < 0) continue;
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

  void submit(int threads, void* scratch, int64_t scratch_bytes,
              const std::function<void(Stream&)>& enqueue_all) const override {
    auto work = [&](const TeamMember& member) {
      CpuStream stream;
      stream.member = member;
      stream.scratch = static_cast<char*>(scratch) + member.index * scratch_bytes;
      enqueue_all(stream);
    };
    run_team(threads, work);
  }

  void enqueue(const Plan& plan, void* const* buffers, int count, bool joined, Stream& stream) const override {
    const auto& cpu_plan = static_cast<const CpuPlan&>(plan);
    const auto& [member, scratch] = [&] {
      auto& s = static_cast<CpuStream&>(stream);
      return std::pair(s.member, s.scratch);
    }();
    for (int phase = 0; phase < cpu_plan.phases(); ++phase) {
      const int64_t items = cpu_plan.items(phase);
      const int64_t begin = items * member.index / member.count, end = items * (member.index + 1) / member.count;
      // One item goes to the first member, so that a run of serial steps needs no barrier.
      if (items == 1) {
        if (member.index == 0) cpu_plan.run(phase, buffers, count, scratch, 0, 1);
      } else if (begin < end) {
        cpu_plan.run(phase, buffers, count, scratch, begin, end);
      }
      if (phase + 1 < cpu_plan.phases() || joined) member.wait();
    }
  }

  bool timestamp(Stream& stream, double& seconds) const override {
    if (static_cast<CpuStream&>(stream).member.index != 0) return false;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return true;
  }

  int threads() const override { return num_threads(); }
};

}  // namespace

const Backend& cpu_backend() {
  static const CpuBackend backend;
  return backend;
}

}  // namespace striate
