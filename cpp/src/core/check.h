// STRIATE_CHECK: the one way an engine function refuses its arguments.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

#include "striate/error.h"

namespace striate {

template <class... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream stream;
  (stream << ... << parts);
  return stream.str();
}

// The path NameScope has set, as " (layer 'conv2d_1')", or nothing.
std::string scope_suffix();

template <class... Parts>
[[noreturn]] void fail(ErrorKind kind, std::string_view op, const Parts&... parts) {
  throw Error(kind, text_of("[", op, "] ", parts..., scope_suffix()));
}

}  // namespace striate

// STRIATE_CHECK(x.rank() == 4, shape, "conv", "x.shape=", x.shape().text(), " has ...")
#define STRIATE_CHECK(condition, kind, op, ...)                                     \
  do {                                                                              \
    if (!(condition)) ::striate::fail(::striate::ErrorKind::kind, op, __VA_ARGS__); \
  } while (0)
