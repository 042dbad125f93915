// Every op struct that ops.inc lists.
#pragma once

#include "ops/broadcast.h"
#include "ops/cast.h"
#include "ops/concatenate.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/dropout.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/normalization.h"
#include "ops/optimizer.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduction.h"
#include "ops/shape.h"
#include "ops/softmax.h"
