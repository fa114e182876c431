// The hart as softmmu::PageWalker: which translation is in force, and what PMP says to its results.
#include <cinttypes>
#include <cstdio>

#include "frontends/riscv/system/hart.h"

namespace menura::riscv {

namespace {

constexpr unsigned kPhysicalBits = 56;
constexpr unsigned kLargestPage = 30;  // where nothing is translated, this much at once

Cause access_fault(ir::Access access) {
  return access == ir::Access::Read    ? Cause::LoadAccess
         : access == ir::Access::Write ? Cause::StoreAccess
                                       : Cause::FetchAccess;
}
Cause page_fault(ir::Access access) {
  return access == ir::Access::Read    ? Cause::LoadPage
         : access == ir::Access::Write ? Cause::StorePage
                                       : Cause::FetchPage;
}

// Fields of context(): the root's number and the ASID as in satp, then these.
constexpr unsigned kModeShift = Satp::kAsidShift + Satp::kAsidBits;  // 0 bare, 1 Sv39, 2 Sv48, 3 Sv57
constexpr unsigned kLevelShift = kModeShift + 2;                     // 0 user, 1 supervisor, 2 machine, then MPRV's
constexpr unsigned kSumShift = kLevelShift + 3;
constexpr unsigned kMxrShift = kSumShift + 1;
static_assert(kMxrShift < 64);

bool has_asid(uint64_t context, uint64_t asid) {
  return (context >> kModeShift & 3) != 0 && (context & Satp::kAsid) >> Satp::kAsidShift == asid;
}

}  // namespace

Privilege Hart::data_privilege() const {
  const uint64_t status = reg(SlotName::Mstatus);
  if ((status & Status::kMprv) == 0) return privilege();
  return static_cast<Privilege>((status & Status::kMpp) >> Status::kMppShift);
}

uint64_t Hart::context(unsigned) const {
  const Privilege fetches = privilege();
  const Privilege data = data_privilege();
  // Code runs as machine mode while MPRV says otherwise about data.
  const uint64_t level = fetches == Privilege::Machine
                             ? (data == Privilege::Machine ? 2 : 3 + static_cast<uint64_t>(data))
                             : static_cast<uint64_t>(data);
  uint64_t context = level << kLevelShift;
  const uint64_t satp = reg(SlotName::Satp);
  if (data == Privilege::Machine || Satp::mode(satp) == Satp::kBare) return context;
  const uint64_t status = reg(SlotName::Mstatus);
  context |= satp & (Satp::kPpn | Satp::kAsid);
  context |= (Satp::mode(satp) - Satp::kSv39 + 1) << kModeShift;
  if (data == Privilege::Supervisor && (status & Status::kSum) != 0) context |= uint64_t{1} << kSumShift;
  if ((status & Status::kMxr) != 0) context |= uint64_t{1} << kMxrShift;
  return context;
}

// Global mappings (12.3.1, the G bit) of the kernel's code.
uint64_t Hart::global_context() const {
  return privilege() == Privilege::Supervisor ? Satp::mode(reg(SlotName::Satp)) : Satp::kBare;
}

bool Hart::walk(uint64_t address, ir::Access access, unsigned, softmmu::PageMapping* mapping, ir::Fault* fault) {
  const Privilege data = data_privilege();
  const Privilege fetches = privilege();
  const Privilege level = access == ir::Access::Execute ? fetches : data;
  const uint64_t satp = reg(SlotName::Satp);
  const auto refuse = [&](ir::FaultKind kind, Cause cause) {
    *fault = {kind, access, address, static_cast<uint32_t>(cause)};
    log_walk(address, *fault);
    return false;
  };
  softmmu::PageMapping page;
  if (level == Privilege::Machine || Satp::mode(satp) == Satp::kBare) {
    if (address >> kPhysicalBits != 0) return refuse(ir::FaultKind::Bus, access_fault(access));
    page = {address >> kLargestPage << kLargestPage, kLargestPage, true, true, true};
  } else {
    const uint64_t status = reg(SlotName::Mstatus);
    const uint64_t envcfg = reg(SlotName::Menvcfg);
    const Translation translation = {satp,
                                     level,
                                     (status & Status::kSum) != 0,
                                     (status & Status::kMxr) != 0,
                                     (envcfg & Envcfg::kAdue) != 0,
                                     (envcfg & Envcfg::kPbmte) != 0};
    switch (walk_tables(memory_, pmp_, translation, address, access, &page)) {
      case WalkResult::Done:
        break;
      case WalkResult::PageFault:
        return refuse(ir::FaultKind::Protection, page_fault(access));
      case WalkResult::AccessFault:
        return refuse(ir::FaultKind::Bus, access_fault(access));
    }
  }
  const uint64_t inside = address & ((uint64_t{1} << page.size_log2) - 1);
  const uint64_t physical = page.physical + inside;
  const Pmp::Rights rights = pmp_.rights(physical, page.size_log2, level);
  if (!rights.allow(access)) return refuse(ir::FaultKind::Bus, access_fault(access));
  page.physical = physical >> rights.size_log2 << rights.size_log2;
  page.size_log2 = rights.size_log2;
  page.read = page.read && rights.read;
  page.write = page.write && rights.write;
  page.execute = page.execute && rights.execute;
  // What holds for data at this address says nothing about code there, and the other way round.
  if (data != fetches) {
    if (access == ir::Access::Execute) {
      page.read = page.write = false;
    } else {
      page.execute = false;
    }
  }
  *mapping = page;
  return true;
}

void Hart::log_walk(uint64_t address, const ir::Fault& fault) const {
  if (!log_.wants(vcpu::LogItem::Mmu)) return;
  const char* const accesses[] = {"load", "store", "fetch"};
  char line[160];
  std::snprintf(line, sizeof line, "hart %u: %s at 0x%" PRIx64 " refused by %s, satp 0x%" PRIx64, id_,
                accesses[static_cast<unsigned>(fault.access)], address,
                fault.kind == ir::FaultKind::Bus ? "physical memory protection" : "the page tables",
                reg(SlotName::Satp));
  log_.write(vcpu::LogItem::Mmu, line);
}

ir::Fault Hart::bus_fault(uint64_t address, ir::Access access) const {
  return {ir::FaultKind::Bus, access, address, static_cast<uint32_t>(access_fault(access))};
}

// 12.2.1. Global pages go, too, where one address space is named: more than is asked for.
void Hart::fence_vma(bool address_named, uint64_t address, bool asid_named, uint64_t asid) {
  if (address_named) return mmu_->flush_page(address);
  if (!asid_named) return mmu_->flush();
  mmu_->flush_contexts(has_asid, asid & ((uint64_t{1} << Satp::kAsidBits) - 1));
}

}  // namespace menura::riscv
