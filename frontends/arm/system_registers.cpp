#include "frontends/arm/system_registers.h"

#include "frontends/arm/helpers/helpers.h"

namespace menura::arm {
namespace {

using Rule = RegisterRule;

namespace slots {
#define SLOT(id, name, type, pin, gdb) constexpr ir::SlotId id = slot(SlotName::id);
#include "frontends/arm/state.def"
#undef SLOT
constexpr ir::SlotId None = ir::StateLayout::kNoSlot;
}  // namespace slots

constexpr RegisterRow kRows[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, access, feature, slot, reset, mask, rule)                             \
  {#name,     system_register(op0, op1, crn, crm, op2), Access::access, Feature::feature, slots::slot, reset, mask, \
   Rule::rule},
#include "frontends/arm/system_registers.def"
#undef SYSREG
};

// One field of four bits that says a feature is there.
struct IdField {
  SystemRegister in;
  unsigned bit;
  Feature feature;
  unsigned value;
};
// Of two rows for one field, the later one wins: it is the higher value. D19.2.
constexpr IdField kFields[] = {
    {SystemRegister::ID_AA64ISAR0_EL1, 4, Feature::AES, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 4, Feature::PMULL, 2},
    {SystemRegister::ID_AA64ISAR0_EL1, 8, Feature::SHA1, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 12, Feature::SHA256, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 12, Feature::SHA512, 2},
    {SystemRegister::ID_AA64ISAR0_EL1, 16, Feature::CRC32, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 20, Feature::LSE, 2},
    {SystemRegister::ID_AA64ISAR0_EL1, 28, Feature::RDM, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 32, Feature::SHA3, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 36, Feature::SM3, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 40, Feature::SM4, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 44, Feature::DotProd, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 48, Feature::FHM, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 52, Feature::FlagM, 1},
    {SystemRegister::ID_AA64ISAR0_EL1, 52, Feature::FlagM2, 2},
    {SystemRegister::ID_AA64ISAR0_EL1, 60, Feature::RNG, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 0, Feature::DPB, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 0, Feature::DPB2, 2},
    {SystemRegister::ID_AA64ISAR1_EL1, 12, Feature::JSCVT, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 16, Feature::FCMA, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 20, Feature::LRCPC, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 20, Feature::LRCPC2, 2},
    {SystemRegister::ID_AA64ISAR1_EL1, 32, Feature::FRINTTS, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 36, Feature::SB, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 40, Feature::SPECRES, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 44, Feature::BF16, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 48, Feature::DGH, 1},
    {SystemRegister::ID_AA64ISAR1_EL1, 52, Feature::I8MM, 1},
    {SystemRegister::ID_AA64ISAR2_EL1, 0, Feature::WFxT, 2},
    {SystemRegister::ID_AA64ISAR2_EL1, 16, Feature::MOPS, 1},
    {SystemRegister::ID_AA64ISAR2_EL1, 20, Feature::HBC, 1},
    {SystemRegister::ID_AA64ISAR2_EL1, 52, Feature::CSSC, 1},
    {SystemRegister::ID_AA64PFR0_EL1, 48, Feature::DIT, 1},
    {SystemRegister::ID_AA64PFR1_EL1, 0, Feature::BTI, 1},
    {SystemRegister::ID_AA64PFR1_EL1, 4, Feature::SSBS, 2},
    {SystemRegister::ID_AA64MMFR2_EL1, 32, Feature::LSE2, 1},
    // Machines only.
    {SystemRegister::ID_AA64PFR0_EL1, 8, Feature::EL2, 1},
    {SystemRegister::ID_AA64PFR0_EL1, 12, Feature::EL3, 1},
    {SystemRegister::ID_AA64MMFR1_EL1, 8, Feature::VHE, 1},
    {SystemRegister::ID_AA64PFR0_EL1, 24, Feature::GICv3, 1},
    {SystemRegister::ID_AA64PFR0_EL1, 56, Feature::CSV2, 1},
    {SystemRegister::ID_AA64PFR0_EL1, 60, Feature::CSV3, 1},
    {SystemRegister::ID_AA64MMFR0_EL1, 20, Feature::TGran16, 1},
    {SystemRegister::ID_AA64MMFR1_EL1, 0, Feature::HAFDBS, 2},
    {SystemRegister::ID_AA64MMFR1_EL1, 12, Feature::HPDS, 1},
    {SystemRegister::ID_AA64MMFR1_EL1, 20, Feature::PAN, 1},
    {SystemRegister::ID_AA64MMFR1_EL1, 20, Feature::PAN2, 2},
    {SystemRegister::ID_AA64MMFR2_EL1, 0, Feature::TTCNP, 1},
    {SystemRegister::ID_AA64MMFR2_EL1, 4, Feature::UAO, 1},
    {SystemRegister::ID_AA64MMFR2_EL1, 60, Feature::E0PD, 1},
};

// What hidden fields read as, "safe" values of the kernel's table (arch/arm64/kernel/cpufeature.c): EL0 and EL1 in
// AArch64 only, debug architecture 6, no 4 KiB and 64 KiB granules.
uint64_t hidden_fields(SystemRegister number) {
  switch (number) {
    case SystemRegister::MPIDR_EL1:
      return 0x80000000;
    case SystemRegister::ID_AA64PFR0_EL1:
      return 0x11;
    case SystemRegister::ID_AA64DFR0_EL1:
      return 6;
    case SystemRegister::ID_AA64MMFR0_EL1:
      return 0xff000000;
    default:
      return 0;
  }
}

// What a machine has on top: EL0 and EL1 in AArch64 only, as EL2 and EL3 where they are; debug architecture 6 with two
// breakpoints and two watchpoints, no trace, no performance monitors; the core's physical addresses (its TRM), ASIDs of
// 16 bits, granules of 4 and 64 KiB.
uint64_t machine_fields(SystemRegister number, FeatureSet features) {
  switch (number) {
    case SystemRegister::ID_AA64PFR0_EL1:
      return 0x11;
    case SystemRegister::ID_AA64DFR0_EL1:
      return has(features, Feature::EL3) ? 0x101f06 : 0x101006;  // performance monitors of our own kind
    case SystemRegister::ID_AA64MMFR0_EL1:
      return 0x20 | physical_range(features);
    case SystemRegister::ID_AA64MMFR1_EL1:
      return has(features, Feature::LOR) ? 0x10000 : 0;
    default:
      return 0;
  }
}

// ID_AA64PFR0_EL1.FP and AdvSIMD: 15 none, 0 there, 1 with half precision.
uint64_t fp_field(FeatureSet features, Feature feature) {
  if (!has(features, feature)) return 15;
  return has(features, Feature::FP16) ? 1 : 0;
}

}  // namespace

