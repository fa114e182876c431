// How the soft MMU sees this processing element, and the instructions about translations: TLBI (D8.14) and AT (C5.4).
#include "frontends/arm/system/cpu.h"

namespace menura::arm {
namespace {

// D8.4.1: regime 1 is what LDTR and STTR access as: EL0, which PAN does not concern.
constexpr unsigned kUnprivileged = 1;

constexpr uint64_t kContextKernel = 1U << 0;
constexpr uint64_t kContextPan = 1U << 1;
constexpr uint64_t kContextTranslated = 1U << 2;
constexpr unsigned kContextTableShift = 3;
constexpr uint64_t kTableMask = 0x0000fffffffff000;

bool has_asid(uint64_t context, uint64_t asid) { return context >> kAsidShift == asid; }

}  // namespace

uint64_t Cpu::asid() const {
  const bool upper = (reg(SlotName::TCR_EL1) & Tcr::kA1) != 0;
  return reg(upper ? SlotName::TTBR1_EL1 : SlotName::TTBR0_EL1) >> kAsidShift & asid_mask();
}

// The ASID stands for both tables, as far as the architecture goes. TTBR0_EL1 is here, too: kernels switch to tables
// of their own there under the ASID of a process. What SCTLR_EL1 and TCR_EL1 say is flushed when they change.
uint64_t Cpu::context(unsigned regime) const {
  const bool kernel = is_kernel() && regime != kUnprivileged;
  if ((reg(SlotName::SCTLR_EL1) & Sctlr::kM) == 0) return 0;
  uint64_t context = kContextTranslated | asid() << kAsidShift;
  if (kernel) context |= kContextKernel | (reg(SlotName::PAN) != 0 ? kContextPan : 0);
  return context | (reg(SlotName::TTBR0_EL1) & kTableMask) >> 12 << kContextTableShift;
}

// Global pages are the kernel's. What they depend on beside the tables is flushed when it changes.
uint64_t Cpu::global_context() const {
  return is_kernel() && (reg(SlotName::SCTLR_EL1) & Sctlr::kM) != 0 ? kContextTranslated : 0;
}

Translation Cpu::translation(bool kernel, bool pan) const {
  return {.tcr = reg(SlotName::TCR_EL1),
          .ttbr = {reg(SlotName::TTBR0_EL1), reg(SlotName::TTBR1_EL1)},
          .kernel = kernel,
          .pan = pan,
          .wxn = (reg(SlotName::SCTLR_EL1) & Sctlr::kWxn) != 0,
          .updates = has(Feature::HAFDBS),
          .hierarchy = has(Feature::HPDS),
          .granule16 = has(Feature::TGran16),
          .closes = has(Feature::E0PD),
          .physical_bits = physical_bits(physical_range(frontend_.features()))};
}

WalkResult Cpu::translate(uint64_t address, ir::Access access, bool kernel, bool pan, softmmu::PageMapping* mapping) {
  if ((reg(SlotName::SCTLR_EL1) & Sctlr::kM) != 0) {
    return walk_tables(setup_.memory, translation(kernel, pan), address, access, mapping);
  }
  // D8.2.9: as it is.
  constexpr unsigned kSizeLog2 = 21;
  const uint64_t tag = ignores_top_byte(reg(SlotName::TCR_EL1), address) ? uint64_t{0xff} << 56 : 0;
  const uint64_t physical = address & ~tag;
  if (physical >> physical_bits(physical_range(frontend_.features())) != 0) return {.status = kAddressSize};
  *mapping = {.physical = physical & ~((uint64_t{1} << kSizeLog2) - 1),
              .size_log2 = kSizeLog2,
              .read = true,
              .write = true,
              .execute = true};
  return {.done = true};
}

bool Cpu::walk(uint64_t address, ir::Access access, unsigned regime, softmmu::PageMapping* mapping, ir::Fault* fault) {
  const bool kernel = is_kernel() && regime != kUnprivileged;
  const WalkResult result = translate(address, access, kernel, kernel && reg(SlotName::PAN) != 0, mapping);
  if (result.done) {
    const uint64_t top = address >> 55 & 0x1ff;
    if (top != 0 && top != 0x1ff) setup_.cluster.tags_seen.store(true, std::memory_order_relaxed);
    return true;
  }
  const bool unmapped = (result.status & ~3U) == kTranslation;
  *fault = {.kind = unmapped ? ir::FaultKind::Unmapped : ir::FaultKind::Protection,
            .access = access,
            .address = address,
            .syndrome = result.status};
  return false;
}

ir::Fault Cpu::bus_fault(uint64_t address, ir::Access access) const {
  return {.kind = ir::FaultKind::Bus, .access = access, .address = address, .syndrome = kExternal};
}

void Cpu::translation_changed() {
  if (mmu_ == nullptr) return;
  mmu_->context_changed();
  mmu_->flush();
}

// False: there is no such TLBI.
bool Cpu::invalidate_translations(unsigned crm, unsigned op2, uint64_t operand) {
  constexpr unsigned kShareable = 3;
  constexpr unsigned kLocal = 7;
  if ((crm != kShareable && crm != kLocal) || op2 == 4 || op2 == 6) return false;
  if (mmu_ == nullptr) return true;
  softmmu::Mmu& mmu = crm == kShareable ? mmu_->everywhere() : *mmu_;
  switch (op2) {
    case 0:  // VMALLE1
      mmu.flush();
      break;
    case 2:  // ASIDE1
      mmu.flush_contexts(has_asid, operand >> kAsidShift & asid_mask());
      break;
    default: {  // VAE1, VAAE1, VALE1, VAALE1: all of them in all contexts, and not only of the last level
      // C5.5.31: bits 55 to 12 of the address.
      const auto page = static_cast<uint64_t>(static_cast<int64_t>(operand << 20) >> 8);
      if (setup_.cluster.tags_seen.load(std::memory_order_relaxed)) {
        mmu.flush();
      } else {
        mmu.flush_page(page);
      }
      break;
    }
  }
  return true;
}

// C5.4: PAR_EL1 gets the address or the reason. False: there is no such AT.
bool Cpu::translate_for_par(unsigned crm, unsigned op2, uint64_t address) {
  const bool heeds_pan = crm == 9;  // S1E1RP, S1E1WP
  if (op2 > (heeds_pan ? 1 : 3) || (heeds_pan && !has(Feature::PAN2))) return false;
  const bool kernel = (op2 & 2) == 0;
  const auto access = (op2 & 1) != 0 ? ir::Access::Write : ir::Access::Read;
  softmmu::PageMapping mapping;
  const WalkResult result = translate(address, access, kernel, heeds_pan && reg(SlotName::PAN) != 0, &mapping);
  constexpr uint64_t kRes1 = 1U << 11;
  if (!result.done) {
    reg(SlotName::PAR_EL1) = kRes1 | uint64_t{result.status} << 1 | 1;
    return true;
  }
  // D19.2.112; with the MMU off, memory is Device-nGnRnE and outer shareable.
  const bool translated = (reg(SlotName::SCTLR_EL1) & Sctlr::kM) != 0;
  const uint64_t attributes = translated ? reg(SlotName::MAIR_EL1) >> (8 * result.attributes) & 0xff : 0;
  const bool device = (attributes & 0xf0) == 0;
  const uint64_t shareability = device ? 2 : result.shareability;
  const uint64_t offset = address & ((uint64_t{1} << mapping.size_log2) - 1) & ~uint64_t{0xfff};
  constexpr uint64_t kNonSecure = 1U << 9;
  reg(SlotName::PAR_EL1) = attributes << 56 | mapping.physical | offset | kRes1 | kNonSecure | shareability << 7;
  return true;
}

}  // namespace menura::arm
