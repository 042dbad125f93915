#include "core/team.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "core/check.h"
#include "striate/device.h"

namespace striate {
namespace {

// Flush-to-zero for this thread, the caller's state restored: trained weights full of denormals made peers'
// convolutions 20-50 times slower.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }  // FTZ | DAZ
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" ::"r"(saved_ | (uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }

 private:
  uint64_t saved_;
#endif
};

std::atomic<bool> forked{false};
std::atomic_flag busy = ATOMIC_FLAG_INIT;

// OpenMP's threads do not survive a fork: a child that opened a region would wait for them for ever.
[[maybe_unused]] const int fork_watch = pthread_atfork(nullptr, nullptr, [] { forked.store(true); });

// cpu.max of cgroup v2 or cfs quota of v1, in processors; 0 if there is none.
double cgroup_quota() {
  std::string quota;
  double period = 0;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> quota >> period && quota != "max" && period > 0)
    return std::atof(quota.c_str()) / period;
  double v1 = 0;
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (v1_quota >> v1 && v1_period >> period && v1 > 0 && period > 0) return v1 / period;
  return 0;
}

int default_threads() {
  if (const char* text = std::getenv("STRIATE_NUM_THREADS")) {
    char* end = nullptr;
    const long count = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && count >= 1 && count <= 4096) return static_cast<int>(count);
    throw Error(ErrorKind::value,
                text_of("[threads] STRIATE_NUM_THREADS='", text, "' is not a number of threads. Use 1 to 4096."));
  }
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (const double quota = cgroup_quota(); quota > 0)
    count = std::min(count, std::max(1, static_cast<int>(quota + 0.5)));
  return count;
}

std::atomic<int> threads_setting{0};

}  // namespace

void relax() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void run_team(int threads, void (*work)(void*, const TeamMember&), void* context) {
  const bool alone = threads <= 1 || forked.load(std::memory_order_relaxed) || omp_in_parallel() ||
                     busy.test_and_set(std::memory_order_acquire);
  if (alone) {
    FlushDenormals flush;
    work(context, TeamMember{0, 1});
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    FlushDenormals flush;
    work(context, TeamMember{omp_get_thread_num(), omp_get_num_threads()});
  }
  busy.clear(std::memory_order_release);
}

void set_num_threads(int count) {
  STRIATE_CHECK(count >= 1 && count <= 4096, value, "threads", "set_num_threads(", count, "): use 1 to 4096");
  threads_setting.store(count);
}

int num_threads() {
  int count = threads_setting.load(std::memory_order_relaxed);
  if (count == 0) {
    count = default_threads();
    threads_setting.store(count);
  }
  return count;
}

}  // namespace striate
