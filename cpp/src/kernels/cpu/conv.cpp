// The convolution family's table. A faster kernel is one more header and one more entry in a function's
// list; its cost says when it is taken.
#include "kernels/conv.h"

#include "kernels/cpu/conv_direct.h"
#include "kernels/cpu/conv_normalized_input.h"
#include "kernels/cpu/conv_overlapped.h"
#include "kernels/cpu/conv_pooled_input.h"
#include "kernels/cpu/conv_weight_gradient.h"
#include "kernels/cpu/conv_weight_packed.h"
#include "kernels/cpu/winograd_far.h"
#include "kernels/cpu/winograd_forward.h"
#include "kernels/cpu/winograd_weight_gradient.h"

namespace striate::STRIATE_ISA {
namespace {

constexpr Kernel kForward[] = {
    direct::kernel<false>(),         winograd::kernel<4, 3, false>(),     winograd::kernel<2, 3, false>(),
    winograd::kernel<4, 5, false>(), winograd::far_kernel<4, 3, false>(), winograd::kernel<3, 2, false>(),
    pooled_input::kernel(),          normalized_input::kernel<false>()};
constexpr Kernel kInputGradient[] = {
    direct::kernel<true>(),         winograd::kernel<4, 3, true>(),     winograd::kernel<2, 3, true>(),
    winograd::kernel<4, 5, true>(), winograd::far_kernel<4, 3, true>(), winograd::kernel<3, 2, true>(),
    overlapped::kernel(),           normalized_input::kernel<true>()};
constexpr Kernel kWeightGradient[] = {
    weight_gradient::kernel(), weight_packed::kernel(), winograd::weight_gradient_kernel<4, 3>(),
    winograd::weight_gradient_kernel<4, 5>(), winograd::weight_gradient_kernel<3, 2>()};

template <int N>
constexpr KernelFunction function(const char* name, const Kernel (&kernels)[N]) {
  return {name, kernels, N};
}
constexpr KernelFunction kFunctions[] = {
    function("forward", kForward),
    function("input_gradient", kInputGradient),
    function("weight_gradient", kWeightGradient),
};

}  // namespace

extern const KernelTable conv_table = {"conv", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
