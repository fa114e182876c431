// PageWalker: what a guest architecture tells the soft MMU about addresses. Frontends implement it, one per virtual
// CPU; all of it runs on that virtual CPU's thread.
#pragma once

#include <cstdint>

#include "ir/core/memory_port.h"

namespace menura::softmmu {

// One page as the guest's tables (and whatever else has a say: PMP, PAN) allow it to be accessed. Rights that need an
// effect at their first use are left out until then: `write` of a page whose dirty bit is not set yet.
struct PageMapping {
  uint64_t physical = 0;   // of the page's first byte
  uint8_t size_log2 = 12;  // of the page; the rights hold for all of it
  bool read = false;
  bool write = false;
  bool execute = false;
  bool global = false;  // the same in all address spaces, says the guest
};

// How many translation regimes memory operations may name at one time (MemDesc::mmu_index): 0 is the virtual CPU's
// own, 1 is for instructions that access memory as if they were unprivileged.
inline constexpr unsigned kRegimes = 2;

class PageWalker {
 public:
  virtual ~PageWalker() = default;

  // What the present translations of `regime` depend on besides the tables: address space identifier, root, privilege
  // and the bits of status registers that change rights. Equal numbers, equal translations: the soft MMU keeps several
  // TLBs, each for one number, and finds the one of before when a guest returns to it.
  virtual uint64_t context(unsigned regime) const = 0;

  // What the translations of global pages depend on for instruction fetch at the present level; 0: there are none. What
  // is known of a kernel's code then survives that its processes change.
  virtual uint64_t global_context() const { return 0; }

  // Walks the tables for one access; may set accessed and dirty bits. False: the access is not allowed, and *fault
  // says why: `syndrome` in the guest's own terms, `address` as given.
  virtual bool walk(uint64_t address, ir::Access access, unsigned regime, PageMapping* mapping, ir::Fault* fault) = 0;

  // The access is allowed, but nothing answers there (or what is there refuses): what the guest calls it.
  virtual ir::Fault bus_fault(uint64_t address, ir::Access access) const = 0;
};

// What a frontend asks of the soft MMU of its virtual CPU. Tables that have changed are only seen after a flush.
class Mmu {
 public:
  virtual ~Mmu() = default;

  // The same for all virtual CPUs of the machine: for instructions that say "inner shareable".
  virtual Mmu& everywhere() = 0;

  // PageWalker::context() may answer differently from now on (a register was written, the privilege has changed).
  virtual void context_changed() = 0;
  // Forgets translations: all; those of one page, in all contexts; all of the contexts that `matches` says yes to.
  virtual void flush() = 0;
  virtual void flush_page(uint64_t address) = 0;
  using ContextMatch = bool (*)(uint64_t context, uint64_t argument);
  virtual void flush_contexts(ContextMatch matches, uint64_t argument) = 0;
};

}  // namespace menura::softmmu
