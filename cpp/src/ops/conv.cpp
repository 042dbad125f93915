#include "ops/conv.h"

#include "graph/node.h"
#include "kernels/conv.h"
#include "ops/fill.h"
#include "ops/types.h"
#include "ops/window.h"
#include "striate/ops.h"

namespace striate {
namespace {

Placement place_kernel(std::string_view op, const Shape& x, const Shape& kernel, const ConvAttributes& attributes) {
  Windows windows;
  windows.what = "kernel";
  windows.size.assign(kernel.begin(), kernel.end() - 2);
  windows.strides = attributes.strides;
  windows.dilations = attributes.dilations;
  windows.padding = attributes.padding;
  windows.pad_lo = attributes.pad_lo;
  windows.pad_hi = attributes.pad_hi;
  windows.strict = attributes.strict;
  return place_windows(op, x, windows);
}

Shape output_shape(const Shape& x, const Shape& kernel, const Placement& placement) {
  std::vector<int64_t> sizes{x[0]};
  sizes.insert(sizes.end(), placement.out.begin(), placement.out.end());
  sizes.push_back(kernel.back());
  return Shape(sizes);
}

// 2 per multiply-accumulate, all taps counted: the same for the convolution and both its gradients.
Cost conv_cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs, const Shape& y,
               const Shape& kernel) {
  const double taps = static_cast<double>(kernel.product(0, kernel.rank() - 1));
  return streaming_cost(inputs, outputs, 2 * static_cast<double>(y.elements()) * taps);
}

Value conv_of(const ConvAttributes& how, const Value& x, const Value& kernel) {
  return apply(with_attributes<Conv>(how), {x, kernel});
}
Value input_gradient_of(const ConvAttributes& how, const Value& gy, const Value& kernel, const Value& x_like) {
  return apply(with_attributes<ConvInputGradient>(how), {gy, kernel, x_like});
}
Value kernel_gradient_of(const ConvAttributes& how, const Value& x, const Value& gy, const Value& kernel_like) {
  return apply(with_attributes<ConvKernelGradient>(how), {x, gy, kernel_like});
}

}  // namespace

void ConvAttributes::visit(AttributeVisitor& visit) {
  visit("strides", strides);
  visit("dilations", dilations);
  visit("padding", padding);
  visit("pad_lo", pad_lo);
  visit("pad_hi", pad_hi);
  visit("groups", groups);
  visit("strict", strict);
}

void check_conv_operands(std::string_view op, const ValueType& x, const ValueType& kernel, int c_in, const char* axes) {
  check_same_dtype(op, "x", x, "kernel", kernel);
  check_floating(op, "x", x);
  check_image(op, x.shape);
  STRIATE_CHECK(kernel.shape.rank() == x.shape.rank(), shape, op, "kernel.shape=", kernel.shape.text(), " has ",
                kernel.shape.rank(), " axes but x.shape=", x.shape.text(), " has ", x.shape.rank(),
                ". Expected a kernel ", axes, " with as many axes as x.");
  const int64_t c = x.shape.back(), taken = kernel.shape[kernel.shape.rank() - c_in];
  STRIATE_CHECK(c == taken || c == kUnknown || taken == kUnknown, shape, op, "x.shape=", x.shape.text(), " has ", c,
                " channels but kernel.shape=", kernel.shape.text(), " takes ", taken,
                ". Expected the same number. Kernels are ", axes, ".");
}

ValueType ConvAttributes::infer_output(std::string_view op, const ValueType& x, const ValueType& kernel) const {
  STRIATE_CHECK(groups == 1, value, op, "groups=", groups, ": grouped convolution comes later. Expected groups=1.");
  check_conv_operands(op, x, kernel, 2, "(spatial..., c_in, c_out)");
  return {x.dtype, output_shape(x.shape, kernel.shape, place_kernel(op, x.shape, kernel.shape, *this))};
}

bool ConvAttributes::shape(std::string_view op, const Shape& x, const Shape& kernel, ConvShape& shape) const {
  const Placement placement = place_kernel(op, x, kernel, *this);
  shape = {};
  shape.n = x[0];
  shape.c_in = x.back();
  shape.c_out = kernel.back();
  shape.groups = groups;
  fill_axes(shape.in, {x.begin() + 1, x.end() - 1}, 1);
  fill_axes(shape.out, placement.out, 1);
  fill_axes(shape.kernel, {kernel.begin(), kernel.end() - 2}, 1);
  const std::vector<int64_t> ones(x.rank() - 2, 1);
  fill_axes(shape.stride, strides.empty() ? ones : strides, 1);
  fill_axes(shape.dilation, dilations.empty() ? ones : dilations, 1);
  fill_axes(shape.pad, placement.lo, 0);
  return shape.n > 0 && shape.c_in > 0 && shape.c_out > 0;
}