std::span<const RegisterRow> system_registers() { return kRows; }

const RegisterRow* find_register(unsigned number) {
  for (const RegisterRow& row : kRows) {
    if (row.number == number) return &row;
  }
  return nullptr;
}

// D19.1.2.1, table "Effect of HCR_EL2.E2H": register of EL1, register of EL2.
unsigned register_named(unsigned number, uint64_t mode) {
  using enum SystemRegister;
  struct Pair {
    SystemRegister el1, el2;
  };
  if ((mode & Mode::kHost) == 0 || Mode::level_of(mode) != 2) return number;
  constexpr Pair kPairs[] = {
      {SCTLR_EL1, SCTLR_EL2},
      {CPACR_EL1, CPTR_EL2},
      {TTBR0_EL1, TTBR0_EL2},
      {TTBR1_EL1, TTBR1_EL2},
      {TCR_EL1, TCR_EL2},
      {AFSR0_EL1, AFSR0_EL2},
      {AFSR1_EL1, AFSR1_EL2},
      {ESR_EL1, ESR_EL2},
      {FAR_EL1, FAR_EL2},
      {MAIR_EL1, MAIR_EL2},
      {AMAIR_EL1, AMAIR_EL2},
      {VBAR_EL1, VBAR_EL2},
      {CONTEXTIDR_EL1, CONTEXTIDR_EL2},
      {CNTKCTL_EL1, CNTHCTL_EL2},
      {SPSR_EL1, SPSR_EL2},
      {ELR_EL1, ELR_EL2},
      {CNTP_TVAL_EL0, CNTHP_TVAL_EL2},
      {CNTP_CTL_EL0, CNTHP_CTL_EL2},
      {CNTP_CVAL_EL0, CNTHP_CVAL_EL2},
      {CNTV_TVAL_EL0, CNTHV_TVAL_EL2},
      {CNTV_CTL_EL0, CNTHV_CTL_EL2},
      {CNTV_CVAL_EL0, CNTHV_CVAL_EL2},
  };
  for (const Pair& pair : kPairs) {
    if (static_cast<unsigned>(pair.el1) == number) return static_cast<unsigned>(pair.el2);
  }
  return number;
}

namespace {

bool is_allowed(Access access, bool write, uint64_t mode) {
  const unsigned level = Mode::level_of(mode);
  const bool kernel = level != 0;
  switch (access) {
    case Access::ReadWrite:
      return true;
    case Access::Read:
      return !write;
    case Access::ReadKernelWrite:
      return !write || kernel;
    case Access::KernelReadWrite:
      return kernel;
    case Access::KernelRead:
    case Access::Id:
      return kernel && !write;
    case Access::KernelWrite:
      return kernel && write;
    case Access::HypervisorReadWrite:
      return level >= 2;
    case Access::HostReadWrite:
      return level >= 2 && (mode & Mode::kHost) != 0;
    case Access::MonitorReadWrite:
      return level == 3;
    case Access::MonitorRead:
      return level == 3 && !write;
    case Access::SecureReadWrite:
      return kernel;
  }
  return false;
}

}  // namespace

