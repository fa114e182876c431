// One IR instruction, and the enum and properties that derive from ops.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ir/core/descriptors.h"
#include "ir/core/types.h"

namespace menura::ir {

enum class Op : uint8_t {
#define OP(id, name, signature, attr, effect, meaning) id,
#include "ir/ops.def"
#undef OP
};

inline constexpr unsigned kOpCount = 0
#define OP(id, name, signature, attr, effect, meaning) +1
#include "ir/ops.def"
#undef OP
    ;

// What `aux` and `imm` hold.
enum class Attr : uint8_t {
  Nothing,
  Imm,          // imm: a constant
  PcOffset,     // imm: signed distance from the region's base pc (insn: aux = length in bytes)
  Slot,         // imm: SlotId
  Mem,          // aux: MemDesc; imm: signed displacement (probe: length)
  Cond,         // aux: Cond
  Fp,           // aux: FpDesc
  FpLane,       // aux: FpDesc with its lane
  Lane,         // aux: LaneDesc
  LaneImm,      // aux: LaneDesc; imm: a constant
  Fence,        // aux: FenceDesc
  Helper,       // imm: HelperId
  Targets,      // extra: edges
  CallTargets,  // imm: target pc offset (direct); aux: return pc offset; extra: no edge or one
  Exit,         // aux: ExitKind; imm: next pc offset
};

enum class Effect : uint8_t { None, State, Fp, Mem, Other, End };

struct OpInfo {
  std::string_view name;
  std::string_view signature;
  Attr attr;
  Effect effect;
  std::string_view meaning;
};

inline constexpr std::array<OpInfo, kOpCount> kOps = {{
#define OP(id, name, signature, attr, effect, meaning) {name, signature, Attr::attr, Effect::effect, meaning},
#include "ir/ops.def"
#undef OP
}};

constexpr const OpInfo& info(Op op) { return kOps[static_cast<unsigned>(op)]; }
constexpr bool is_vector_op(Op op) { return op >= Op::VAdd && op <= Op::VI2F; }
constexpr bool is_terminator(Op op) { return info(op).effect == Effect::End; }

// An SSA value is the number of the instruction that makes it.
using Value = uint32_t;
using BlockId = uint32_t;
using SlotId = uint32_t;
using HelperId = uint32_t;
inline constexpr Value kNoValue = UINT32_MAX;
inline constexpr uint32_t kNoExtra = UINT32_MAX;

// 32 bytes, so that two share a cache line. Operands beyond three and the edges of terminators lie in Region::extra.
struct Inst {
  Op op = Op::Nop;
  Type type = Type::Void;  // of the result
  uint8_t arg_count = 0;   // if more than 3 (calls only), the operands are extra[extra .. extra + arg_count)
  uint8_t edge_count = 0;  // terminators: edges at extra; each is [block, n, n arguments]
  std::array<Value, 3> args = {kNoValue, kNoValue, kNoValue};
  uint32_t aux = 0;
  uint32_t extra = kNoExtra;
  int64_t imm = 0;
};
static_assert(sizeof(Inst) == 32);

}  // namespace menura::ir