// --- inputs that are made ---------------------------------------------------------------------------------------

void FusedNormalization::visit(AttributeVisitor& visit) {
  if (!any) return;
  visit("normalizes_input", any);
  visit("input_relu", relu);
  visit("input_beside", beside);
  if (signs) visit("input_signs", signs);
}

std::vector<ValueType> FusedNormalization::outputs(std::string_view op, const ValueType& made) const {
  std::vector<ValueType> types;
  if (any) types.push_back(made);
  if (signs) types.push_back(signs_type(op, made.shape));
  return types;
}

NormalizedInput FusedNormalization::for_kernel() const { return {any, relu, beside, signs}; }

void FusedNormalization::lower(Lowering& lowering, KernelCall& call, int first) const {
  if (!any) return;
  call.inputs.push_back(lowering.input(first));
  call.inputs.push_back(beside ? lowering.input(first + 1) : kNoBuffer);
  call.outputs.push_back(lowering.output(1));
  if (signs) call.outputs.push_back(lowering.output(2));
  call.in_place.push_back({0, 1});
  call.in_place.push_back({static_cast<int>(call.inputs.size()) - 1, 1});
}

// --- conv --------------------------------------------------------------------------------------------------------

void Conv::attributes(AttributeVisitor& visit) {
  ConvAttributes::visit(visit);
  if (pools_input) visit("pools_input", pools_input);
  normalized.visit(visit);
  fused.visit(visit);
}

std::vector<ValueType> Conv::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 2, 7);
  const ValueType y = infer_output(kName, inputs[0], inputs[1]);
  fused.check(kName, inputs, 2 + normalized.operand_count(), y);
  std::vector<ValueType> outputs = normalized.outputs(kName, inputs[0]);
  outputs.insert(outputs.begin(), fused.pooled(y));
  return outputs;
}

std::vector<Value> Conv::gradient(const GradientArgs& args) const {
  fused.check_unfused(kName);
  STRIATE_CHECK(!pools_input && !normalized.any, value, kName,
                "has no gradient once it makes its input. Take gradients before compiling.");
  const Value &x = args.inputs[0], &kernel = args.inputs[1], &g = args.output_gradients[0];
  std::vector<Value> result(2);
  if (args.needed[0]) result[0] = input_gradient_of(*this, g, kernel, x);
  if (args.needed[1]) result[1] = kernel_gradient_of(*this, x, g, kernel);
  return result;
}

void Conv::lower(Lowering& lowering) const {
  ConvShape shape;
  if (!ConvAttributes::shape(kName, lowering.input_type(0).shape, lowering.input_type(1).shape, shape)) {
    STRIATE_CHECK(lowering.output_type(0).shape.elements() == 0, shape, kName,
                  "x has no channels: x.shape=", lowering.input_type(0).shape.text(), ". Expected at least 1.");
    return;
  }
  shape.pools_input = pools_input;
  shape.epilogue = fused.epilogue(kName);
  shape.epilogue.part = lowering.part(0);
  shape.normalized = normalized.for_kernel();
  normalized.lower(lowering,
                   fused.call(lowering, Family::conv, ConvFunction::forward, shape, 2 + normalized.operand_count()), 2);
}

Cost Conv::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return conv_cost(inputs, outputs, infer_output(kName, inputs[0], inputs[1]).shape, inputs[1].shape);
}

// --- its gradients -----------------------------------------------------------------------------------------------

// Files know no fused one, so it tells nothing of itself while there is nothing.
void ConvInputGradient::attributes(AttributeVisitor& visit) {
  ConvAttributes::visit(visit);
  normalized.visit(visit);
  if (fused.any()) fused.visit(visit);
}

std::vector<ValueType> ConvInputGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 3, 8);
  const ValueType x{inputs[0].dtype, inputs[2].shape};
  fused.check(kName, inputs, 3 + normalized.operand_count(), x);
  check_shape(kName, "gy", inputs[0], infer_output(kName, x, inputs[1]).shape, "the shape of conv(x_like, kernel)");
  std::vector<ValueType> outputs = normalized.outputs(kName, inputs[0]);
  outputs.insert(outputs.begin(), x);
  return outputs;
}

