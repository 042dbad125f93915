#include "ops/optimizer.h"

namespace striate {

std::vector<Sample> SgdUpdate::samples() {
  return {make_sample(SgdUpdate(),
                      {uniform_sample({3, 5}, 1), uniform_sample({3, 5}, 2), uniform_sample({}, 3, 0.1, 1)}, {})};
}

std::vector<Sample> MomentumUpdate::samples() {
  MomentumUpdate plain, nesterov;
  nesterov.momentum = 0.5;
  nesterov.nesterov = true;
  const std::vector<Tensor> inputs{uniform_sample({17}, 1), uniform_sample({17}, 2), uniform_sample({17}, 3),
                                   uniform_sample({}, 4, 0.1, 1)};
  return {make_sample(plain, inputs, {}), make_sample(nesterov, inputs, {})};
}

std::vector<Sample> AdamUpdate::samples() {
  AdamUpdate op;
  op.beta1 = 0.8;
  op.beta2 = 0.95;
  op.epsilon = 1e-3;
  return {make_sample(op,
                      {uniform_sample({17}, 1), uniform_sample({17}, 2), uniform_sample({17}, 3, 0.1, 1),
                       uniform_sample({17}, 4), uniform_sample({}, 5, 0.1, 1), integer_sample({}, DType::int64, {6})},
                      {})};
}

}  // namespace striate