// What HCR_EL2, CPTR_EL2, MDCR_EL2, CNTHCTL_EL2 and EL3's counterparts may trap or change: everything that is not
// EL0's own.
bool is_hypervisors_business(const RegisterRow& row) {
  return row.rule != Rule::Lifted && (row.access != Access::ReadWrite || row.rule != Rule::Plain);
}

Lifting lifting_of(unsigned number, bool write, FeatureSet features, uint64_t mode) {
  const bool process = level_of(features) == Level::Process;
  const bool kernel = (mode & Mode::kEl1) != 0;
  // D19.1.2: the whole space of identification registers can be read at EL1.
  if (!write && is_identification(number) && (process || kernel)) {
    return (mode & Mode::kGuest) != 0 ? Lifting::Outside : Lifting::Inline;
  }
  const RegisterRow* row = find_register(number);
  if (row == nullptr || !is_allowed(row->access, write, mode)) return Lifting::Undefined;
  if (!has(features, row->feature)) {
    // D19.1.3: where there is no EL2, its registers are RES0 at EL3.
    return row->feature == Feature::EL2 && has(features, Feature::EL3) ? Lifting::Outside : Lifting::Undefined;
  }
  if (process) return Lifting::Inline;
  if ((mode & Mode::kGuest) != 0 && is_hypervisors_business(*row)) return Lifting::Outside;
  switch (row->rule) {
    case Rule::Guarded:
      if (row->number == static_cast<unsigned>(SystemRegister::CNTVCT_EL0) && (mode & Mode::kUserCounter) != 0) {
        return Lifting::Inline;
      }
      return kernel ? Lifting::Inline : Lifting::Outside;
    case Rule::Effect:
      return write ? Lifting::Outside : Lifting::Inline;
    case Rule::System:
    case Rule::Controller:
      return Lifting::Outside;
    default:
      break;
  }
  if (row->access == Access::SecureReadWrite) return Lifting::Outside;
  // C5.2.18: the stack pointer in use has no name.
  if (row->number == static_cast<unsigned>(SystemRegister::SP_EL0) && (mode & Mode::kSp0) != 0) {
    return Lifting::Undefined;
  }
  return Lifting::Inline;
}

// The kernel's is_emulated(): op0 3, op1 0, CRn 0; of CRm 0 only the three that have a value to show, and CRm 2 to 7.
bool is_identification(unsigned number) {
  if ((number & ~0x7fU) != system_register(3, 0, 0, 0, 0)) return false;
  const unsigned crm = number >> 3 & 15;
  if (crm == 0) return find_register(number) != nullptr;
  return crm >= 2 && crm <= 7;
}

uint64_t physical_range(FeatureSet features) {
  if (has(features, Feature::CortexA53) || has(features, Feature::CortexA76)) return 2;   // 40 bits
  return has(features, Feature::CortexA57) || has(features, Feature::CortexA72) ? 4 : 5;  // 44, 48 bits
}

uint64_t identification(unsigned number, FeatureSet features) {
  const auto name = static_cast<SystemRegister>(number);
  if (name == SystemRegister::MIDR_EL1) return midr(features);
  uint64_t value = level_of(features) == Level::Process ? hidden_fields(name) : machine_fields(name, features);
  for (const IdField& field : kFields) {
    if (field.in != name || !has(features, field.feature)) continue;
    value = (value & ~(uint64_t{15} << field.bit)) | uint64_t{field.value} << field.bit;
  }
  if (name == SystemRegister::ID_AA64PFR0_EL1) {
    value |= fp_field(features, Feature::FP) << 16 | fp_field(features, Feature::AdvSIMD) << 20;
  }
  if (name == SystemRegister::ID_AA64ISAR1_EL1 && has(features, Feature::PAuth)) {
    // APA and GPA name the architected algorithm, API and GPI another one.
    value |= has(features, Feature::PAuthQARMA5) ? uint64_t{0x01000010} : uint64_t{0x10000100};
  }
  return value;
}

uint64_t writable_fpcr(FeatureSet features) {
  uint64_t bits = 0x07c00000;  // AHP, DN, FZ, RMode
  if (has(features, Feature::FP16)) bits |= 1U << 19;
  return bits;
}

std::string system_register_name(unsigned number, bool write) {
  const RegisterRow* row = find_register(number);
  if (row != nullptr && is_allowed(row->access, write, Mode::of_level(3) | Mode::kHost)) return std::string(row->name);
  return "S" + std::to_string(2 + (number >> 14 & 1)) + "_" + std::to_string(number >> 11 & 7) + "_C" +
         std::to_string(number >> 7 & 15) + "_C" + std::to_string(number >> 3 & 15) + "_" + std::to_string(number & 7);
}

}  // namespace menura::arm
