// Random numbers, threads, memory: what needs no graph.
#include "bindings.h"
#include "striate/device.h"
#include "striate/random.h"
#include "tensor_arrays.h"

using namespace striate;
using namespace py::literals;

void bind_tensor(py::module_& module) {
  module.def("random_uniform", &random_uniform, "shape"_a, "seed"_a, "stream"_a, "low"_a = 0.0, "high"_a = 1.0,
             "dtype"_a = DType::float32, "Even draws from [low, high), keyed by (seed, stream, position).");
  module.def("random_normal", &random_normal, "shape"_a, "seed"_a, "stream"_a, "mean"_a = 0.0, "stddev"_a = 1.0,
             "truncated"_a = false, "dtype"_a = DType::float32,
             "Normal draws keyed by (seed, stream, position); truncated: redrawn beyond two deviations.");
  module.def("permutation", &permutation, "n"_a, "seed"_a, "epoch"_a, py::call_guard<py::gil_scoped_release>(),
             "The numbers below n in the order that (seed, epoch) gives them.");
  module.def("stream_id", &stream_id, "text"_a, "The number of the random stream of this name.");

  module.def("set_num_threads", &set_num_threads, "count"_a, "Sets how many threads share a run's work.");
  module.def("num_threads", &num_threads, "How many threads share a run's work.");
  module.def("set_winograd", &set_winograd, "allowed"_a, "Allows or forbids Winograd convolutions.");
  module.def("winograd", &winograd, "Whether Winograd convolutions are allowed.");
  module.def("cpu_isa", &cpu_isa_name, "The kernels in use: avx512, avx2 or baseline.");

  module.def("allocated_bytes", &allocated_bytes, "What the engine holds now.");
  module.def("peak_allocated_bytes", &peak_allocated_bytes, "The most it held since the last reset.");
  module.def("reset_peak_allocated_bytes", &reset_peak_allocated_bytes, "Forgets the peak.");
}
