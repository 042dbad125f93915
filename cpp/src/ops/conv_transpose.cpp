#include "ops/conv_transpose.h"

#include <algorithm>

#include "graph/node.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "striate/ops.h"

namespace striate {
namespace {

constexpr std::string_view kUserOp = "conv_transpose";  // what errors name

int64_t entry(const std::vector<int64_t>& values, size_t axis, int64_t otherwise) {
  return values.empty() ? otherwise : values[axis];
}

void check_list(const char* name, const std::vector<int64_t>& values, const Shape& x, int64_t least) {
  const size_t rank = x.rank() - 2;
  STRIATE_CHECK(values.empty() || values.size() == rank, value, kUserOp, name, "=", tuple_text(values), " has ",
                values.size(), " entries for the ", rank, " spatial axes of x.shape=", x.text(), ". Expected ", rank,
                ".");
  check_range(kUserOp, name, values, least);
}

}  // namespace

void ConvTransposeLike::attributes(AttributeVisitor& visit) {
  ConvAttributes::visit(visit);
  visit("output_padding", output_padding);
}

std::vector<ValueType> ConvTransposeLike::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2);
  const Shape &x = inputs[0].shape, &kernel = inputs[1].shape;
  check_same_dtype(kUserOp, "x", inputs[0], "kernel", inputs[1]);
  check_floating(kUserOp, "x", inputs[0]);
  STRIATE_CHECK(x.rank() >= 3 && x.rank() <= 5, shape, kUserOp, "x.shape=", x.text(), " has ", x.rank(),
                " axes. Expected 3 to 5: (n, spatial..., c) with 1 to 3 spatial axes.");
  STRIATE_CHECK(kernel.rank() == x.rank(), shape, kUserOp, "kernel.shape=", kernel.text(), " has ", kernel.rank(),
                " axes but x.shape=", x.text(), " has ", x.rank(),
                ". Expected a kernel (spatial..., c_out, c_in) with as many axes as x.");
  const int64_t c = x.back(), c_in = kernel.back();
  STRIATE_CHECK(c == c_in || c == kUnknown || c_in == kUnknown, shape, kUserOp, "x.shape=", x.text(), " has ", c,
                " channels but kernel.shape=", kernel.text(), " takes ", c_in,
                ". Expected the same number. Kernels of transposed convolutions are (spatial..., c_out, c_in).");
  check_list("strides", strides, x, 1);
  check_list("dilations", dilations, x, 1);
  check_list("padding before", pad_lo, x, 0);
  check_list("padding after", pad_hi, x, 0);
  check_list("output_padding", output_padding, x, 0);
  const bool same = padding == "same", valid = padding == "valid";
  STRIATE_CHECK(same || valid || padding == "explicit", value, kUserOp, "padding=\"", padding,
                "\" is unknown. Expected \"valid\", \"same\" or \"explicit\".");
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
    if (n == kUnknown) {
    } else if (same && output_padding.empty()) {
      size = n * s;
    } else if (f != kUnknown) {
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
  ConvTransposeLike like;
  like.strides = options.strides;
  like.dilations = options.dilations;
  like.padding = options.padding.mode;
  like.pad_lo = options.padding.lo;
  like.pad_hi = options.padding.hi;
  like.output_padding = output_padding;
  STRIATE_CHECK(options.groups == 1, value, kUserOp, "groups=", options.groups,
                ": grouped convolution comes later. Expected groups=1.");
  return conv_input_gradient(x, kernel, apply(std::move(like), {x, kernel}), options);
}

}  // namespace ops
}  // namespace striate
