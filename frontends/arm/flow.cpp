#include "frontends/arm/flow.h"

#include <array>

#include "frontends/arm/system_registers.h"

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
    case RowName::braa:
    case RowName::brab:
    case RowName::braaz:
    case RowName::brabz:
      return Kind::Indirect;
    case RowName::blr:
    case RowName::blraa:
    case RowName::blrab:
    case RowName::blraaz:
    case RowName::blrabz:
      return Kind::IndirectCall;
    case RowName::ret:
    case RowName::retaa:
    case RowName::retab:
      return Kind::Return;
    case RowName::cpyfm:  // again, or on
    case RowName::cpyfe:
    case RowName::cpym:
    case RowName::cpye:
    case RowName::setm:
    case RowName::sete:
      return Kind::Branch;
    case RowName::svc:
    case RowName::brk:
    case RowName::yield:
    case RowName::wfe:
    case RowName::wfi:
    case RowName::wfet:
    case RowName::wfit:
    case RowName::isb:
    case RowName::ic_ivau:
    case RowName::hvc:
    case RowName::smc:
    case RowName::eret:
    case RowName::sys:
    case RowName::sys_el2:
    case RowName::sys_el3:
    case RowName::msr_spsel:
    case RowName::msr_pan:
    case RowName::msr_uao:
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
    case RowName::b_cond:
    case RowName::bc_cond:
    case RowName::cbz:
    case RowName::cbnz:
      return frontends::extract<"-------- imm19[20:2] -----", kFields, Imm19>(word);
    default:
      return 0;
  }
}

// Load or store exclusive, single or pair: those rows stand together, bit 22 tells which.
ir::Flow::Exclusive exclusive_of(RowName name, uint32_t word) {
  if (name < RowName::stxrb || name > RowName::ldaxp_64) return ir::Flow::Exclusive::None;
  return (word >> 22 & 1) != 0 ? ir::Flow::Exclusive::Load : ir::Flow::Exclusive::Store;
}

// As lift/a64/system.cpp does: registers that do not exist, or that are not the lifter's business.
bool is_outside(RowName name, uint32_t word, FeatureSet features, uint64_t mode) {
  const unsigned number = register_named(word >> 5 & 0x7fff, mode);
  return (name == RowName::mrs && lifting_of(number, false, features, mode) != Lifting::Inline) ||
         (name == RowName::msr_register && lifting_of(number, true, features, mode) != Lifting::Inline);
}

// What a machine's lifter leaves to system/ besides that.
bool leaves_machine(RowName name, uint64_t mode) {
  const bool kernel = (mode & Mode::kEl1) != 0;
  switch (name) {
    case RowName::dc_zva:
      return (mode & Mode::kZvaTrapped) != 0;
    case RowName::dc_cvac:
    case RowName::dc_cvau:
    case RowName::dc_cvap:
    case RowName::dc_cvadp:
    case RowName::dc_civac:
      return true;
    case RowName::msr_daifset:
    case RowName::msr_daifclr:
      return !kernel;
    default:
      return false;
  }
}

}  // namespace

ir::Flow flow_of(RowName name, uint32_t word, uint64_t pc, FeatureSet features, uint64_t mode) {
  ir::Flow flow;
  flow.kind = name == RowName::None ? Kind::Exit : kKinds[static_cast<unsigned>(name)];
  if (flow.kind == Kind::Next && is_outside(name, word, features, mode)) flow.kind = Kind::Exit;
  if (level_of(features) == Level::Machine) {
    if (leaves_machine(name, mode)) flow.kind = Kind::Exit;
    if (name == RowName::isb) flow.kind = Kind::Next;
  }
  flow.exclusive = exclusive_of(name, word);
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
