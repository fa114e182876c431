// System registers: which exist and who may access them (system_registers.def), and what the identification registers
// say of a CPU.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "frontends/arm/features.h"
#include "frontends/arm/state.h"

namespace menura::arm {

// The field of MRS and MSR: o0:op1:CRn:CRm:op2, where op0 is 2 + o0.
constexpr unsigned system_register(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

enum class SystemRegister : uint16_t {
#define SYSREG(name, op0, op1, crn, crm, op2, access, feature, slot, reset, mask, rule) \
  name = system_register(op0, op1, crn, crm, op2),
#include "frontends/arm/system_registers.def"
#undef SYSREG
};

enum class Access : uint8_t {
  ReadWrite,        // at EL0 and EL1
  Read,             // at EL0 and EL1
  ReadKernelWrite,  // read at EL0, too; written at EL1 only
  KernelReadWrite,  // at EL1 and above
  KernelRead,
  KernelWrite,
  HypervisorReadWrite,  // at EL2 and EL3
  HostReadWrite,        // at EL2 and EL3, with HCR_EL2.E2H
  MonitorReadWrite,     // at EL3
  MonitorRead,
  SecureReadWrite,  // at EL3, and at EL1 where SCR_EL3 lets it (system/)
  Id,               // read at EL1; Linux answers for it at EL0
};

// What there is to a register besides its slot (system_registers.def).
enum class RegisterRule : uint8_t { Plain, Lifted, Guarded, Id, Effect, System, Controller };

struct RegisterRow {
  std::string_view name;
  unsigned number;
  Access access;
  Feature feature;
  ir::SlotId slot;  // StateLayout::kNoSlot: none
  uint64_t reset;
  uint64_t mask;
  RegisterRule rule;
};

std::span<const RegisterRow> system_registers();
// Which register a number names in a mode: at EL2 with HCR_EL2.E2H, names of EL1's mean EL2's (D19.1.2).
unsigned register_named(unsigned number, uint64_t mode);
// nullptr: there is none of this number.
const RegisterRow* find_register(unsigned number);

// What the lifter makes of MRS (MSR) of a register in a mode.
enum class Lifting : uint8_t {
  Undefined,
  Inline,
  Outside,  // leaves for system/, which knows who may access it and what it does
};
Lifting lifting_of(unsigned number, bool write, FeatureSet features, uint64_t mode);

// Identification registers. Linux reads them for a program that traps on them: fields that it hides hold the values
// that promise least. What is not allocated reads as 0.
bool is_identification(unsigned number);
uint64_t identification(unsigned number, FeatureSet features);

// ID_AA64MMFR0_EL1.PARange (D19.2.64): how long physical addresses are.
uint64_t physical_range(FeatureSet features);

// The bits of FPCR that can be set. Those for traps are RAZ/WI: none is supported (C5.2.8).
uint64_t writable_fpcr(FeatureSet features);

// What needs no state to read.
inline constexpr uint64_t kCtr = 0xb444c004;  // lines of 64 bytes; DIC and IDC: caches are coherent for instructions
inline constexpr uint64_t kDczid = 4;         // DC ZVA is allowed, on 1 << 4 words
inline constexpr int64_t kZvaBytes = 64;

// "NZCV", or "S3_3_C15_C2_0" for one without a name here, or that nobody can write (read).
std::string system_register_name(unsigned number, bool write);

}  // namespace menura::arm
