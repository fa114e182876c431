// The host's numbers for floating-point modes and conditions, for every compiler.
#pragma once

#include "ir/core/descriptors.h"

namespace menura::runtime {

// A rounding mode as MXCSR and instructions' immediates have it; 4 is MXCSR's own.
constexpr unsigned round_control(ir::RoundingSource source) {
  switch (source) {
    case ir::RoundingSource::NearestEven:
      return 0;
    case ir::RoundingSource::Down:
      return 1;
    case ir::RoundingSource::Up:
      return 2;
    case ir::RoundingSource::Zero:
      return 3;
    default:
      return 4;
  }
}

// Predicates of cmpps and its like: the first eight are those of SSE, too.
constexpr unsigned compare_predicate(ir::FpCond cond, bool signaling) {
  switch (cond) {
    case ir::FpCond::Eq:
      return signaling ? 16 : 0;
    case ir::FpCond::Lt:
    case ir::FpCond::Gt:  // with its operands swapped
      return signaling ? 1 : 17;
    case ir::FpCond::Le:
    case ir::FpCond::Ge:
      return signaling ? 2 : 18;
    case ir::FpCond::Un:
      return signaling ? 19 : 3;
    default:
      return signaling ? 23 : 7;
  }
}

}  // namespace menura::runtime
