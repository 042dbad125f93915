#include "ops/window.h"

#include <algorithm>

#include "ops/types.h"

namespace striate {
namespace {

std::vector<int64_t> all_or(const std::vector<int64_t>& values, size_t rank, int64_t otherwise) {
  return values.empty() ? std::vector<int64_t>(rank, otherwise) : values;
}

std::string padding_text(const Windows& windows) {
  if (windows.padding != "explicit") return text_of("padding=\"", windows.padding, "\"");
  return text_of("padding=", tuple_text(windows.pad_lo), " before and ", tuple_text(windows.pad_hi), " after");
}

[[noreturn]] void fail_too_large(std::string_view op, const Shape& x, const Windows& windows,
                                 const std::vector<int64_t>& effective, const Placement& placement) {
  std::vector<int64_t> padded;
  for (size_t i = 0; i < effective.size(); ++i)
    padded.push_back(x[i + 1] == kUnknown ? kUnknown : x[i + 1] + placement.lo[i] + placement.hi[i]);
  const bool dilated = effective != windows.size;
  const Shape padded_shape(padded);
  fail(ErrorKind::shape, op, windows.what, " ", Shape(windows.size).text(),
       dilated
           ? text_of(" with dilation ", tuple_text(windows.dilations), " spans ", Shape(effective).text(), ", which")
           : std::string(),
       " is larger than the padded input ", padded_shape.text(), ": x.shape=", x.text(), ", ", padding_text(windows),
       ". Use padding=\"same\" or a ", windows.what, dilated ? " that spans" : " of", " at most ", padded_shape.text(),
       ".");
}

[[noreturn]] void fail_strict(std::string_view op, const Shape& x, int axis, int64_t padded, int64_t effective,
                              int64_t stride) {
  fail(ErrorKind::shape, op, "the stride does not fit axis ", axis, " of x.shape=", x.text(), ": (", padded, " - ",
       effective, ") / ", stride, " + 1 = ", static_cast<double>(padded - effective) / static_cast<double>(stride) + 1,
       ". Expected a whole number because strict=True. Pad the input, change the stride or leave strict out.");
}

}  // namespace

void check_entries(std::string_view op, const char* name, const std::vector<int64_t>& values, const Shape& x,
                   int64_t least) {
  const size_t rank = x.rank() - 2;
  STRIATE_CHECK(values.size() == rank, value, op, name, "=", tuple_text(values), " has ", values.size(),
                " entries for the ", rank, " spatial axes of x.shape=", x.text(), ". Expected ", rank, ".");
  check_range(op, name, values, least);
}

void check_padding(std::string_view op, const std::string& padding) {
  STRIATE_CHECK(padding == "valid" || padding == "same" || padding == "explicit", value, op, "padding=\"", padding,
                "\" is unknown. Expected \"valid\", \"same\" or \"explicit\".");
}

void check_image(std::string_view op, const Shape& x) {
  STRIATE_CHECK(x.rank() >= 3 && x.rank() <= 5, shape, op, "x.shape=", x.text(), " has ", x.rank(),
                " axes. Expected 3 to 5: (n, spatial..., c) with 1 to 3 spatial axes.");
}

Placement place_windows(std::string_view op, const Shape& x, const Windows& given) {
  check_image(op, x);
  const size_t rank = x.rank() - 2;
  Windows windows = given;
  windows.strides = all_or(given.strides, rank, 1);
  windows.dilations = all_or(given.dilations, rank, 1);
  windows.pad_lo = all_or(given.pad_lo, rank, 0);
  windows.pad_hi = all_or(given.pad_hi, rank, 0);
  check_entries(op, windows.what, windows.size, x, std::string_view(windows.what) == "window" ? 1 : kUnknown);
  check_entries(op, "strides", windows.strides, x, 1);
  check_entries(op, "dilations", windows.dilations, x, 1);
  check_entries(op, "padding before", windows.pad_lo, x, 0);
  check_entries(op, "padding after", windows.pad_hi, x, 0);
  check_padding(op, windows.padding);
  const bool same = windows.padding == "same", explicit_padding = windows.padding == "explicit";

  Placement placement;
  std::vector<int64_t> effective(rank);
  bool too_large = false;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t n = x[static_cast<int>(i) + 1], f = windows.size[i], s = windows.strides[i];
    STRIATE_CHECK(n != 0, shape, op, "axis ", i + 1, " of x is empty: x.shape=", x.text(),
                  ". Expected at least one cell on each spatial axis.");
    STRIATE_CHECK(f != 0, shape, op, windows.what, " ", tuple_text(windows.size), " is empty. Expected at least 1.");
    const bool unknown = n == kUnknown || f == kUnknown;
    const int64_t e = f == kUnknown ? kUnknown : windows.dilations[i] * (f - 1) + 1;
    int64_t out = kUnknown, lo = explicit_padding ? windows.pad_lo[i] : 0,
            hi = explicit_padding ? windows.pad_hi[i] : 0;
    if (same) {
      out = n == kUnknown ? kUnknown : (n + s - 1) / s;
      const int64_t total = unknown ? 0 : std::max<int64_t>((out - 1) * s + e - n, 0);
      lo = unknown ? kUnknown : total / 2;
      hi = unknown ? kUnknown : total - lo;
    } else if (!unknown) {
      const int64_t room = n + lo + hi - e;
      too_large |= room < 0;
      out = room < 0 ? 0 : (windows.ceil_mode ? room + s - 1 : room) / s + 1;
      if (windows.ceil_mode && out > 1 && (out - 1) * s >= n + lo) --out;
    }
    if (windows.strict && !unknown && n + lo + hi >= e && (n + lo + hi - e) % s != 0)
      fail_strict(op, x, static_cast<int>(i) + 1, n + lo + hi, e, s);
    effective[i] = e;
    placement.out.push_back(out);
    placement.lo.push_back(lo);
    placement.hi.push_back(hi);
  }
  if (too_large) fail_too_large(op, x, windows, effective, placement);
  return placement;
}

void fill_axes(int64_t (&axes)[3], const std::vector<int64_t>& values, int64_t missing) {
  const size_t absent = 3 - values.size();
  for (size_t i = 0; i < 3; ++i) axes[i] = i < absent ? missing : values[i - absent];
}

}  // namespace striate
