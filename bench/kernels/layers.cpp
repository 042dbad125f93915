// Convolutions and matrix products of the shapes that matter, every implementation in the tables that can do
// them: wall clock, and the share of the FMA peak measured in the same run, both on one thread and on two.
//   bench_layers [filter]      STRIATE_CPU_ISA chooses the ISA
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/conv.h"
#include "kernels/matmul.h"

namespace striate {
#define STRIATE_PEAK(isa)                      \
  namespace isa {                              \
  double run_peak(int64_t rounds, void* sink); \
  }
STRIATE_PEAK(baseline)
STRIATE_PEAK(f64)
#ifdef STRIATE_HAVE_avx2
STRIATE_PEAK(avx2)
#endif
#ifdef STRIATE_HAVE_avx512
STRIATE_PEAK(avx512)
#endif
}  // namespace striate

namespace {

using namespace striate;
using Clock = std::chrono::steady_clock;

double run_peak(Isa isa, int64_t rounds) {
  double sink[8];
  switch (isa) {
#ifdef STRIATE_HAVE_avx2
    case Isa::avx2:
      return avx2::run_peak(rounds, sink);
#endif
#ifdef STRIATE_HAVE_avx512
    case Isa::avx512:
      return avx512::run_peak(rounds, sink);
#endif
    case Isa::f64:
      return f64::run_peak(rounds, sink);
    default:
      return baseline::run_peak(rounds, sink);
  }
}

double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

template <class Condition>
void wait_while(Condition&& condition) {
  for (int64_t spins = 0; condition(); ++spins)
    if (spins > 10000) std::this_thread::yield();  // another process may need the core
}

// A few threads that spin between jobs, so that what is measured is the kernel and not the waking of threads.
class Team {
 public:
  explicit Team(int size) : size_(size), spent_(size) {
    for (int i = 1; i < size; ++i) {
      threads_.emplace_back([this, i] {
        for (int64_t seen = 0;;) {
          wait_while([&] { return round_.load(std::memory_order_acquire) == seen; });
          ++seen;
          if (stop_) return;
          job_(i);
          done_.fetch_add(1, std::memory_order_release);
        }
      });
    }
  }
  ~Team() {
    stop_ = true;
    round_.fetch_add(1, std::memory_order_release);
    for (std::thread& thread : threads_) thread.join();
  }
  template <class Job>
  void run(Job&& job) {
    job_ = [&](int i) {
      const double begin = thread_seconds();
      job(i);
      spent_[i] = thread_seconds() - begin;
    };
    done_ = 0;
    round_.fetch_add(1, std::memory_order_release);
    job_(0);
    wait_while([&] { return done_.load(std::memory_order_acquire) != size_ - 1; });
    busy_ += *std::max_element(spent_.begin(), spent_.end());
  }
  int size() const { return size_; }
  // Processor time of each run's slowest thread, since the last call: what the wall clock would say on a machine
  // of one's own, barriers left out.
  double take_busy_seconds() { return std::exchange(busy_, 0); }

