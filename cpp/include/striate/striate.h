// All of striate's C++ interface.
#pragma once

#include "striate/device.h"
#include "striate/dtype.h"
#include "striate/error.h"
#include "striate/function.h"
#include "striate/graph.h"
#include "striate/model.h"
#include "striate/ops.h"
#include "striate/random.h"
#include "striate/shape.h"
#include "striate/tensor.h"
#include "striate/trainer.h"
#include "striate/version.h"
