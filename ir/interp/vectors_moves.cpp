#include <algorithm>
#include <cassert>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

unsigned words_of(Type type) { return (bits(type) + 63) / 64; }

void extract(const VectorOp& op) {
  const uint64_t lane = get_lane(op.a, op.lane(), op.lanes().index);
  const U128 wide = low_bits(static_cast<U128>(number_of_lane(lane, op.lane(), op.is_signed())), bits(op.result));
  op.out[0] = static_cast<uint64_t>(wide);
  if (words_of(op.result) > 1) op.out[1] = static_cast<uint64_t>(wide >> 64);
}

// As many words as there are, the last one cut to the narrower type.
void resize(const VectorOp& op) {
  const unsigned width = std::min(bits(op.result), bits(op.operand));
  std::copy_n(op.a, (width + 63) / 64, op.out);
  if (width < 64) op.out[0] = static_cast<uint64_t>(low_bits(op.out[0], width));
}

void concat(const VectorOp& op) {
  std::copy_n(op.a, words_of(op.operand), op.out);
  std::copy_n(op.b, words_of(op.operand), op.out + words_of(op.operand));
}

// Which lane of which operand goes to lane i.
struct Source {
  const uint64_t* words;
  unsigned lane;
};

Source source_of(const VectorOp& op, unsigned i) {
  const unsigned index = op.lanes().index;
  const unsigned half = op.count() / 2;
  switch (op.op) {
    case Op::VSplatLane:
      return {op.a, index};
    case Op::VZip:
      return {i % 2 == 0 ? op.a : op.b, index * half + i / 2};
    case Op::VUnzip:
      return {i < half ? op.a : op.b, 2 * (i % half) + index};
    case Op::VTranspose:
      return {i % 2 == 0 ? op.a : op.b, i / 2 * 2 + index};
    case Op::VReverse:
      return {op.a, i / index * index + index - 1 - i % index};
    case Op::VBytes: {
      const unsigned from = i + static_cast<unsigned>(op.imm);
      return from < op.count() ? Source{op.a, from} : Source{op.b, from - op.count()};
    }
    default:
      assert(false && "no op that moves lanes");
      return {op.a, i};
  }
}

}  // namespace

void evaluate_moves(const VectorOp& op) {
  switch (op.op) {
    case Op::VSplat:
      for (unsigned i = 0; i < op.count(); ++i) set_lane(op.out, op.lane(), i, op.a[0]);
      return;
    case Op::VExtract:
      return extract(op);
    case Op::VInsert:
      std::copy_n(op.a, words_of(op.result), op.out);
      return set_lane(op.out, op.lane(), op.lanes().index, op.b[0]);
    case Op::VInsertLane:
      std::copy_n(op.a, words_of(op.result), op.out);
      return set_lane(op.out, op.lane(), op.lanes().index, get_lane(op.b, op.lane(), op.lanes().from));
    case Op::VTrunc:
    case Op::VZext:
      return resize(op);
    case Op::VHigh:
      std::copy_n(op.a + words_of(op.result), words_of(op.result), op.out);
      return;
    case Op::VConcat:
      return concat(op);
    case Op::VTable:
      for (unsigned i = 0; i < op.count(); ++i) {
        const uint64_t number = get_lane(op.b, 8, i);
        if (number < op.count()) set_lane(op.out, 8, i, get_lane(op.a, 8, static_cast<unsigned>(number)));
      }
      return;
    default:
      for (unsigned i = 0; i < op.count(); ++i) {
        const Source from = source_of(op, i);
        set_lane(op.out, op.lane(), i, get_lane(from.words, op.lane(), from.lane));
      }
      return;
  }
}

}  // namespace menura::ir
