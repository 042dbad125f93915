// What it costs one core to read or write memory that another has just read or written: GB/s of the second core, by
// blocks of several sizes. Where two cores share no L3, one writes what the other has read at a fifth of the speed.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "measure.h"

namespace {

using namespace striate::bench;
using Line [[gnu::vector_size(64)]] = float;

constexpr int kRounds = 101;

enum class Deed { read, write, write_past, nothing };
constexpr const char* kDeeds[] = {"read", "write", "write past the caches", "nothing"};

// As wide as this machine can.
#if defined(__x86_64__)
[[gnu::target_clones("avx512f", "avx2", "default")]]
#endif
void run(Deed deed, Line* p, int64_t lines) {
  static thread_local Line result;
  if (deed == Deed::read) {
    Line a{}, b{}, c{}, d{};
    for (int64_t i = 0; i + 4 <= lines; i += 4) {
      a += p[i];
      b += p[i + 1];
      c += p[i + 2];
      d += p[i + 3];
    }
    result = a + b + c + d;
    asm volatile("" : : "r"(&result) : "memory");
  } else if (deed == Deed::write) {
    for (int64_t i = 0; i < lines; ++i) p[i] = Line{} + 1;
    asm volatile("" : : "r"(p) : "memory");
  } else if (deed == Deed::write_past) {
#if defined(__SSE2__)  // else not among the pairs below
    for (int64_t i = 0; i < lines * 16; i += 4) _mm_stream_ps(reinterpret_cast<float*>(p) + i, _mm_set1_ps(1));
    _mm_sfence();
#endif
  }
}

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double gigabytes_per_second(Team& team, Deed second, Deed first, Line* p, int64_t lines) {
  std::vector<double> seconds;
  for (int round = 0; round < kRounds; ++round) {
    team.run([&](int i) {
      if (i == 1) run(first, p, lines);
    });
    const auto begin = Clock::now();
    run(second, p, lines);
    seconds.push_back(seconds_since(begin));
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRounds / 2, seconds.end());
  return double(lines) * sizeof(Line) / seconds[kRounds / 2] / 1e9;
}

}  // namespace

int main() {
  Team team(2);
  constexpr int64_t kMost = int64_t{6400} << 10;
  std::unique_ptr<Line[]> memory(new Line[kMost / sizeof(Line)]());
  std::printf("%-24s %-24s", "a core will", "the other did");
  for (int64_t bytes = 100 << 10; bytes <= kMost; bytes *= 4) std::printf(" %6ld KB", long(bytes >> 10));
  std::printf("\n");
  using enum Deed;
  std::vector<std::pair<Deed, Deed>> pairs = {{read, nothing},  {read, read},  {read, write},
                                              {write, nothing}, {write, read}, {write, write}};
#if defined(__SSE2__)
  pairs.push_back({write_past, read});
#endif
  for (const auto& [second, first] : pairs) {
    std::printf("%-24s %-24s", kDeeds[int(second)], kDeeds[int(first)]);
    for (int64_t bytes = 100 << 10; bytes <= kMost; bytes *= 4)
      std::printf(" %9.0f", gigabytes_per_second(team, second, first, memory.get(), bytes / int64_t{sizeof(Line)}));
    std::printf(" GB/s\n");
  }
}
