// Convolution and matrix product written as their contracts state them, in double: the specification the
// kernels are held against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/conv.h"
#include "kernels/matmul.h"

namespace striate::test {

inline double reference_activation(Activation activation, double x) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
  }
  return x;
}

// What stands beside the sums in an epilogue; absent ones are empty.
struct Beside {
  std::vector<double> bias, residual, mask;
};
inline void reference_epilogue(const Epilogue& epilogue, const Beside& beside, std::vector<double>& y,
                               int64_t channels) {
  for (size_t i = 0; i < y.size(); ++i) {
    double sum = y[i];
    if (epilogue.bias) sum += beside.bias[i % channels];
    if (epilogue.residual) sum += beside.residual[i];
    y[i] = reference_activation(epilogue.activation, sum);
    if (epilogue.mask && !(beside.mask[i] > 0)) y[i] = 0;
  }
}

// The inputs (a, b, bias, residual, mask) of a step as the kernel is given them: a mask as its signs if it is told so.
template <class T>
std::vector<std::vector<T>> epilogue_inputs(const Epilogue& epilogue, const std::vector<std::vector<double>>& inputs) {
  std::vector<std::vector<T>> given;
  for (const std::vector<double>& input : inputs) given.emplace_back(input.begin(), input.end());
  if (!epilogue.signs || inputs.size() < 5) return given;
  std::vector<unsigned char> bytes(inputs[4].size() / 8);
  for (size_t i = 0; i < inputs[4].size(); ++i) bytes[i / 8] |= static_cast<unsigned char>((inputs[4][i] > 0) << i % 8);
  given[4].assign((bytes.size() + sizeof(T) - 1) / sizeof(T), T());
  std::memcpy(given[4].data(), bytes.data(), bytes.size());
  return given;
}

// Every kind of epilogue: all activations, and each set of operands.
inline std::vector<Epilogue> epilogues() {
  std::vector<Epilogue> all;
  for (const Activation activation : {Activation::none, Activation::relu, Activation::sigmoid, Activation::tanh})
    for (int operands = 0; operands < 8; ++operands)
      all.push_back({(operands & 1) != 0, activation, (operands & 2) != 0, (operands & 4) != 0});
  return all;
}

// Those with a mask, told as signs.
inline std::vector<Epilogue> sign_epilogues() {
  std::vector<Epilogue> all;
  for (Epilogue epilogue : epilogues()) {
    if (!epilogue.mask) continue;
    epilogue.signs = true;
    all.push_back(epilogue);
  }
  return all;
}

// Calls body(x index, w index, y index) for every product x[...] * w[...] that belongs to y[...].
template <class Body>
void for_each_product(const ConvShape& s, Body&& body) {
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t od = 0; od < s.out[0]; ++od)
      for (int64_t oh = 0; oh < s.out[1]; ++oh)
        for (int64_t ow = 0; ow < s.out[2]; ++ow)
          for (int64_t kd = 0; kd < s.kernel[0]; ++kd)
            for (int64_t kh = 0; kh < s.kernel[1]; ++kh)
              for (int64_t kw = 0; kw < s.kernel[2]; ++kw) {
                const int64_t d = od * s.stride[0] + kd * s.dilation[0] - s.pad[0];
                const int64_t h = oh * s.stride[1] + kh * s.dilation[1] - s.pad[1];
                const int64_t w = ow * s.stride[2] + kw * s.dilation[2] - s.pad[2];
                if (d < 0 || d >= s.in[0] || h < 0 || h >= s.in[1] || w < 0 || w >= s.in[2]) continue;
                const int64_t x = (((n * s.in[0] + d) * s.in[1] + h) * s.in[2] + w) * s.c_in;
                const int64_t y = (((n * s.out[0] + od) * s.out[1] + oh) * s.out[2] + ow) * s.c_out;
                const int64_t tap = ((kd * s.kernel[1] + kh) * s.kernel[2] + kw) * s.c_in;
                for (int64_t c = 0; c < s.c_in; ++c)
                  for (int64_t k = 0; k < s.c_out; ++k) body(x + c, (tap + c) * s.c_out + k, y + k);
              }
}

using Values = std::vector<double>;

inline int64_t x_size(const ConvShape& s) { return s.n * s.in[0] * s.in[1] * s.in[2] * s.c_in; }
// The mean or the maximum of each window of 2x2 along h and w.
inline Values reference_pooling(const ConvShape& s, const Values& y) {
  if (s.epilogue.pooling == Pooling::none) return y;
  Values pooled(y.size() / 4);
  for (int64_t plane = 0; plane < s.n * s.out[0]; ++plane)
    for (int64_t h = 0; h < s.out[1] / 2; ++h)
      for (int64_t w = 0; w < s.out[2] / 2; ++w)
        for (int64_t k = 0; k < s.c_out; ++k) {
          double sum = 0, most = -std::numeric_limits<double>::infinity();
          for (int cell = 0; cell < 4; ++cell) {
            const int64_t row = plane * s.out[1] + 2 * h + cell / 2, column = 2 * w + cell % 2;
            const double v = y[(row * s.out[2] + column) * s.c_out + k];
            sum += v;
            most = std::max(most, v);
          }
          pooled[((plane * (s.out[1] / 2) + h) * (s.out[2] / 2) + w) * s.c_out + k] =
              s.epilogue.pooling == Pooling::max ? most : sum / 4;
        }
  return pooled;
}

inline int64_t y_size(const ConvShape& s) { return s.n * s.out[0] * s.out[1] * s.out[2] * s.c_out; }
inline int64_t w_size(const ConvShape& s) { return s.kernel[0] * s.kernel[1] * s.kernel[2] * s.c_in * s.c_out; }

inline Values reference_forward(const ConvShape& s, const Values& x, const Values& w, const Beside& beside) {
  Values y(y_size(s));
  for_each_product(s, [&](int64_t i, int64_t j, int64_t o) { y[o] += x[i] * w[j]; });
  reference_epilogue(s.epilogue, beside, y, s.c_out);
  return reference_pooling(s, y);
}
inline Values reference_input_gradient(const ConvShape& s, const Values& gy, const Values& w,
                                       const Beside& beside = {}) {
  Values gx(x_size(s));
  for_each_product(s, [&](int64_t i, int64_t j, int64_t o) { gx[i] += gy[o] * w[j]; });
  reference_epilogue(s.epilogue, beside, gx, s.c_in);
  return gx;
}
inline Values reference_weight_gradient(const ConvShape& s, const Values& x, const Values& gy) {
  Values gw(w_size(s));
  for_each_product(s, [&](int64_t i, int64_t j, int64_t o) { gw[j] += gy[o] * x[i]; });
  return gw;
}

inline Values reference_product(const MatmulShape& s, const Values& a, const Values& b, const Beside& beside) {
  Values y(s.m * s.n);
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (int64_t t = 0; t < s.k; ++t)
        sum += a[s.transpose_a ? t * s.m + i : i * s.k + t] * b[s.transpose_b ? j * s.k + t : t * s.n + j];
      y[i * s.n + j] = sum;
    }
  reference_epilogue(s.epilogue, beside, y, s.n);
  return y;
}

}  // namespace striate::test
