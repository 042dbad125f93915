// The convolutions and products of the model zoo: which kernel the cost models choose, its time and its share of the
// FMA peak measured in the same run.
//   bench_layers [--nets REGEX] [--layers REGEX] [--threads 1,2] [--batch N] [--seconds S] [--all] [--cold]
// REGEX searches the net's name, or the layer's and function's ("3x3/1 64->64 @56 b16 weight_gradient"). --batch
// replaces the nets' own; --seconds is spent on each row at least; --all times every kernel able, not the chosen one
// alone; with --cold weights come from memory, as those of a net do that has more of them than the caches hold.
// STRIATE_CPU_ISA chooses the ISA. Times are of the slowest thread's processor; a net's last lines add up its layers,
// each as often as it occurs. "pack" is the weights' preparation on one thread, which a training step pays each time.
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <regex>
#include <sstream>

#include "kernels/conv.h"
#include "kernels/matmul.h"
#include "measure.h"
#include "zoo.h"

namespace {

using namespace striate;
using namespace striate::bench;

struct Options {
  std::regex nets{""}, layers{""};
  std::vector<int> threads{1, 2};
  int64_t batch = 0;
  double seconds = 0.05;
  bool all = false, cold = false;
};

struct Buffers {
  std::vector<std::unique_ptr<char[]>> owned;
  // On huge pages where the engine's memory would be.
  void* make(int64_t bytes) {
    constexpr int64_t kHuge = int64_t{2} << 20;
    const int64_t alignment = bytes >= 2 * kHuge ? kHuge : 64;
    owned.emplace_back(new char[bytes + alignment]);
    char* p = owned.back().get();
    p += -reinterpret_cast<uintptr_t>(p) & (alignment - 1);
#ifdef MADV_HUGEPAGE
    if (alignment == kHuge) madvise(p, size_t(bytes), MADV_HUGEPAGE);
#endif
    for (int64_t i = 0; i < bytes / 4; ++i) reinterpret_cast<float*>(p)[i] = float(i % 17) / 16 - 0.5f;
    return p;
  }
};

struct Sum {
  double operations = 0;
  std::vector<double> seconds;
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), isa_(cpu_isa()) {
    std::printf("%s: FMA peak", isa_name(isa_));
    for (const int threads : options.threads) {
      teams_.push_back(std::make_unique<Team>(threads));
      double best = 0;
      for (int round = 0; round < 50; ++round) best = std::max(best, peak_of(isa_, *teams_.back(), 50000));
      peaks_.push_back(best);
      std::printf(" %.1f GFLOP/s on %d thread%s", best / 1e9, threads, threads == 1 ? "" : "s");
    }
    std::printf("\n");
  }

