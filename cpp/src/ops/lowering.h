// What Op::lower writes to: kernel calls in neutral form (family, function, shape), and which buffers they touch.
// compile/ implements it; backends turn calls into plans.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "graph/op.h"
#include "kernels/epilogue.h"
#include "kernels/isa.h"

namespace striate {

using BufferId = int;
inline constexpr BufferId kNoBuffer = -1;

struct KernelCall {
  Family family{};
  int function = 0;
  std::vector<unsigned char> shape;  // the family's plain shape struct
  std::vector<BufferId> inputs;      // kNoBuffer: absent (bias)
  std::vector<BufferId> outputs;     // KernelArgs::buffers is inputs, then outputs
  // (input, output) positions that may be the same memory when the input dies here.
  std::vector<std::pair<int, int>> in_place;
  unsigned lasting = 0;  // bit i: input i stays the same over many runs, and what is prepared of it costs nothing
  DType dtype = DType::float32;  // float64 picks the f64 row
};

class Lowering {
 public:
  virtual ~Lowering() = default;

  virtual int input_count() const = 0;
  virtual const ValueType& input_type(int i) const = 0;  // sizes are known
  virtual const ValueType& output_type(int i) const = 0;
  virtual BufferId input(int i) = 0;
  virtual BufferId output(int i) = 0;
  // Memory that lives from its first call to its last within this op.
  virtual BufferId temporary(int64_t bytes) = 0;
  // Output i is input j's bytes seen in another shape; no call. A program output or an input that must survive an
  // update is copied by the compiler where needed.
  virtual void alias(int output, int input) = 0;
  // Where output i lies if it is made as some channels of a concatenation (see Epilogue::part), and whether input i of
  // a concatenation was made so. Only convolutions are asked to.
  virtual Epilogue::Part part(int) const { return {}; }
  virtual bool is_placed(int) const { return false; }

  // dtype picks the table's row; it defaults to the first floating type among outputs, then inputs, else float32.
  template <class Shape, class Function>
  KernelCall& call(Family family, Function function, const Shape& shape, std::vector<BufferId> inputs,
                   std::vector<BufferId> outputs) {
    KernelCall call;
    call.family = family;
    call.function = static_cast<int>(function);
    call.shape.resize(sizeof(Shape));
    std::memcpy(call.shape.data(), &shape, sizeof(Shape));
    call.inputs = std::move(inputs);
    call.outputs = std::move(outputs);
    call.dtype = row_dtype();
    return emit(std::move(call));
  }

 protected:
  virtual KernelCall& emit(KernelCall call) = 0;
  virtual DType row_dtype() const = 0;
};

}  // namespace striate
