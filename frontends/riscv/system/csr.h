// Control and status registers: which exist, who may access them, and what their rows say (csr.def).
#pragma once

#include <string>

#include "frontends/riscv/features.h"
#include "frontends/riscv/state.h"

namespace menura::riscv {

// What reading and writing a register does besides its slot.
enum class CsrRule : uint8_t {
  Float,    // fflags, frm, fcsr: lifted
  Counter,  // what mcounteren and scounteren let through
  Plain,    // reads the slot; writes what the mask keeps
  Fixed,    // reads the slot, or 0 without one; writes are ignored
  Epc,      // Plain, and without compressed instructions bit 1 is 0, too
  Mstatus,
  Sstatus,
  Mie,
  Sie,
  Mip,
  Sip,
  Mideleg,
  Envcfg,
  Satp,
  Stimecmp,
  Pmpcfg,
  Pmpaddr,
  MachineCounter,
  Mcountinhibit,
};

struct CsrRow {
  uint16_t number = 0;
  uint16_t count = 1;
  std::string_view name;
  int first = -1;  // of numbered names, the number of the first
  Requirement features;
  ir::SlotId slot = ir::StateLayout::kNoSlot;  // of the first
  uint64_t mask = 0;
  CsrRule rule = CsrRule::Plain;
};

// nullptr: no such register.
const CsrRow* find_csr(unsigned number);
// The slot of one register of a row.
constexpr ir::SlotId csr_slot(const CsrRow& row, unsigned number) { return row.slot + number - row.number; }
// "mstatus", or "837" for one without a name.
std::string csr_name(unsigned number);

// 2.1: the two highest bits of the number are both 1 for a register that cannot be written, the next two name the
// lowest level that has access.
constexpr bool is_read_only(unsigned csr) { return (csr >> 10) == 3; }
constexpr unsigned lowest_privilege(unsigned csr) { return csr >> 8 & 3; }

constexpr bool csr_exists(const CsrRow* row, FeatureSet features) {
  return row != nullptr && row->features.met_by(features);
}
// Whether an instruction may name it at all. Counters and some others ask the state on top.
constexpr bool csr_allowed(unsigned csr, const CsrRow* row, FeatureSet features, Privilege privilege, bool writes) {
  return csr_exists(row, features) && static_cast<unsigned>(privilege) >= lowest_privilege(csr) &&
         !(writes && is_read_only(csr));
}

// Unprivileged numbers that lifting knows.
inline constexpr unsigned kFflags = 0x001;
inline constexpr unsigned kFrm = 0x002;
inline constexpr unsigned kFcsr = 0x003;
constexpr bool is_high_counter(unsigned csr) { return csr >= 0xc80 && csr < 0xca0; }

}  // namespace menura::riscv
