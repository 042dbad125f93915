// The layers of the nets that docs/performance.md times, as convolutions and products: shapes, how often each
// occurs, and the batch of a training step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace striate::zoo {

struct Layer {
  int64_t count;
  bool dense;           // c_in -> c_out alone
  int64_t c_in, c_out;  // of a convolution; a transposed one stands here as the convolution it undoes
  int64_t in, kernel, stride, pad;
  int64_t out() const { return dense ? 1 : (in + 2 * pad - kernel) / stride + 1; }
  bool first() const { return !dense && c_in <= 3; }  // an image's own gradient is not needed in training
};

struct Net {
  std::string name;
  int64_t batch;
  std::vector<Layer> layers;

  void conv(int64_t count, int64_t c_in, int64_t c_out, int64_t in, int64_t kernel, int64_t stride = 1,
            int64_t pad = -1) {
    layers.push_back({count, false, c_in, c_out, in, kernel, stride, pad < 0 ? (kernel - 1) / 2 : pad});
  }
  void dense(int64_t c_in, int64_t c_out) { layers.push_back({1, true, c_in, c_out, 1, 1, 1, 0}); }
};

inline Net lab() {
  Net net{"lab", 128, {}};
  net.conv(1, 1, 32, 28, 3);
  net.conv(1, 32, 64, 14, 3);
  net.dense(3136, 128);
  net.dense(128, 10);
  return net;
}

inline Net lenet5() {
  Net net{"lenet5", 128, {}};
  net.conv(1, 1, 6, 28, 5);
  net.conv(1, 6, 16, 14, 5, 1, 0);
  net.conv(1, 16, 120, 5, 5, 1, 0);
  net.dense(120, 84);
  net.dense(84, 10);
  return net;
}

inline Net resnet20() {
  Net net{"resnet20", 128, {}};
  net.conv(1, 3, 16, 32, 3);
  net.conv(6, 16, 16, 32, 3);
  net.conv(1, 16, 32, 32, 3, 2);
  net.conv(1, 16, 32, 32, 1, 2);
  net.conv(5, 32, 32, 16, 3);
  net.conv(1, 32, 64, 16, 3, 2);
  net.conv(1, 32, 64, 16, 1, 2);
  net.conv(5, 64, 64, 8, 3);
  net.dense(64, 10);
  return net;
}

inline Net alexnet() {
  Net net{"alexnet", 32, {}};
  net.conv(1, 3, 96, 227, 11, 4, 0);
  net.conv(1, 96, 256, 27, 5);
  net.conv(1, 256, 384, 13, 3);
  net.conv(1, 384, 384, 13, 3);
  net.conv(1, 384, 256, 13, 3);
  net.dense(9216, 4096);
  net.dense(4096, 4096);
  net.dense(4096, 1000);
  return net;
}

inline Net vgg16() {
  Net net{"vgg16", 8, {}};
  net.conv(1, 3, 64, 224, 3);
  net.conv(1, 64, 64, 224, 3);
  net.conv(1, 64, 128, 112, 3);
  net.conv(1, 128, 128, 112, 3);
  net.conv(1, 128, 256, 56, 3);
  net.conv(2, 256, 256, 56, 3);
  net.conv(1, 256, 512, 28, 3);
  net.conv(2, 512, 512, 28, 3);
  net.conv(3, 512, 512, 14, 3);
  net.dense(25088, 4096);
  net.dense(4096, 4096);
  net.dense(4096, 1000);
  return net;
}

inline Net googlenet() {
  Net net{"googlenet", 16, {}};
  net.conv(1, 3, 64, 224, 7, 2);
  net.conv(1, 64, 64, 56, 1);
  net.conv(1, 64, 192, 56, 3);
  // channels in, size, 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5, pooled
  constexpr int64_t kModules[][8] = {{192, 28, 64, 96, 128, 16, 32, 32},     {256, 28, 128, 128, 192, 32, 96, 64},
                                     {480, 14, 192, 96, 208, 16, 48, 64},    {512, 14, 160, 112, 224, 24, 64, 64},
                                     {512, 14, 128, 128, 256, 24, 64, 64},   {512, 14, 112, 144, 288, 32, 64, 64},
                                     {528, 14, 256, 160, 320, 32, 128, 128}, {832, 7, 256, 160, 320, 32, 128, 128},
                                     {832, 7, 384, 192, 384, 48, 128, 128}};
  for (const auto& m : kModules) {
    net.conv(1, m[0], m[2], m[1], 1);
    net.conv(1, m[0], m[3], m[1], 1);
    net.conv(1, m[3], m[4], m[1], 3);
    net.conv(1, m[0], m[5], m[1], 1);
    net.conv(1, m[5], m[6], m[1], 5);
    net.conv(1, m[0], m[7], m[1], 1);
  }
  net.dense(1024, 1000);
  return net;
}

inline Net resnet18() {
  Net net{"resnet18", 16, {}};
  net.conv(1, 3, 64, 224, 7, 2);
  net.conv(4, 64, 64, 56, 3);
  for (int64_t c = 64, in = 56; c < 512; c *= 2, in /= 2) {
    net.conv(1, c, 2 * c, in, 3, 2);
    net.conv(1, c, 2 * c, in, 1, 2);
    net.conv(3, 2 * c, 2 * c, in / 2, 3);
  }
  net.dense(512, 1000);
  return net;
}

inline Net resnet50() {
  Net net{"resnet50", 16, {}};
  net.conv(1, 3, 64, 224, 7, 2);
  constexpr int64_t kBlocks[] = {3, 4, 6, 3};
  int64_t in = 56, c_in = 64;
  for (int64_t stage = 0, c = 64; stage < 4; ++stage, c *= 2) {
    const int64_t stride = stage ? 2 : 1, out = in / stride, rest = kBlocks[stage] - 1;
    net.conv(1, c_in, c, in, 1);
    net.conv(1, c_in, 4 * c, in, 1, stride);
    net.conv(1, c, c, in, 3, stride);
    net.conv(rest + 1, c, 4 * c, out, 1);
    net.conv(rest, 4 * c, c, out, 1);
    net.conv(rest, c, c, out, 3);
    in = out;
    c_in = 4 * c;
  }
  net.dense(2048, 1000);
  return net;
}

inline Net unet() {
  Net net{"unet", 2, {}};
  net.conv(1, 3, 64, 256, 3);
  net.conv(2, 64, 64, 256, 3);
  net.conv(1, 128, 64, 256, 3);
  net.conv(1, 64, 2, 256, 1);
  for (int64_t c = 64, in = 256; c < 1024; c *= 2, in /= 2) {
    net.conv(1, c, 2 * c, in, 2, 2, 0);  // 2c -> c transposed, up to this size
    net.conv(1, c, 2 * c, in / 2, 3);
    net.conv(c < 512 ? 2 : 1, 2 * c, 2 * c, in / 2, 3);
    if (c < 512) net.conv(1, 4 * c, 2 * c, in / 2, 3);
  }
  return net;
}

// Not a net: products on their own.
inline Net square() {
  Net net{"square", 1024, {}};
  net.dense(1024, 1024);
  return net;
}

inline std::vector<Net> all() {
  return {lab(), lenet5(), resnet20(), alexnet(), vgg16(), googlenet(), resnet18(), resnet50(), unet(), square()};
}

}  // namespace striate::zoo
