// Timing of kernels on a team of spinning threads, against the FMA peak measured in between.
#pragma once

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/isa.h"

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

namespace bench {

using Clock = std::chrono::steady_clock;

inline double run_peak(Isa isa, int64_t rounds) {
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

inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Condition>
void wait_while(Condition&& condition) {
  for (int64_t spins = 0; condition(); ++spins) {
    pause();
    if (spins > 10000) std::this_thread::yield();  // another process may need the core
  }
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

// Out of the caches of all cores; false where there is no instruction for it.
inline bool flush(const void* memory, int64_t bytes) {
#if defined(__x86_64__)
  for (int64_t i = 0; i < bytes; i += 64) __builtin_ia32_clflush(static_cast<const char*>(memory) + i);
  __builtin_ia32_mfence();
  return true;
#else
  (void)memory, (void)bytes;
  return false;
#endif
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Operations a second of `rounds` rounds on every thread of the team, in processor time.
inline double peak_of(Isa isa, Team& team, int64_t rounds) {
  double operations = 0;
  team.take_busy_seconds();
  team.run([&](int i) {
    const double done = run_peak(isa, rounds);
    if (i == 0) operations = done * team.size();
  });
  return operations / team.take_busy_seconds();
}

struct Measured {
  double seconds;     // processor time of the slowest thread, median
  double peak_share;  // median
};

// Shared machines change their clock from one second to the next and take cores away, so each run is held against
// the peak measured just before it, both in processor time, and the median of those shares is reported. `before` each
// run is not timed.
template <class Before, class Step>
Measured measure(Isa isa, Team& team, double operations, double least_seconds, Before&& before, Step&& step) {
  step();
  std::vector<double> seconds, shares;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  while (seconds.size() < 5 || (elapsed() < least_seconds && seconds.size() < 1000)) {
    const double peak = peak_of(isa, team, 5000);
    before();
    step();
    seconds.push_back(team.take_busy_seconds());
    shares.push_back(operations / seconds.back() / peak);
  }
  return {median(seconds), median(shares)};
}

}  // namespace bench
}  // namespace striate
