// One vector op with its operands, as vectors.cpp hands it to the file of its theme.
#pragma once

#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/interp/integers.h"
#include "ir/interp/vectors.h"

namespace menura::ir {

struct VectorOp {
  Op op;
  uint32_t aux;
  int64_t imm;
  Type result;
  Type operand;  // of the first operand
  const uint64_t* a;
  const uint64_t* b;
  const uint64_t* c;
  uint64_t* out;

  LaneDesc lanes() const { return unpack<LaneDesc>(aux); }
  unsigned lane() const { return bits(static_cast<Type>(lanes().lane)); }  // width in bits
  unsigned count() const { return bits(result) / lane(); }                 // lanes of that width in the result
  bool is_signed() const { return lanes().sign_extend != 0; }
};

// The number that `width` bits stand for. 64 unsigned bits fit, too.
inline S128 number_of_lane(uint64_t value, unsigned width, bool is_signed) {
  return is_signed ? sign_extended(value, width) : static_cast<S128>(value);
}

// The number of the range of `width` bits that is nearest to `value`.
inline uint64_t saturated(S128 value, unsigned width, bool is_signed) {
  const S128 largest = (S128{1} << (is_signed ? width - 1 : width)) - 1;
  const S128 smallest = is_signed ? -largest - 1 : 0;
  return static_cast<uint64_t>(value > largest ? largest : value < smallest ? smallest : value);
}

void evaluate_lanes(const VectorOp& op);   // vectors_lanes.cpp: each lane of the result from the same lane of operands
void evaluate_across(const VectorOp& op);  // vectors_across.cpp: lanes of several, of other widths
void evaluate_moves(const VectorOp& op);   // vectors_moves.cpp
void evaluate_aes(const VectorOp& op);     // aes.cpp
void evaluate_hash(const VectorOp& op);    // hashes.cpp
void evaluate_floats(const VectorOp& op, CpuHeader& cpu);  // vectors_fp.cpp

}  // namespace menura::ir
