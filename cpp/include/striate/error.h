// Every mistake a user can make ends in an Error: nothing aborts the host.
#pragma once

#include <stdexcept>
#include <string>

#include "striate/export.h"

namespace striate {

// In Python: value, shape -> ValueError (ShapeError is one), type -> TypeError, index -> IndexError,
// memory -> MemoryError, runtime -> RuntimeError.
enum class ErrorKind { value, shape, type, index, memory, runtime };

// The text reads "[op] what is wrong: received values. What was expected. How to fix it."
class STRIATE_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ~Error() override;
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace striate
