#include "frontends/riscv/flow.h"

#include <array>

#include "frontends/riscv/state.h"
#include "frontends/riscv/system/csr.h"

namespace menura::riscv {
namespace {

using Kind = ir::Flow::Kind;

// The control-flow rows; every row that is not here goes to the next instruction. Must agree with what lift/ does.
constexpr Kind kind_of(RowName name) {
  switch (name) {
    case RowName::beq:
    case RowName::bne:
    case RowName::blt:
    case RowName::bge:
    case RowName::bltu:
    case RowName::bgeu:
    case RowName::c_beqz:
    case RowName::c_bnez:
      return Kind::Branch;
    case RowName::jal:  // or Call, by rd
    case RowName::c_j:
      return Kind::Jump;
    case RowName::c_jal:
      return Kind::Call;
    case RowName::jalr:  // or IndirectCall or Return, by rd and rs1
    case RowName::c_jr:
      return Kind::Indirect;
    case RowName::c_jalr:
      return Kind::IndirectCall;
    case RowName::ecall:
    case RowName::ebreak:
    case RowName::c_ebreak:
    case RowName::fence_i:
    case RowName::wrs_nto:
    case RowName::wrs_sto:
    case RowName::mret:
    case RowName::sret:
    case RowName::wfi:
    case RowName::sfence_vma:
    case RowName::sinval_vma:
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

ir::Flow::Exclusive exclusive_of(RowName name) {
  if (name == RowName::lr_w || name == RowName::lr_d) return ir::Flow::Exclusive::Load;
  if (name == RowName::sc_w || name == RowName::sc_d) return ir::Flow::Exclusive::Store;
  return ir::Flow::Exclusive::None;
}

constexpr bool is_link(unsigned reg) { return reg == 1 || reg == 5; }  // 2.5.1

constexpr bool is_csr_access(RowName name) { return name >= RowName::csrrw && name <= RowName::csrrci; }

// As lift/zicsr.cpp does: registers that do not exist or are not for this level, writes of read-only ones, writes of
// frm where the mode word may change for certain, and what mstatus.FS forbids or wants to know of.
bool csr_access_exits(uint32_t word, FeatureSet features, uint64_t mode) {
  const unsigned csr = word >> 20;
  const bool is_write = ((word >> 12) & 3) == 1;
  const bool writes = is_write || ((word >> 15) & 31) != 0;
  const CsrRow* const row = find_csr(csr);
  if (!csr_allowed(csr, row, features, Mode::privilege(mode), writes)) return true;
  if (row->rule != CsrRule::Float) return false;
  if ((mode & Mode::kFpOff) != 0 || (writes && (mode & Mode::kFpClean) != 0)) return true;
  return writes && csr != kFflags && (mode & Mode::kFrmBits) != 0;
}

// Offsets of the four direct formats.
int64_t offset_b(uint32_t word) {
  return frontends::extract<"imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", kFields, ImmB>(word);
}
int64_t offset_j(uint32_t word) { return frontends::extract<"imm[20|10:1|11|19:12] rd 1101111", kFields, ImmJ>(word); }
int64_t offset_cb(uint32_t word) {
  return frontends::extract<"110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", kFields, ImmCB>(word);
}
int64_t offset_cj(uint32_t word) {
  return frontends::extract<"101 imm[11|4|9:8|10|6|7|3:1|5] 01", kFields, ImmCJ>(word);
}

}  // namespace

ir::Flow flow_of(RowName name, uint32_t word, uint64_t pc, FeatureSet features, uint64_t mode) {
  ir::Flow flow;
  if (name == RowName::None) {
    flow.kind = Kind::Exit;
    return flow;
  }
  flow.kind = kKinds[static_cast<unsigned>(name)];
  flow.exclusive = exclusive_of(name);
  if (flow.kind == Kind::Next && is_csr_access(name) && csr_access_exits(word, features, mode)) flow.kind = Kind::Exit;
  const bool fences_supervisor = name == RowName::sfence_w_inval || name == RowName::sfence_inval_ir;
  if (fences_supervisor && Mode::privilege(mode) == Privilege::User) flow.kind = Kind::Exit;
  const bool compressed = length_of(word) == 2;
  const unsigned rd = (word >> 7) & 31;
  int64_t offset = 0;
  switch (flow.kind) {
    case Kind::Branch:
      offset = compressed ? offset_cb(word) : offset_b(word);
      break;
    case Kind::Call:
      offset = offset_cj(word);
      break;
    case Kind::Jump:
      offset = compressed ? offset_cj(word) : offset_j(word);
      if (!compressed && is_link(rd)) flow.kind = Kind::Call;
      break;
    case Kind::Indirect: {
      const unsigned rs1 = compressed ? rd : (word >> 15) & 31;  // c.jr has its rs1 where others have rd
      if (is_link(rs1)) flow.kind = Kind::Return;
      if (!compressed && is_link(rd)) flow.kind = Kind::IndirectCall;
      return flow;
    }
    default:
      return flow;
  }
  flow.target = pc + static_cast<uint64_t>(offset);
  // 2.5: without compressed instructions such a target raises an exception, on the jump or the taken branch.
  if ((flow.target & 2) != 0 && !has(features, Feature::C)) {
    flow.kind = flow.kind == Kind::Branch ? Kind::Next : Kind::Exit;
    flow.target = 0;
  }
  return flow;
}

}  // namespace menura::riscv
