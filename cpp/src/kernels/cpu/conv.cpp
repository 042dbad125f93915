// The convolution family's table. A faster kernel is one more header and one more entry in a function's
// list; its cost says when it is taken.
#include "kernels/conv.h"

#include "kernels/cpu/conv_direct.h"
#include "kernels/cpu/conv_weight_gradient.h"
#include "kernels/cpu/winograd_forward.h"
#include "kernels/cpu/winograd_weight_gradient.h"

namespace striate::STRIATE_ISA {
namespace {

constexpr Kernel kForward[] = {direct::kernel<false>(), winograd::kernel<4, 3, false>()};
constexpr Kernel kInputGradient[] = {direct::kernel<true>(), winograd::kernel<4, 3, true>()};
constexpr Kernel kWeightGradient[] = {weight_gradient::kernel(), winograd::weight_gradient_kernel<4, 3>()};

constexpr KernelFunction kFunctions[] = {
    {"forward", kForward, 2},
    {"input_gradient", kInputGradient, 2},
    {"weight_gradient", kWeightGradient, 2},
};

}  // namespace

extern const KernelTable conv_table = {"conv", kFunctions, 3};

}  // namespace striate::STRIATE_ISA