 private:
  int size_;
  std::vector<double> spent_;
  double busy_ = 0;
  std::vector<std::thread> threads_;
  std::function<void(int)> job_;
  std::atomic<int64_t> round_{0};
  std::atomic<int> done_{0};
  bool stop_ = false;
};

double seconds_of(const std::function<void()>& step) {
  const auto begin = Clock::now();
  step();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

struct Measured {
  double seconds;     // wall clock, median
  double peak_share;  // of processor time, median
};

// Shared machines change their clock from one second to the next and take cores away, so each run is held against
// the peak measured just before it, both in processor time, and the median of those shares is reported.
Measured measure(Isa isa, Team& team, double operations, const std::function<void()>& step) {
  step();
  std::vector<double> seconds, shares;
  double peak_operations = 0;
  const auto start = Clock::now();
  while (seconds.size() < 9 || (Clock::now() - start < std::chrono::milliseconds(300) && seconds.size() < 1000)) {
    team.take_busy_seconds();
    team.run([&](int i) {
      const double done = run_peak(isa, 5000);
      if (i == 0) peak_operations = done * team.size();
    });
    const double peak = peak_operations / team.take_busy_seconds();
    seconds.push_back(seconds_of(step));
    shares.push_back(operations / team.take_busy_seconds() / peak);
  }
  return {median(seconds), median(shares)};
}

double measure_peak(Isa isa, Team& team) {
  double best = 0, operations = 0;
  for (int round = 0; round < 50; ++round) {
    team.take_busy_seconds();
    team.run([&](int i) {
      const double done = run_peak(isa, 50000);
      if (i == 0) operations = done * team.size();
    });
    best = std::max(best, operations / team.take_busy_seconds());
  }
  return best;
}

struct Buffers {
  std::vector<std::unique_ptr<char[]>> owned;
  void* make(int64_t bytes) {
    owned.emplace_back(new char[bytes + 64]);
    char* p = owned.back().get();
    p += -reinterpret_cast<uintptr_t>(p) & 63;
    for (int64_t i = 0; i < bytes / 4; ++i) reinterpret_cast<float*>(p)[i] = float(i % 17) / 16 - 0.5f;
    return p;
  }
};

// sizes: elements of the buffers in the family's order; 0 for an absent one.
void bench(const std::string& name, Isa isa, const KernelFunction& function, const void* shape,
           const std::vector<int64_t>& sizes, double operations) {
  const int64_t element = isa == Isa::f64 ? 8 : 4;
  for (int k = 0; k < function.count; ++k) {
    const Kernel& kernel = function.kernels[k];
    if (kernel.cost && kernel.cost(shape) < 0) continue;
    std::printf("%-34s %-16s %-10s", name.c_str(), function.name, kernel.name);
    for (int threads = 1; threads <= 2; ++threads) {
      Buffers memory;
      std::vector<void*> pointers;
      for (const int64_t size : sizes) pointers.push_back(size ? memory.make(size * element) : nullptr);
      double prepare_ms = 0;
      if (kernel.prepare) {
        void* prepared = memory.make(kernel.prepare->bytes(shape));
        prepare_ms =
            1e3 * seconds_of([&] {
              kernel.prepare->run(shape, pointers[kernel.prepared_input], prepared, 0, kernel.prepare->items(shape));
            });
        pointers[kernel.prepared_input] = prepared;
      }
      void* workspace = memory.make(kernel.workspace ? kernel.workspace(shape) : 0);
      std::vector<void*> scratch;
      for (int i = 0; i < threads; ++i) scratch.push_back(memory.make(kernel.scratch ? kernel.scratch(shape) : 0));
      Team team(threads);
      const Measured result = measure(isa, team, operations, [&] {
        for (int phase = 0; phase < kernel.phases; ++phase) {
          const int64_t items = kernel.items(shape, phase);
          if (items == 0) continue;
          team.run([&](int i) {
            const KernelArgs args{pointers.data(), workspace, scratch[i]};
            kernel.run(shape, args, phase, items * i / threads, items * (i + 1) / threads);
          });
        }
      });
      std::printf("  %8.3f ms %6.1f GF/s %5.1f%% of peak", result.seconds * 1e3, operations / result.seconds / 1e9,
                  100 * result.peak_share);
      if (threads == 2 && kernel.prepare) std::printf("  prepare %.3f ms", prepare_ms);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
}

struct ConvLayer {
  int64_t n, c_in, c_out, in, kernel, stride, pad;
};
constexpr ConvLayer kConvLayers[] = {
    {16, 64, 64, 56, 3, 1, 1},                                                             // the floor's layer
    {128, 1, 32, 28, 3, 1, 1},   {128, 32, 64, 14, 3, 1, 1},                               // the lab net
    {128, 1, 6, 28, 5, 1, 2},    {128, 6, 16, 14, 5, 1, 0},  {128, 16, 120, 5, 5, 1, 0},   // LeNet-5
    {8, 3, 64, 224, 7, 2, 3},    {8, 64, 64, 112, 3, 2, 1},  {16, 128, 128, 28, 3, 1, 1},  // ResNet, VGG
    {16, 256, 256, 14, 3, 1, 1}, {16, 512, 512, 7, 3, 1, 1}, {16, 256, 64, 56, 1, 1, 0},  {16, 64, 256, 56, 1, 1, 0},
    {32, 3, 16, 32, 3, 1, 1},    {32, 16, 16, 32, 3, 1, 1},  {1, 64, 64, 56, 3, 1, 1},
};

struct Product {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
};
constexpr Product kProducts[] = {
    {128, 128, 3136, false, false},   {128, 3136, 128, false, true},
    {3136, 128, 128, true, false},  // lab net, dense 1
    {128, 10, 128, false, false},     {128, 128, 10, false, true},
    {128, 10, 128, true, false},  // dense 2
    {1, 128, 3136, false, false},     {1, 4096, 4096, false, false},
    {1, 4096, 4096, false, true},  // batch 1
    {4, 4096, 4096, false, false},    {32, 4096, 4096, false, false},
    {32, 4096, 4096, false, true},    {64, 1000, 2048, false, false},
    {1024, 1024, 1024, false, false}, {1000, 1000, 1000, true, false},
};

std::string conv_name(const ConvLayer& l) {
  char text[96];
  std::snprintf(text, sizeof text, "conv %ldx%ld/%ld %ld->%ld @%ld batch %ld", long(l.kernel), long(l.kernel),
                long(l.stride), long(l.c_in), long(l.c_out), long(l.in), long(l.n));
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const char* filter = argc > 1 ? argv[1] : "";
  const Isa isa = cpu_isa();
  double peak[2];
  for (int threads = 1; threads <= 2; ++threads) {
    Team team(threads);
    peak[threads - 1] = measure_peak(isa, team);
  }
  std::printf("%s: FMA peak %.1f GFLOP/s on one thread, %.1f on two\n", isa_name(isa), peak[0] / 1e9, peak[1] / 1e9);

  const KernelTable& conv = kernel_table(Family::conv, isa);
  for (const ConvLayer& l : kConvLayers) {
    const int64_t out = (l.in + 2 * l.pad - l.kernel) / l.stride + 1;
    const ConvShape s{l.n,
                      l.c_in,
                      l.c_out,
                      1,
                      {1, l.in, l.in},
                      {1, out, out},
                      {1, l.kernel, l.kernel},
                      {1, l.stride, l.stride},
                      {1, 1, 1},
                      {0, l.pad, l.pad},
                      {true, Activation::relu}};
    ConvShape plain = s;
    plain.epilogue = {};
    const int64_t x = l.n * l.in * l.in * l.c_in, y = l.n * out * out * l.c_out;
    const int64_t w = l.kernel * l.kernel * l.c_in * l.c_out;
    const double operations = 2.0 * double(y) * double(l.kernel * l.kernel * l.c_in);
    const std::string name = conv_name(l);
    if (name.find(filter) == std::string::npos) continue;
    bench(name, isa, conv.functions[int(ConvFunction::forward)], &s, {x, w, l.c_out, 0, 0, y}, operations);
    if (l.c_in > 3)  // an image's own gradient is not needed in training
      bench(name, isa, conv.functions[int(ConvFunction::input_gradient)], &plain, {y, w, 0, 0, 0, x}, operations);
    bench(name, isa, conv.functions[int(ConvFunction::weight_gradient)], &s, {x, y, w}, operations);
  }
  for (const Product& p : kProducts) {
    const MatmulShape s{p.m, p.n, p.k, p.transpose_a, p.transpose_b, {}};
    char name[96];
    std::snprintf(name, sizeof name, "matmul %ldx%ldx%ld%s%s", long(p.m), long(p.n), long(p.k),
                  p.transpose_a ? " a^T" : "", p.transpose_b ? " b^T" : "");
    if (std::string(name).find(filter) == std::string::npos) continue;
    bench(name, isa, kernel_table(Family::matmul, isa).functions[0], &s, {p.m * p.k, p.k * p.n, 0, 0, 0, p.m * p.n},
          2.0 * double(p.m) * double(p.n) * double(p.k));
  }
}
