// Pooling: channels in the vector lanes, one output pixel after the other. An item of a forward kernel owns rows of
// the output, an item of a backward kernel owns what it writes of the input, so that no two items add to one element.
#include "kernels/pool.h"

#include "kernels/cpu/pool_average.h"
#include "kernels/cpu/pool_max.h"

namespace striate::STRIATE_ISA {
namespace {

using Items = int64_t (*)(const PoolShape&, int);
using Run = void (*)(const PoolShape&, const KernelArgs&, int, int64_t, int64_t);
template <Items items, Run run>
constexpr Kernel kKernel[] = {{"channels", erased_items<PoolShape, items>, erased_run<PoolShape, run>}};
constexpr Kernel max_forward_kernel() {
  Kernel kernel = kKernel<forward_items, max_forward>[0];
  kernel.scratch = erased_size<PoolShape, max_scratch>;
  return kernel;
}
constexpr Kernel kMaxForward[] = {max_forward_kernel()};
constexpr Kernel avg_forward_kernel() {
  Kernel kernel = kKernel<forward_items, avg_forward>[0];
  kernel.scratch = erased_size<PoolShape, avg_scratch>;
  return kernel;
}
constexpr Kernel kAvgForward[] = {avg_forward_kernel()};
constexpr KernelFunction kFunctions[] = {{"max_forward", kMaxForward, 1},
                                         {"max_scatter", kKernel<scatter_items, max_scatter>, 1},
                                         {"max_gather", kKernel<forward_items, max_gather>, 1},
                                         {"avg_forward", kAvgForward, 1},
                                         {"avg_backward", kKernel<spread_items, avg_backward>, 1}};

}  // namespace

const KernelTable pool_table = {"pool", kFunctions, 5};

}  // namespace striate::STRIATE_ISA
