// The thread team: one parallel region a run. OpenMP appears in team.cpp alone.
#pragma once

namespace striate {

struct TeamMember {
  int index, count;
};

// Tells the core that this thread spins.
void relax();

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
