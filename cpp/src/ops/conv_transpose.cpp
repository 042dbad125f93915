#include "ops/conv_transpose.h"

#include <algorithm>
#include <tuple>

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "ops/window.h"
#include "striate/ops.h"

namespace striate {
namespace {

constexpr std::string_view kUserOp = "conv_transpose";  // what errors name

int64_t entry(const std::vector<int64_t>& values, size_t axis, int64_t otherwise) {
  return values.empty() ? otherwise : values[axis];
}

}  // namespace

void ConvTransposeLike::attributes(AttributeVisitor& visit) {
  ConvAttributes::visit(visit);
  visit("output_padding", output_padding);
}

std::vector<ValueType> ConvTransposeLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  const Shape &x = inputs[0].shape, &kernel = inputs[1].shape;
  check_conv_operands(kUserOp, inputs[0], inputs[1], 1, "(spatial..., c_out, c_in)");
  for (const auto& [name, list, least] :
       {std::tuple("strides", &strides, 1), std::tuple("dilations", &dilations, 1),
        std::tuple("padding before", &pad_lo, 0), std::tuple("padding after", &pad_hi, 0),
        std::tuple("output_padding", &output_padding, 0)})
    if (!list->empty()) check_entries(kUserOp, name, *list, x, least);
  check_padding(kUserOp, padding);
  const bool same = padding == "same", valid = padding == "valid";
  for (const auto& [name, shape] : {std::pair("x.shape", x), std::pair("kernel.shape", kernel)})
    STRIATE_CHECK(*std::max_element(shape.begin(), shape.end()) <= kMostInRange, shape, kUserOp, name, "=",
                  shape.text(), ". Expected sizes of at most ", kMostInRange, ".");
  std::vector<int64_t> sizes{x[0]};
  for (int axis = 1; axis < x.rank() - 1; ++axis) {
    const size_t i = static_cast<size_t>(axis) - 1;
    const int64_t n = x[axis], f = kernel[static_cast<int>(i)], s = entry(strides, i, 1);
    const int64_t e = entry(dilations, i, 1) * (f - 1) + 1, extra = entry(output_padding, i, 0);
    STRIATE_CHECK(extra < s, value, kUserOp, "output_padding=", tuple_text(output_padding),
                  " is not smaller than strides=", tuple_text(strides), ". Expected less on every axis.");
    int64_t size = kUnknown;
    if (n != kUnknown && same && output_padding.empty()) {
      size = n * s;
    } else if (n != kUnknown && f != kUnknown) {
      size = (n - 1) * s + (same ? e % 2 : e) + extra;
      if (valid && output_padding.empty()) size += std::max<int64_t>(s - e, 0);
      if (!same && !valid) size -= entry(pad_lo, i, 0) + entry(pad_hi, i, 0);
      // With an even kernel and no output_padding, "same" would leave no room for the last cell.
      STRIATE_CHECK(size > (same ? (n - 1) * s : 0), shape, kUserOp, "axis ", axis, " of x.shape=", x.text(),
                    " becomes ", size, ", too little for its ", n, " cells: kernel.shape=", kernel.text(),
                    ", strides=", tuple_text(strides), ", padding=\"", padding,
                    "\", output_padding=", tuple_text(output_padding), ". Use less padding or more output_padding.");
    }
    sizes.push_back(size);
  }
  sizes.push_back(kernel[kernel.rank() - 2]);
  return {{inputs[0].dtype, Shape(sizes)}};
}

void ConvTransposeLike::lower(Lowering& lowering) const { lower_fill(lowering, 0, 0); }

namespace ops {

Value conv_transpose(const Value& x, const Value& kernel, const ConvOptions& options,
                     const std::vector<int64_t>& output_padding) {
  auto like = with_attributes<ConvTransposeLike>(attributes_of(options));
  like.output_padding = output_padding;
  STRIATE_CHECK(options.groups == 1, value, kUserOp, "groups=", options.groups,
                ": grouped convolution comes later. Expected groups=1.");
  return conv_input_gradient(x, kernel, apply(std::move(like), {x, kernel}), options);
}

}  // namespace ops
}  // namespace striate