  void net(const zoo::Net& net) {
    sums_.clear();
    const int64_t n = options_.batch ? options_.batch : net.batch;
    for (const zoo::Layer& layer : net.layers) layer.dense ? dense(net.name, n, layer) : conv(net.name, n, layer);
    for (const auto& [name, sum] : sums_) {
      std::printf("%-9s %27s %-15s %9s %5s", net.name.c_str(), "all layers", name.c_str(), "", "");
      for (size_t t = 0; t < teams_.size(); ++t)
        std::printf(" | %9.3f ms %6.1f GF/s %5.1f%%", sum.seconds[t] * 1e3, sum.operations / sum.seconds[t] / 1e9,
                    100 * sum.operations / sum.seconds[t] / peaks_[t]);
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  bool found() const { return found_; }

 private:
  void conv(const std::string& net, int64_t n, const zoo::Layer& l) {
    const KernelTable& table = kernel_table(Family::conv, isa_);
    const int64_t out = l.out();
    const ConvShape s{n,
                      l.c_in,
                      l.c_out,
                      1,
                      {1, l.in, l.in},
                      {1, out, out},
                      {1, l.kernel, l.kernel},
                      {1, l.stride, l.stride},
                      {1, 1, 1},
                      {0, l.pad, l.pad},
                      {}};
    const int64_t x = n * l.in * l.in * l.c_in, y = n * out * out * l.c_out, w = l.kernel * l.kernel * l.c_in * l.c_out;
    const double operations = 2.0 * double(y) * double(l.kernel * l.kernel * l.c_in);
    char name[96];
    std::snprintf(name, sizeof name, "%ldx%ld/%ld %ld->%ld @%ld b%ld", long(l.kernel), long(l.kernel), long(l.stride),
                  long(l.c_in), long(l.c_out), long(l.in), long(n));
    row(net, name, l.count, table.functions[int(ConvFunction::forward)], "forward", &s, {x, w, 0, 0, 0, y}, operations);
    if (!l.first())
      row(net, name, l.count, table.functions[int(ConvFunction::input_gradient)], "input_gradient", &s,
          {y, w, 0, 0, 0, x}, operations);
    row(net, name, l.count, table.functions[int(ConvFunction::weight_gradient)], "weight_gradient", &s, {x, y, w},
        operations);
  }

  void dense(const std::string& net, int64_t n, const zoo::Layer& l) {
    const KernelFunction& product = kernel_table(Family::matmul, isa_).functions[0];
    char name[96];
    std::snprintf(name, sizeof name, "dense %ld->%ld b%ld", long(l.c_in), long(l.c_out), long(n));
    const int64_t x = n * l.c_in, y = n * l.c_out, w = l.c_in * l.c_out;
    const double operations = 2.0 * double(n) * double(w);
    const MatmulShape forward{n, l.c_out, l.c_in, false, false, {}}, input{n, l.c_in, l.c_out, false, true, {}},
        weight{l.c_in, l.c_out, n, true, false, {}};
    row(net, name, l.count, product, "forward", &forward, {x, w, 0, 0, 0, y}, operations);
    row(net, name, l.count, product, "input_gradient", &input, {y, w, 0, 0, 0, x}, operations);
    row(net, name, l.count, product, "weight_gradient", &weight, {x, y, 0, 0, 0, w}, operations);
  }

  // sizes: elements of the buffers in the family's order; 0 for an absent one.
  void row(const std::string& net, const std::string& layer, int64_t count, const KernelFunction& function,
           const char* name, const void* shape, const std::vector<int64_t>& sizes, double operations) {
    if (!std::regex_search(layer + " " + name, options_.layers)) return;
    found_ = true;
    const Kernel* best = nullptr;
    for (int k = 0; k < function.count; ++k) {
      const Kernel& kernel = function.kernels[k];
      const double cost = kernel.cost ? kernel.cost(shape) : 0;
      if (cost >= 0 && (!best || cost < (best->cost ? best->cost(shape) : 0))) best = &kernel;
    }
    for (int k = 0; k < function.count; ++k) {
      const Kernel& kernel = function.kernels[k];
      if (&kernel != best && !(options_.all && (!kernel.cost || kernel.cost(shape) >= 0))) continue;
      std::printf("%-9s %2ldx %24s %-15s", net.c_str(), long(count), layer.c_str(), name);
      std::printf(" %c%-14s", &kernel == best ? ' ' : '-', kernel.name);
      const bool flushes = options_.cold && std::string(name) != "weight_gradient";
      const std::vector<double> seconds = time(kernel, shape, sizes, operations, flushes);
      std::printf("\n");
      std::fflush(stdout);
      if (&kernel != best) continue;
      Sum& sum = sums_[name];
      sum.operations += double(count) * operations;
      sum.seconds.resize(seconds.size());
      for (size_t t = 0; t < seconds.size(); ++t) sum.seconds[t] += double(count) * seconds[t];
    }
  }

  std::vector<double> time(const Kernel& kernel, const void* shape, const std::vector<int64_t>& sizes,
                           double operations, bool flushes) {
    const int64_t element = isa_ == Isa::f64 ? 8 : 4;
    Buffers memory;
    std::vector<void*> pointers;
    for (const int64_t size : sizes) pointers.push_back(size ? memory.make(size * element) : nullptr);
    double pack_ms = 0;
    int64_t weights = sizes[1] * element;  // bytes
    if (kernel.prepare) {
      weights = kernel.prepare->bytes(shape);
      void* prepared = memory.make(weights);
      const double begin = thread_seconds();
      kernel.prepare->run(shape, pointers[kernel.prepared_input], prepared, 0, kernel.prepare->items(shape));
      pack_ms = 1e3 * (thread_seconds() - begin);
      pointers[kernel.prepared_input] = prepared;
    }
    void* workspace = memory.make(kernel.workspace ? kernel.workspace(shape) : 0);
    std::vector<double> seconds;
    for (const auto& team : teams_) {
      const int threads = team->size();
      std::vector<void*> scratch;
      for (int i = 0; i < threads; ++i) {
        memory.make(kScratchGap);
        scratch.push_back(memory.make(kernel.scratch ? kernel.scratch(shape) : 0));
      }
      const auto flush_weights = [&] {
        if (flushes) flush(pointers[1], weights);
      };
      const Measured result = measure(isa_, *team, operations, options_.seconds, flush_weights, [&] {
        for (int phase = 0; phase < kernel.phases; ++phase) {
          const int64_t items = kernel.items(shape, phase);
          if (items == 0) continue;
          team->run([&](int i) {
            const KernelArgs args{pointers.data(), workspace, scratch[i]};
            kernel.run(shape, args, phase, items * i / threads, items * (i + 1) / threads);
          });
        }
      });
      std::printf(" | %9.3f ms %6.1f GF/s %5.1f%%", result.seconds * 1e3, operations / result.seconds / 1e9,
                  100 * result.peak_share);
      seconds.push_back(result.seconds);
    }
    if (kernel.prepare) std::printf(" | pack %.3f ms", pack_ms);
    return seconds;
  }

  const Options& options_;
  Isa isa_;
  std::vector<std::unique_ptr<Team>> teams_;
  std::vector<double> peaks_;
  std::map<std::string, Sum> sums_;
  bool found_ = false;
};

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: bench_layers [--nets REGEX] [--layers REGEX] [--threads 1,2] [--batch N] [--seconds S] [--all] "
               "[--cold]\n");
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--all" || name == "--cold") {
      (name == "--all" ? options.all : options.cold) = true;
      continue;
    }
    if (++i == argc) usage();
    const char* value = argv[i];
    if (name == "--nets") {
      options.nets = value;
    } else if (name == "--layers") {
      options.layers = value;
    } else if (name == "--batch") {
      options.batch = std::atoll(value);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value);
    } else if (name == "--threads") {
      options.threads.clear();
      std::istringstream list(value);
      for (std::string number; std::getline(list, number, ',');) options.threads.push_back(std::stoi(number));
    } else {
      usage();
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.cold && !flush(&options, 0)) {
    std::fprintf(stderr, "bench_layers: --cold needs an instruction to flush the caches, which only x86-64 gives.\n");
    return 2;
  }
  Bench bench(options);
  for (const zoo::Net& net : zoo::all())
    if (std::regex_search(net.name, options.nets)) bench.net(net);
  if (bench.found()) return 0;
  std::fprintf(stderr, "bench_layers: no layer matches --nets and --layers.\n");
  return 1;
}
