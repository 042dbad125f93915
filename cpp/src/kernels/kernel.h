// What every kernel of every family is, seen from outside: a few plain functions over a
// family's plain shape struct. Kernels are single-threaded and know neither tensors nor
// threads nor exceptions; the executor shares out their items.
#pragma once

#include <cstddef>
#include <cstdint>

namespace striate {

// The pointers one kernel call works on. `buffers` holds inputs, then outputs, in the order the
// family's header states; an absent optional buffer is null.
struct KernelArgs {
  void* const* buffers;
  void* workspace;  // Kernel::workspace(shape) bytes, shared by all items and phases of one call
  void* scratch;    // Kernel::scratch(shape) bytes, private to the thread
  // Whether the contents of `scratch` are undefined. Else they are what this phase left there in its last call.
  bool fresh = true;
};

// Bytes to leave before each thread's scratch memory. What the hardware fetches ahead of a walk through Winograd's
// points reaches far past the end, and takes lines from the core that has them in use: on two cores that share no L3
// (Zen 5), 128 images of 32->64 @14 took 1.05 ms with nothing between, 0.91 with 256 KB, 0.81 with 512 KB, 0.78 with
// 1 MB and with 3.
constexpr int64_t kScratchGap = int64_t{1} << 20;

// Transforms one input before the kernel runs (weights into their packed layout). The compiler
// hoists it out of the step when that input depends on variables alone.
struct PrepareKernel {
  const char* name;
  int64_t (*bytes)(const void* shape);  // size of the transformed input
  int64_t (*items)(const void* shape);
  // source: the input as the contract states it; prepared: the result.
  void (*run)(const void* shape, const void* source, void* prepared, int64_t begin, int64_t end);
  // What the result depends on beside the source, as at most kMostTraits numbers; returns how many. Shapes with the
  // same traits (other batches, other images) share one result.
  int64_t (*traits)(const void* shape, int64_t* traits);
};
constexpr int64_t kMostTraits = 16;

// One implementation of one function of a family. Any function pointer but `items` and `run` may be
// null: no cost model (the only implementation), no workspace, no scratch.
struct Kernel {
  const char* name;  // for dump() and the profiler: "direct", "packed", "winograd_4x4"
  // Items of a phase; they depend on the shape alone, never on the thread count, and any split
  // [begin, end) of them gives the same bits. A phase starts when all items of the one before are done.
  int64_t (*items)(const void* shape, int phase);
  void (*run)(const void* shape, const KernelArgs& args, int phase, int64_t begin, int64_t end);
  int phases = 1;
  int64_t (*workspace)(const void* shape) = nullptr;  // bytes
  int64_t (*scratch)(const void* shape) = nullptr;    // bytes per thread
  // Estimated cycles on one core, from the shape and constants of the ISA; negative: cannot do it.
  double (*cost)(const void* shape) = nullptr;
  int prepared_input = -1;  // index in buffers of the input wanted transformed, or -1
  const PrepareKernel* prepare = nullptr;
  bool winograd = false;  // sums other products than the contract states; set_winograd(false) forbids it
};

// One function of a family ("forward"), with its implementations on one ISA. The planner takes the
// cheapest that can do the shape; the first is taken when costs tie or are not given.
struct KernelFunction {
  const char* name;
  const Kernel* kernels;
  int count;
};

// A family on one ISA: what `kernels/cpu/<family>.cpp` exports, once per ISA. Functions stand in the
// order of the family's enum.
struct KernelTable {
  const char* family;
  const KernelFunction* functions;
  int count;
};

}  // namespace striate
