// How the soft MMU sees this processing element, and the instructions about translations: TLBI (D8.14) and AT (C5.4).
#include <algorithm>

#include "frontends/arm/system/cpu.h"

namespace menura::arm {
namespace {

// D8.4.1: regime 1 is what LDTR and STTR access as: EL0, which PAN does not concern.
constexpr unsigned kUnprivileged = 1;

constexpr uint64_t kContextKernel = 1U << 0;
constexpr uint64_t kContextPan = 1U << 1;
constexpr uint64_t kContextTranslated = 1U << 2;
constexpr unsigned kContextTableShift = 3;  // 36 bits
constexpr unsigned kContextRegimeShift = 39;
constexpr uint64_t kContextSecure = uint64_t{1} << 41;
constexpr uint64_t kContextStage2 = uint64_t{1} << 42;
constexpr uint64_t kTableMask = 0x0000fffffffff000;

bool has_asid(uint64_t context, uint64_t asid) { return context >> kAsidShift == asid; }

// Tables of stage 1 lie where stage 2 says.
class TablesOfGuest final : public softmmu::PhysicalMemory {
 public:
  TablesOfGuest(softmmu::PhysicalMemory& memory, const Translation& stage2) : memory_(memory), stage2_(stage2) {}

  bool read(uint64_t address, void* data, std::size_t size) override {
    uint64_t physical = 0;
    return find(address, ir::Access::Read, &physical) && memory_.read(physical, data, size);
  }
  bool write(uint64_t, const void*, std::size_t) override { return false; }
  bool compare_exchange(uint64_t address, unsigned size, uint64_t expected, uint64_t desired, uint64_t* seen) override {
    uint64_t physical = 0;
    return find(address, ir::Access::Write, &physical) &&
           memory_.compare_exchange(physical, size, expected, desired, seen);
  }
  std::span<std::byte> view(uint64_t, std::size_t, ir::Access) override { return {}; }

  // Of the last access that failed; `done` where stage 2 had nothing against it.
  const WalkResult& result() const { return result_; }
  uint64_t address() const { return address_; }

 private:
  bool find(uint64_t address, ir::Access access, uint64_t* physical) {
    address_ = address;
    softmmu::PageMapping page;
    result_ = walk_tables(memory_, stage2_, address, access, &page);
    *physical = page.physical + (address & ((uint64_t{1} << page.size_log2) - 1));
    return result_.done;
  }

