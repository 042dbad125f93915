#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"
#include "ops/pool.h"

namespace striate {
namespace {

struct ConvCase {
  ConvAttributes how;
  Shape x, kernel, y;
};

ConvAttributes conv_how(std::vector<int64_t> strides, std::vector<int64_t> dilations, const char* padding,
                        std::vector<int64_t> lo = {}, std::vector<int64_t> hi = {}) {
  ConvAttributes how;
  how.strides = std::move(strides);
  how.dilations = std::move(dilations);
  how.padding = padding;
  how.pad_lo = std::move(lo);
  how.pad_hi = std::move(hi);
  return how;
}

// One, two and three spatial axes; a stride that leaves cells over; dilation; uneven padding; 1x1.
std::vector<ConvCase> conv_cases() {
  return {{conv_how({2}, {}, "same"), {2, 7, 3}, {3, 3, 2}, {2, 4, 2}},
          {conv_how({}, {}, "valid"), {1, 4, 5, 2}, {3, 2, 2, 3}, {1, 2, 4, 3}},
          {conv_how({2, 1}, {1, 2}, "explicit", {1, 0}, {0, 2}), {2, 6, 4, 1}, {3, 2, 1, 3}, {2, 3, 4, 3}},
          {conv_how({3, 3}, {}, "valid"), {1, 7, 8, 2}, {1, 1, 2, 1}, {1, 3, 3, 1}},
          {conv_how({1, 2, 1}, {}, "same"), {1, 2, 3, 3, 2}, {2, 3, 2, 2, 2}, {1, 2, 2, 3, 2}}};
}

struct PoolCase {
  PoolAttributes how;
  Shape x, y;
};

PoolAttributes pool_how(std::vector<int64_t> window, std::vector<int64_t> strides, const char* padding,
                        bool ceil_mode = false, std::vector<int64_t> lo = {}, std::vector<int64_t> hi = {}) {
  PoolAttributes how;
  how.window = std::move(window);
  how.strides = std::move(strides);
  how.padding = padding;
  how.ceil_mode = ceil_mode;
  how.pad_lo = std::move(lo);
  how.pad_hi = std::move(hi);
  return how;
}

std::vector<PoolCase> pool_cases() {
  return {{pool_how({2, 2}, {}, "valid"), {2, 4, 5, 3}, {2, 2, 2, 3}},
          {pool_how({3, 2}, {2, 2}, "same"), {1, 5, 3, 2}, {1, 3, 2, 2}},
          {pool_how({3, 3}, {2, 2}, "valid", true), {1, 6, 7, 1}, {1, 3, 3, 1}},
          {pool_how({3}, {2}, "explicit", true, {1}, {2}), {2, 6, 2}, {2, 4, 2}},
          {pool_how({2, 1, 2}, {1, 2, 2}, "valid"), {1, 3, 3, 4, 2}, {1, 2, 2, 2, 2}}};
}

template <class OpType>
OpType average_with(const PoolAttributes& how, bool count_include_pad) {
  OpType op = with_attributes<OpType>(how);
  op.count_include_pad = count_include_pad;
  return op;
}

}  // namespace

std::vector<Sample> Matmul::samples() {
  std::vector<Sample> samples;
  for (bool transpose_a : {false, true})
    for (bool transpose_b : {false, true}) {
      Matmul op;
      op.transpose_a = transpose_a;
      op.transpose_b = transpose_b;
      const Shape a = transpose_a ? Shape{5, 3} : Shape{3, 5}, b = transpose_b ? Shape{7, 5} : Shape{5, 7};
      samples.push_back(make_sample(op, {uniform_sample(a, 1), uniform_sample(b, 2)}, {0, 1}));
      // More than two axes on either side: 6 rows (2, 3) and 4 columns merged from two axes.
      const Shape deep_a = transpose_a ? Shape{2, 2, 3} : Shape{2, 3, 4};
      const Shape deep_b = transpose_b ? Shape{1, 3, 4} : Shape{2, 2, 3};
      samples.push_back(make_sample(op, {uniform_sample(deep_a, 3), uniform_sample(deep_b, 4)}, {0, 1}));
    }
  samples.push_back(make_sample(Matmul(), {uniform_sample({1, 1}, 5), uniform_sample({1, 1}, 6)}, {0, 1}));
  return samples;
}

std::vector<Sample> Conv::samples() {
  std::vector<Sample> samples;
  for (const ConvCase& c : conv_cases())
    samples.push_back(
        make_sample(with_attributes<Conv>(c.how), {uniform_sample(c.x, 1), uniform_sample(c.kernel, 2)}, {0, 1}));
  return samples;
}

std::vector<Sample> ConvInputGradient::samples() {
  std::vector<Sample> samples;
  for (const ConvCase& c : conv_cases())
    samples.push_back(make_sample(with_attributes<ConvInputGradient>(c.how),
                                  {uniform_sample(c.y, 1), uniform_sample(c.kernel, 2), uniform_sample(c.x, 3)},
                                  {0, 1, 2}));
  return samples;
}

std::vector<Sample> ConvTransposeLike::samples() {
  std::vector<Sample> samples;
  for (const ConvCase& c : conv_cases()) {
    ConvTransposeLike op = with_attributes<ConvTransposeLike>(c.how);
    samples.push_back(make_sample(op, {uniform_sample(c.y, 1), uniform_sample(c.kernel, 2)}, {}));
    op.output_padding.assign(static_cast<size_t>(c.x.rank() - 2), 0);
    if (c.how.padding != "same")
      samples.push_back(make_sample(op, {uniform_sample(c.y, 1), uniform_sample(c.kernel, 2)}, {}));
  }
  return samples;
}

std::vector<Sample> ConvKernelGradient::samples() {
  std::vector<Sample> samples;
  for (const ConvCase& c : conv_cases())
    samples.push_back(make_sample(with_attributes<ConvKernelGradient>(c.how),
                                  {uniform_sample(c.x, 1), uniform_sample(c.y, 2), uniform_sample(c.kernel, 3)},
                                  {0, 1, 2}));
  return samples;
}

std::vector<Sample> MaxPool::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases())
    samples.push_back(make_sample(with_attributes<MaxPool>(c.how), {distinct_sample(c.x, 1)}, {0}));
  return samples;
}

std::vector<Sample> MaxPoolScatter::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases())
    samples.push_back(
        make_sample(with_attributes<MaxPoolScatter>(c.how), {distinct_sample(c.x, 1), uniform_sample(c.y, 2)}, {0, 1}));
  return samples;
}

std::vector<Sample> MaxPoolGather::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases())
    samples.push_back(
        make_sample(with_attributes<MaxPoolGather>(c.how), {distinct_sample(c.x, 1), uniform_sample(c.x, 2)}, {0, 1}));
  return samples;
}

std::vector<Sample> AvgPool::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases())
    for (bool count_include_pad : {false, true})
      samples.push_back(make_sample(average_with<AvgPool>(c.how, count_include_pad), {uniform_sample(c.x, 1)}, {0}));
  return samples;
}

std::vector<Sample> AvgPoolGradient::samples() {
  std::vector<Sample> samples;
  for (const PoolCase& c : pool_cases())
    for (bool count_include_pad : {false, true})
      samples.push_back(make_sample(average_with<AvgPoolGradient>(c.how, count_include_pad),
                                    {uniform_sample(c.y, 1), uniform_sample(c.x, 2)}, {0, 1}));
  return samples;
}

}  // namespace striate
