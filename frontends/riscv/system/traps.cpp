// Traps and returns from them (Volume II 20240411, 3.1.6 to 3.1.8, 3.1.14 to 3.1.16, 3.3.2, 12.1).
#include "frontends/riscv/system/hart.h"

namespace menura::riscv {

namespace {

constexpr uint64_t kInterruptBit = uint64_t{1} << 63;

// 3.1.7: direct, or vectored: then interrupts go to a place of their own.
uint64_t handler(uint64_t tvec, uint64_t cause, bool is_interrupt) {
  const uint64_t base = tvec & ~uint64_t{3};
  return is_interrupt && (tvec & 1) != 0 ? base + 4 * cause : base;
}

// 3.1.15, table 14.
constexpr const char* kExceptions[] = {
    "misaligned fetch",  "fetch access fault", "illegal instruction", "breakpoint",      "misaligned load",
    "load access fault", "misaligned store",   "store access fault",  "ecall from U",    "ecall from S",
    "reserved",          "ecall from M",       "fetch page fault",    "load page fault", "reserved",
    "store page fault"};
constexpr const char* kInterrupts[] = {
    "reserved", "supervisor software interrupt", "reserved", "machine software interrupt",
    "reserved", "supervisor timer interrupt",    "reserved", "machine timer interrupt",
    "reserved", "supervisor external interrupt", "reserved", "machine external interrupt"};

constexpr const char* kLevels[] = {"U", "S", "?", "M"};  // by Privilege

}  // namespace

void Hart::log_trap(uint64_t cause, bool is_interrupt, uint64_t epc, uint64_t tval) const {
  if (!log_.wants(vcpu::LogItem::Interrupts)) return;
  log_.took({.cpu = id_,
             .what = is_interrupt ? kInterrupts[cause] : kExceptions[cause],
             .from = kLevels[static_cast<unsigned>(privilege())],
             .interrupt = is_interrupt,
             .pc = epc,
             .syndrome = cause,
             .address = tval});
}

void Hart::trap(uint64_t cause, bool is_interrupt, uint64_t epc, uint64_t tval) {
  uint64_t& status = reg(SlotName::Mstatus);
  log_trap(cause, is_interrupt, epc, tval);
  const Privilege from = privilege();
  const uint64_t delegated = reg(is_interrupt ? SlotName::Mideleg : SlotName::Medeleg);
  const uint64_t recorded = cause | (is_interrupt ? kInterruptBit : 0);
  waiting_ = false;
  header_->reservation_address = ir::CpuHeader::kNoReservation;
  if (from != Privilege::Machine && (delegated >> cause & 1) != 0) {
    reg(SlotName::Sepc) = epc;
    reg(SlotName::Scause) = recorded;
    reg(SlotName::Stval) = tval;
    const uint64_t kept = status & ~(Status::kSie | Status::kSpie | Status::kSpp);
    status =
        kept | ((status & Status::kSie) != 0 ? Status::kSpie : 0) | (from == Privilege::Supervisor ? Status::kSpp : 0);
    header_->pc = handler(reg(SlotName::Stvec), cause, is_interrupt);
    set_privilege(Privilege::Supervisor);
    return;
  }
  reg(SlotName::Mepc) = epc;
  reg(SlotName::Mcause) = recorded;
  reg(SlotName::Mtval) = tval;
  const uint64_t kept = status & ~(Status::kMie | Status::kMpie | Status::kMpp);
  status = kept | ((status & Status::kMie) != 0 ? Status::kMpie : 0) | static_cast<uint64_t>(from) << Status::kMppShift;
  header_->pc = handler(reg(SlotName::Mtvec), cause, is_interrupt);
  set_privilege(Privilege::Machine);
}

// The walker has said why. Cache-block management is neither load nor store, and reports what a store would (Volume I,
// 19.2.4).
void Hart::trap_fault(const ir::Fault& fault) {
  uint64_t cause = fault.syndrome;
  const bool is_load =
      cause == static_cast<uint64_t>(Cause::LoadAccess) || cause == static_cast<uint64_t>(Cause::LoadPage);
  if (is_load) {
    constexpr uint64_t kMiscMemCbo = 0b010'00000'0001111;
    if ((fetch_word(header_->pc) & 0x7fff) == kMiscMemCbo) cause += 2;
  }
  trap(cause, false, header_->pc, fault.address);
}

// Plain accesses need no alignment here: it is an atomic, or a jump.
void Hart::trap_misaligned(uint64_t address) {
  Cause cause = Cause::StoreMisaligned;
  const auto word = static_cast<uint32_t>(fetch_word(header_->pc));
  const RowName name = decode(word, frontend_.features());
  if (name == RowName::lr_w || name == RowName::lr_d) cause = Cause::LoadMisaligned;
  constexpr uint32_t kBranches = 0b1100000;  // BRANCH, JALR, JAL
  constexpr uint32_t kBranchMask = 0b1110000;
  if ((word & 3) == 3 && (word & kBranchMask) == kBranches) cause = Cause::FetchMisaligned;
  trap(static_cast<uint64_t>(cause), false, header_->pc, address);
}

void Hart::return_from_machine() {
  uint64_t& status = reg(SlotName::Mstatus);
  const auto to = static_cast<Privilege>((status & Status::kMpp) >> Status::kMppShift);
  uint64_t next = status & ~(Status::kMie | Status::kMpp);
  if ((status & Status::kMpie) != 0) next |= Status::kMie;
  next |= Status::kMpie;
  if (to != Privilege::Machine) next &= ~Status::kMprv;
  status = next;
  header_->pc = reg(SlotName::Mepc);
  set_privilege(to);
}

void Hart::return_from_supervisor() {
  uint64_t& status = reg(SlotName::Mstatus);
  const Privilege to = (status & Status::kSpp) != 0 ? Privilege::Supervisor : Privilege::User;
  uint64_t next = status & ~(Status::kSie | Status::kSpp | Status::kMprv);
  if ((status & Status::kSpie) != 0) next |= Status::kSie;
  status = next | Status::kSpie;
  header_->pc = reg(SlotName::Sepc);
  set_privilege(to);
}

void Hart::set_privilege(Privilege privilege) {
  header_->mode = (header_->mode & ~Mode::kPrivilege) | static_cast<uint64_t>(privilege) << Mode::kPrivilegeShift;
  update_mode();
  mmu_->context_changed();
}

void Hart::update_mode() {
  header_->mode &= ~(Mode::kFpOff | Mode::kFpClean);
  if (privilege() != Privilege::User) return;
  const uint64_t fs = reg(SlotName::Mstatus) & Status::kFs;
  if (fs == 0) {
    header_->mode |= Mode::kFpOff;
  } else if (fs != Status::kFs) {
    header_->mode |= Mode::kFpClean;
  }
}

// The instruction at `pc`, which has just been fetched: as much of it as still can be.
uint64_t Hart::fetch_word(uint64_t pc) {
  uint64_t word = 0;
  for (unsigned offset = 0; offset < 4 && (offset == 0 || (word & 3) == 3); offset += 2) {
    softmmu::PageMapping page;
    ir::Fault fault;
    const uint64_t address = pc + offset;
    uint16_t parcel = 0;
    if (!walk(address, ir::Access::Execute, 0, &page, &fault)) break;
    const uint64_t inside = address & ((uint64_t{1} << page.size_log2) - 1);
    if (!memory_.read(page.physical + inside, &parcel, sizeof parcel)) break;
    word |= uint64_t{parcel} << 8 * offset;
  }
  return word;
}

}  // namespace menura::riscv