  softmmu::PhysicalMemory& memory_;
  const Translation& stage2_;
  WalkResult result_{.done = true};
  uint64_t address_ = 0;
};

}  // namespace

Cpu::Regime Cpu::regime_of(unsigned level) const {
  switch (level) {
    case 0:
      return is_host() ? Regime::El20 : Regime::El10;
    case 1:
      return Regime::El10;
    case 2:
      return (reg(SlotName::HCR_EL2) & Hcr::kE2h) != 0 ? Regime::El20 : Regime::El2;
    default:
      return Regime::El3;
  }
}

// Those of one half are brought into the form of TCR_EL1, whose other half is closed.
uint64_t Cpu::tcr_of(Regime regime) const {
  switch (regime) {
    case Regime::El10:
      return reg(SlotName::TCR_EL1);
    case Regime::El20:
      return reg(SlotName::TCR_EL2);
    default:
      break;
  }
  const uint64_t single = reg(regime == Regime::El2 ? SlotName::TCR_EL2 : SlotName::TCR_EL3);
  const auto flag_at = [&](uint64_t from, uint64_t to) { return (single & from) != 0 ? to : 0; };
  return (single & 0xff3f) | Tcr::kEpd1 | (single >> SingleTcr::kPsShift & 7) << Tcr::kIpsShift |
         flag_at(SingleTcr::kTbi, Tcr::kTbi0) | flag_at(SingleTcr::kHa, Tcr::kHa) | flag_at(SingleTcr::kHd, Tcr::kHd) |
         flag_at(SingleTcr::kHpd, Tcr::kHpd0);
}

bool Cpu::is_translated(Regime regime) const {
  switch (regime) {
    case Regime::El10:
      if (has_levels_ && (hcr() & (Hcr::kDc | Hcr::kTge)) != 0) return false;
      return (reg(SlotName::SCTLR_EL1) & Sctlr::kM) != 0;
    case Regime::El3:
      return (reg(SlotName::SCTLR_EL3) & Sctlr::kM) != 0;
    default:
      return (reg(SlotName::SCTLR_EL2) & Sctlr::kM) != 0;
  }
}

uint64_t Cpu::asid(Regime regime, uint64_t tcr) const {
  if (regime == Regime::El2 || regime == Regime::El3) return 0;
  const bool upper = (tcr & Tcr::kA1) != 0;
  const SlotName base = regime == Regime::El10 ? (upper ? SlotName::TTBR1_EL1 : SlotName::TTBR0_EL1)
                                               : (upper ? SlotName::TTBR1_EL2 : SlotName::TTBR0_EL2);
  return reg(base) >> kAsidShift & ((tcr & Tcr::kAs) != 0 ? 0xffff : 0xff);
}

// The ASID stands for both tables, as far as the architecture goes. TTBR0_ELx is here, too: kernels switch to tables
// of their own there under the ASID of a process. What SCTLR_ELx, TCR_ELx, HCR_EL2 and VTTBR_EL2 say is flushed when
// they change.
uint64_t Cpu::context(unsigned regime) const {
  const bool kernel = is_kernel() && regime != kUnprivileged;
  const Regime which = regime_of(level());
  uint64_t context = has_levels_ ? static_cast<uint64_t>(which) << kContextRegimeShift : 0;
  if (has_levels_) context |= (is_secure() ? kContextSecure : 0) | (has_stage2(which) ? kContextStage2 : 0);
  if (!is_translated(which)) return context;
  const bool single = which == Regime::El2 || which == Regime::El3;
  context |= kContextTranslated | asid(which, tcr_of(which)) << kAsidShift;
  if (kernel) context |= kContextKernel | (reg(SlotName::PAN) != 0 && !single ? kContextPan : 0);
  constexpr SlotName kTables[] = {SlotName::TTBR0_EL1, SlotName::TTBR0_EL2, SlotName::TTBR0_EL2, SlotName::TTBR0_EL3};
  return context | (reg(kTables[static_cast<unsigned>(which)]) & kTableMask) >> 12 << kContextTableShift;
}

// Global pages are the kernel's. What they depend on beside the tables is flushed when it changes.
uint64_t Cpu::global_context() const {
  const Regime which = regime_of(level());
  if (!is_kernel() || which == Regime::El2 || which == Regime::El3 || !is_translated(which)) return 0;
  if (!has_levels_) return kContextTranslated;
  return kContextTranslated | static_cast<uint64_t>(which) << kContextRegimeShift | (is_secure() ? kContextSecure : 0) |
         (has_stage2(which) ? kContextStage2 : 0);
}

Cpu::Request Cpu::request(unsigned regime) const {
  const bool kernel = is_kernel() && regime != kUnprivileged;
  return {regime_of(level()), kernel, kernel && reg(SlotName::PAN) != 0, true};
}

Translation Cpu::translation(const Request& request) const {
  const Regime which = request.regime;
  constexpr SlotName kLower[] = {SlotName::TTBR0_EL1, SlotName::TTBR0_EL2, SlotName::TTBR0_EL2, SlotName::TTBR0_EL3};
  constexpr SlotName kSctlr[] = {SlotName::SCTLR_EL1, SlotName::SCTLR_EL2, SlotName::SCTLR_EL2, SlotName::SCTLR_EL3};
  const auto index = static_cast<unsigned>(which);
  const bool single = which == Regime::El2 || which == Regime::El3;
  return {.tcr = tcr_of(which),
          .ttbr = {reg(kLower[index]), reg(which == Regime::El10 ? SlotName::TTBR1_EL1 : SlotName::TTBR1_EL2)},
          .kernel = request.kernel,
          .single = single,
          .pan = request.pan && !single,
          .wxn = (reg(kSctlr[index]) & Sctlr::kWxn) != 0,
          .updates = has(Feature::HAFDBS),
          .hierarchy = has(Feature::HPDS),
          .granule16 = has(Feature::TGran16),
          .closes = has(Feature::E0PD),
          .physical_bits = physical_bits(physical_range(frontend_.features()))};
}

// VTCR_EL2 (D19.2.163).
Translation Cpu::stage2() const {
  const uint64_t vtcr = reg(SlotName::VTCR_EL2);
  const auto flag_at = [&](uint64_t from, uint64_t to) { return (vtcr & from) != 0 ? to : 0; };
  const int sl0 = static_cast<int>(vtcr >> SingleTcr::kSl0Shift & 3);
  const bool small = (vtcr >> Tcr::kTg0Shift & 3) == 0;
  Translation t;
  t.tcr = (vtcr & 0x3f) | (vtcr & uint64_t{3} << Tcr::kTg0Shift) | (vtcr >> SingleTcr::kPsShift & 7) << Tcr::kIpsShift |
          flag_at(SingleTcr::kHa, Tcr::kHa) | flag_at(SingleTcr::kHd, Tcr::kHd);
  t.ttbr[0] = reg(SlotName::VTTBR_EL2);
  t.stage2_level = std::max((small ? 2 : 3) - sl0, 0);
  t.updates = has(Feature::HAFDBS);
  t.granule16 = has(Feature::TGran16);
  t.physical_bits = physical_bits(physical_range(frontend_.features()));
  return t;
}

WalkResult Cpu::translate(uint64_t address, ir::Access access, const Request& request, softmmu::PageMapping* mapping) {
  const unsigned longest = physical_bits(physical_range(frontend_.features()));
  const bool second = request.stage2 && has_levels_ && has_stage2(request.regime);
  const Translation guest = second ? stage2() : Translation();
  WalkResult result;
  if (is_translated(request.regime)) {
    TablesOfGuest tables(setup_.memory, guest);
    softmmu::PhysicalMemory& memory = second ? static_cast<softmmu::PhysicalMemory&>(tables) : setup_.memory;
    result = walk_tables(memory, translation(request), address, access, mapping);
    if (!result.done && second && !tables.result().done) {
      stage2_fault_ = {tables.address(), true};
      return {.status = tables.result().status, .stage2 = true};
    }
    if (!result.done) return result;
  } else {
    // D8.2.9: as it is.
    constexpr unsigned kSizeLog2 = 21;
    const uint64_t tag = ignores_top_byte(tcr_of(request.regime), address) ? uint64_t{0xff} << 56 : 0;
    const uint64_t physical = address & ~tag;
    if (physical >> longest != 0) return {.status = kAddressSize};
    *mapping = {.physical = physical & ~((uint64_t{1} << kSizeLog2) - 1),
                .size_log2 = kSizeLog2,
                .read = true,
                .write = true,
                .execute = true};
    result.done = true;
  }
  if (!second) return result;

  // The smaller page of both, with the rights that both give.
  const uint64_t in_page = address & ((uint64_t{1} << mapping->size_log2) - 1);
  const uint64_t output = mapping->physical | in_page;
  softmmu::PageMapping page;
  WalkResult other = walk_tables(setup_.memory, guest, output, access, &page);
  if (!other.done) {
    stage2_fault_ = {output, false};
    other.stage2 = true;
    return other;
  }
  const unsigned size_log2 = std::min(mapping->size_log2, page.size_log2);
  const uint64_t physical = page.physical | (output & ((uint64_t{1} << page.size_log2) - 1));
  mapping->physical = physical & ~((uint64_t{1} << size_log2) - 1);
  mapping->size_log2 = static_cast<uint8_t>(size_log2);
  mapping->read &= page.read;
  mapping->write &= page.write;
  mapping->execute &= page.execute;
  return result;
}

// What answers the secure state only.
bool Cpu::is_refused(uint64_t physical) const {
  if (!has(Feature::EL3) || is_secure()) return false;
  return std::any_of(setup_.cluster.secure_only.begin(), setup_.cluster.secure_only.end(),
                     [&](const Cluster::Range& range) { return physical >= range.begin && physical < range.end; });
}

bool Cpu::walk(uint64_t address, ir::Access access, unsigned regime, softmmu::PageMapping* mapping, ir::Fault* fault) {
  const WalkResult result = translate(address, access, request(regime), mapping);
  if (result.done) {
    if (is_refused(mapping->physical | (address & ((uint64_t{1} << mapping->size_log2) - 1)))) {
      *fault = bus_fault(address, access);
      return false;
    }
    const uint64_t top = address >> 55 & 0x1ff;
    if (top != 0 && top != 0x1ff) setup_.cluster.tags_seen.store(true, std::memory_order_relaxed);
    return true;
  }
  const bool unmapped = (result.status & ~3U) == kTranslation;
  *fault = {.kind = unmapped ? ir::FaultKind::Unmapped : ir::FaultKind::Protection,
            .access = access,
            .address = address,
            .syndrome = result.status | (result.stage2 ? Stage2Fault::kMark : 0)};
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

// False: there is no such TLBI. op1 is 0 for EL1's, 4 for EL2's and those of stage 2, 6 for EL3's.
bool Cpu::invalidate_translations(unsigned op1, unsigned crm, unsigned op2, uint64_t operand) {
  constexpr unsigned kShareable = 3;
  constexpr unsigned kLocal = 7;
  const bool of_stage2 = op1 == 4 && (crm == 0 || crm == 4) && (op2 == 1 || op2 == 5);  // IPAS2E1, IPAS2LE1
  if (!of_stage2 && crm != kShareable && crm != kLocal) return false;
  constexpr unsigned kForms[] = {0b10101111, 0, 0, 0, 0b01110011, 0, 0b00100011};  // by op1: which op2 there are
  if (!of_stage2 && (kForms[op1] >> op2 & 1) == 0) return false;
  if (mmu_ == nullptr) return true;
  softmmu::Mmu& mmu = crm == kShareable || crm == 0 ? mmu_->everywhere() : *mmu_;
  const bool by_page = !of_stage2 && (op1 == 0 ? (op2 & 1) != 0 : op2 == 1 || op2 == 5);
  if (op1 == 0 && op2 == 2) {  // ASIDE1
    mmu.flush_contexts(has_asid, operand >> kAsidShift & asid_mask());
  } else if (!by_page || setup_.cluster.tags_seen.load(std::memory_order_relaxed)) {
    mmu.flush();  // VMALLE1, ALLE2, ALLE1, VMALLS12E1, ALLE3
  } else {
    // VAE1, VAAE1, VALE1, VAALE1, VAE2, VALE2, VAE3, VALE3: all of them in all contexts, and not only of the last
    // level. C5.5.31: bits 55 to 12 of the address.
    mmu.flush_page(static_cast<uint64_t>(static_cast<int64_t>(operand << 20) >> 8));
  }
  return true;
}

// C5.4: PAR_EL1 gets the address or the reason. False: there is no such AT.
bool Cpu::translate_for_par(unsigned op1, unsigned crm, unsigned op2, uint64_t address) {
  const bool heeds_pan = op1 == 0 && crm == 9;  // S1E1RP, S1E1WP
  if (heeds_pan ? op2 > 1 || !has(Feature::PAN2) : crm != 8) return false;
  Request request = {Regime::El10, (op2 & 2) == 0, heeds_pan && reg(SlotName::PAN) != 0, false};
  if (op1 == 0) {  // S1E1R, S1E1W, S1E0R, S1E0W
    if (op2 > 3) return false;
    if (level() >= 2 && is_host()) request.regime = Regime::El20;
  } else if (op1 == 4 && op2 >= 4) {  // S12E1R and so on
    request.stage2 = true;
  } else if (op2 <= 1) {  // S1E2R, S1E2W, S1E3R, S1E3W
    request.regime = op1 == 6 ? Regime::El3 : regime_of(2);
  } else {
    return false;
  }
  const auto access = (op2 & 1) != 0 ? ir::Access::Write : ir::Access::Read;
  softmmu::PageMapping mapping;
  const WalkResult result = translate(address, access, request, &mapping);
  constexpr uint64_t kRes1 = 1U << 11;
  if (!result.done) {
    const uint64_t stage = result.stage2 ? 1U << 9 | (stage2_fault_.on_table ? 1U << 8 : 0) : 0;
    reg(SlotName::PAR_EL1) = kRes1 | stage | uint64_t{result.status} << 1 | 1;
    return true;
  }
  // D19.2.112; with the MMU off, memory is Device-nGnRnE and outer shareable.
  constexpr SlotName kMair[] = {SlotName::MAIR_EL1, SlotName::MAIR_EL2, SlotName::MAIR_EL2, SlotName::MAIR_EL3};
  const uint64_t mair = reg(kMair[static_cast<unsigned>(request.regime)]);
  const uint64_t attributes = is_translated(request.regime) ? mair >> (8 * result.attributes) & 0xff : 0;
  const bool device = (attributes & 0xf0) == 0;
  const uint64_t shareability = device ? 2 : result.shareability;
  const uint64_t offset = address & ((uint64_t{1} << mapping.size_log2) - 1) & ~uint64_t{0xfff};
  const uint64_t non_secure = is_secure() ? 0 : 1U << 9;
  reg(SlotName::PAR_EL1) = attributes << 56 | mapping.physical | offset | kRes1 | non_secure | shareability << 7;
  return true;
}

}  // namespace menura::arm