// gx is linear in gy and in the kernel; <u, gx> = <conv(u, kernel), gy>.
std::vector<Value> ConvInputGradient::gradient(const GradientArgs& args) const {
  fused.check_unfused(kName);
  STRIATE_CHECK(!normalized.any, value, kName,
                "has no gradient once it makes its input. Take gradients before compiling.");
  const Value &gy = args.inputs[0], &kernel = args.inputs[1], &u = args.output_gradients[0];
  std::vector<Value> result(3);
  if (args.needed[0]) result[0] = conv_of(*this, u, kernel);
  if (args.needed[1]) result[1] = kernel_gradient_of(*this, u, gy, kernel);
  return result;
}

void ConvInputGradient::lower(Lowering& lowering) const {
  ConvShape shape;
  if (!ConvAttributes::shape(kName, lowering.output_type(0).shape, lowering.input_type(1).shape, shape)) {
    STRIATE_CHECK(!fused.any() || lowering.output_type(0).shape.elements() == 0, shape, kName,
                  "no kernel can finish a gradient without channels.");
    return lower_fill(lowering, 0, 0);
  }
  shape.epilogue = fused.epilogue(kName);
  shape.normalized = normalized.for_kernel();
  normalized.lower(
      lowering, fused.call(lowering, Family::conv, ConvFunction::input_gradient, shape, 3 + normalized.operand_count()),
      3);
}

bool ConvInputGradient::leaves_pixels(const Node& node) const {
  ConvShape s;
  if (!ConvAttributes::shape(kName, node.types[0].shape, node.inputs[1].shape(), s)) return false;
  for (int i = 0; i < 3; ++i)
    if (s.stride[i] > (s.kernel[i] - 1) * s.dilation[i] + 1) return true;
  return false;
}

Cost ConvInputGradient::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  std::vector<ValueType> read = inputs;
  read.erase(read.begin() + 2);
  return conv_cost(read, outputs, inputs[0].shape, inputs[1].shape);
}

std::vector<ValueType> ConvKernelGradient::infer(const std::vector<ValueType>& inputs) const {
  check_input_count(kName, inputs, 3);
  const ValueType kernel{inputs[0].dtype, inputs[2].shape};
  check_same_dtype(kName, "x", inputs[0], "gy", inputs[1]);
  check_shape(kName, "gy", inputs[1], infer_output(kName, inputs[0], kernel).shape,
              "the shape of conv(x, kernel_like)");
  return {kernel};
}

// gk is linear in x and in gy; <v, gk> = <conv(x, v), gy>.
std::vector<Value> ConvKernelGradient::gradient(const GradientArgs& args) const {
  const Value &x = args.inputs[0], &gy = args.inputs[1], &v = args.output_gradients[0];
  std::vector<Value> result(3);
  if (args.needed[0]) result[0] = input_gradient_of(*this, gy, v, x);
  if (args.needed[1]) result[1] = conv_of(*this, x, v);
  return result;
}

void ConvKernelGradient::lower(Lowering& lowering) const {
  ConvShape shape;
  if (!ConvAttributes::shape(kName, lowering.input_type(0).shape, lowering.output_type(0).shape, shape))
    return lower_fill(lowering, 0, 0);  // the sum over no samples
  lowering.call(Family::conv, ConvFunction::weight_gradient, shape, {lowering.input(0), lowering.input(1)},
                {lowering.output(0)});
}

Cost ConvKernelGradient::cost(const std::vector<ValueType>& inputs, const std::vector<ValueType>& outputs) const {
  return conv_cost({inputs[0], inputs[1]}, outputs, inputs[1].shape, outputs[0].shape);
}

// --- builders ----------------------------------------------------------------------------------------------------

ConvAttributes attributes_of(const ops::ConvOptions& options) {
  return {options.strides,    options.dilations, options.padding.mode, options.padding.lo,
          options.padding.hi, options.groups,    options.strict};
}

namespace ops {

Value conv(const Value& x, const Value& kernel, const ConvOptions& options) {
  return conv_of(attributes_of(options), x, kernel);
}

Value conv_input_gradient(const Value& gy, const Value& kernel, const Value& x_like, const ConvOptions& options) {
  return input_gradient_of(attributes_of(options), gy, kernel, x_like);
}

Value conv_kernel_gradient(const Value& x, const Value& gy, const Value& kernel_like, const ConvOptions& options) {
  return kernel_gradient_of(attributes_of(options), x, gy, kernel_like);
}

}  // namespace ops
}  // namespace striate
