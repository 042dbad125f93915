// The thread team: one parallel region a run, with cheap barriers between its steps. OpenMP appears in team.cpp alone.
#pragma once

#include <atomic>
#include <cstdint>

namespace striate {

// Where the members of a team wait for each other: spins for about 50 microseconds, then sleeps.
class Barrier {
 public:
  void wait(int count);  // `count` members in all

 private:
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
};

struct TeamMember {
  int index, count;
  Barrier* barrier;
  void wait() const {
    if (count > 1) barrier->wait(count);
  }
};

// Calls work(context, member) once on each of up to `threads` threads, this one among them, with denormals flushed to
// zero meanwhile. `work` must not throw. The team is one member (same results) in a child after fork, inside
// another parallel region, and while another thread has the team.
void run_team(int threads, void (*work)(void* context, const TeamMember& member), void* context);

template <class F>
void run_team(int threads, F& work) {
  run_team(
      threads, [](void* context, const TeamMember& member) { (*static_cast<F*>(context))(member); }, &work);
}

}  // namespace striate
