// Conversions between element types; loops the compiler vectorises.
#include "kernels/cast.h"

#include "kernels/cpu/split.h"

namespace striate::STRIATE_ISA {
namespace {

template <class T>
struct Limits;
template <>
struct Limits<int32_t> {
  static constexpr double below = -2147483649.0, above = 2147483648.0;  // the first values that do not fit
  static constexpr int32_t min = -2147483647 - 1, max = 2147483647;
};
template <>
struct Limits<int64_t> {
  static constexpr double below = -9223372036854777856.0, above = 9223372036854775808.0;
  static constexpr int64_t min = -9223372036854775807 - 1, max = 9223372036854775807;
};
template <>
struct Limits<uint8_t> {
  static constexpr double below = -1.0, above = 256.0;
  static constexpr uint8_t min = 0, max = 255;
};

template <class T>
constexpr bool kIsFloating = static_cast<T>(0.5) != 0;

// Integer to integer keeps the low bits, as NumPy does.
template <class To, class From>
STRIATE_INLINE To convert(From v) {
  if constexpr (kIsFloating<From> && !kIsFloating<To>) {
    const double d = static_cast<double>(v);
    if (d != d) return 0;
    if (d <= Limits<To>::below) return Limits<To>::min;
    if (d >= Limits<To>::above) return Limits<To>::max;
    return static_cast<To>(d);
  } else {
    return static_cast<To>(v);
  }
}

template <class To, class From>
void convert_all(const void* x, void* y, Range r) {
  const From* from = static_cast<const From*>(x);
  To* to = static_cast<To*>(y);
  for (int64_t i = r.begin; i < r.end; ++i) to[i] = convert<To>(from[i]);
}

using Convert = void (*)(const void*, void*, Range);
template <class From>
constexpr Convert kTo[] = {convert_all<float, From>, convert_all<double, From>, convert_all<int32_t, From>,
                           convert_all<int64_t, From>, convert_all<uint8_t, From>};
constexpr const Convert* kFrom[] = {kTo<float>, kTo<double>, kTo<int32_t>, kTo<int64_t>, kTo<uint8_t>};

int64_t cast_items(const CastShape& s, int) { return split_count(s.n); }
void cast_run(const CastShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  kFrom[static_cast<int>(s.from)][static_cast<int>(s.to)](args.buffers[0], args.buffers[1],
                                                          split_range(s.n, cast_items(s, 0), begin, end, kLanes));
}

int64_t increment_items(const IncrementShape& s, int) { return split_count(s.n); }
void increment_run(const IncrementShape& s, const KernelArgs& args, int, int64_t begin, int64_t end) {
  const int64_t* x = buffer<const int64_t>(args, 0);
  int64_t* y = buffer<int64_t>(args, 1);
  const Range r = split_range(s.n, increment_items(s, 0), begin, end);
  for (int64_t i = r.begin; i < r.end; ++i) y[i] = x[i] + s.amount;
}

constexpr Kernel kCast[] = {{"loop", erased_items<CastShape, cast_items>, erased_run<CastShape, cast_run>}};
constexpr Kernel kIncrement[] = {
    {"loop", erased_items<IncrementShape, increment_items>, erased_run<IncrementShape, increment_run>}};
constexpr KernelFunction kFunctions[] = {{"cast", kCast, 1}, {"increment", kIncrement, 1}};

}  // namespace

const KernelTable cast_table = {"cast", kFunctions, 2};

}  // namespace striate::STRIATE_ISA
