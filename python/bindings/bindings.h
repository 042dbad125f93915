// The parts of the module; module.cpp calls each once.
#pragma once

#include <pybind11/pybind11.h>

void bind_errors(pybind11::module_& module);
void bind_tensor(pybind11::module_& module);  // arrays, random numbers, threads, memory
void bind_graph(pybind11::module_& module);   // Value, Variable, gradients
void bind_ops(pybind11::module_& module);
void bind_function(pybind11::module_& module);
void bind_model(pybind11::module_& module);  // files
