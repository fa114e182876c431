// System registers as user programs see them: which exist (system_registers.def), and what the identification registers
// say of a CPU.
#pragma once

#include <cstdint>
#include <string>

#include "frontends/arm/features.h"

namespace menura::arm {

// The field of MRS and MSR: o0:op1:CRn:CRm:op2, where op0 is 2 + o0.
constexpr unsigned system_register(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

enum class SystemRegister : uint16_t {
#define SYSREG(name, op0, op1, crn, crm, op2, access, feature) name = system_register(op0, op1, crn, crm, op2),
#include "frontends/arm/system_registers.def"
#undef SYSREG
};

// Whether MRS (MSR) of this register is defined at EL0, under Linux.
bool can_read(unsigned number, FeatureSet features);
bool can_write(unsigned number, FeatureSet features);

// Identification registers, which Linux reads for a program that traps on them. Fields that it hides hold the values
// that promise least; what is not allocated reads as 0.
bool is_identification(unsigned number);
uint64_t identification(unsigned number, FeatureSet features);

// The bits of FPCR that can be set. Those for traps are RAZ/WI: none is supported (C5.2.8).
uint64_t writable_fpcr(FeatureSet features);

// What needs no state to read.
inline constexpr uint64_t kCtr = 0xb444c004;  // lines of 64 bytes; DIC and IDC: caches are coherent for instructions
inline constexpr uint64_t kDczid = 4;         // DC ZVA is allowed, on 1 << 4 words
inline constexpr int64_t kZvaBytes = 64;

// "NZCV", or "S3_3_C15_C2_0" for one without a name here.
std::string system_register_name(unsigned number);

}  // namespace menura::arm
