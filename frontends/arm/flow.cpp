#include "frontends/arm/flow.h"

#include <array>

namespace menura::arm {
namespace {

using Kind = ir::Flow::Kind;

// The control-flow rows; every row that is not here goes to the next instruction. Must agree with what lift/ does.
constexpr Kind kind_of(RowName name) {
  switch (name) {
    case RowName::b_cond:
    case RowName::bc_cond:
    case RowName::cbz:
    case RowName::cbnz:
    case RowName::tbz:
    case RowName::tbnz:
      return Kind::Branch;
    case RowName::b:
      return Kind::Jump;
    case RowName::bl:
      return Kind::Call;
    case RowName::br:
      return Kind::Indirect;
    case RowName::blr:
      return Kind::IndirectCall;
    case RowName::ret:
      return Kind::Return;
    case RowName::svc:
    case RowName::brk:
    case RowName::yield:
    case RowName::wfe:
    case RowName::wfi:
      return Kind::Exit;
    default:
      return Kind::Next;
  }
}

constexpr std::array<Kind, kRowCount> kKinds = [] {
  std::array<Kind, kRowCount> kinds = {};
  for (unsigned i = 0; i < kRowCount; ++i) kinds[i] = kind_of(static_cast<RowName>(i));
  return kinds;
}();

int64_t offset_of(RowName name, uint32_t word) {
  switch (name) {
    case RowName::b:
    case RowName::bl:
      return frontends::extract<"------ imm26[27:2]", kFields, Imm26>(word);
    case RowName::tbz:
    case RowName::tbnz:
      return frontends::extract<"------------- imm14[15:2] Rt", kFields, Imm14>(word);
    default:
      return frontends::extract<"-------- imm19[20:2] -----", kFields, Imm19>(word);
  }
}

}  // namespace

ir::Flow flow_of(RowName name, uint32_t word, uint64_t pc, FeatureSet, uint64_t) {
  ir::Flow flow;
  flow.kind = name == RowName::None ? Kind::Exit : kKinds[static_cast<unsigned>(name)];
  if (flow.kind == Kind::Branch || flow.kind == Kind::Jump || flow.kind == Kind::Call) {
    flow.target = pc + static_cast<uint64_t>(offset_of(name, word));
    // AL and NV always hold (C1.2.4).
    if (flow.kind == Kind::Branch && (name == RowName::b_cond || name == RowName::bc_cond) && (word & 14) == 14) {
      flow.kind = Kind::Jump;
    }
  }
  return flow;
}

}  // namespace menura::arm
