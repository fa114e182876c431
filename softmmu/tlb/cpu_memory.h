// CpuMemory: memory as one virtual CPU of a machine sees it. What its TLBs do not know, it asks the guest's page walker
// and the bus.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "ir/core/cpu_header.h"
#include "ir/core/memory_port.h"
#include "softmmu/api/page_walker.h"
#include "softmmu/bus/bus.h"
#include "softmmu/tlb/tlb_context.h"
#include "vcpu/watchpoints.h"

namespace menura::softmmu {

class MachineMemory;

class CpuMemory final : public Mmu {
 public:
  // All outlive it.
  CpuMemory(MachineMemory& machine, Bus& bus, ir::CpuHeader& cpu);
  ~CpuMemory() override;
  CpuMemory(const CpuMemory&) = delete;
  CpuMemory& operator=(const CpuMemory&) = delete;

  // Before anything else; it outlives this, or nothing more is asked of this.
  void set_walker(PageWalker& walker) { walker_ = &walker; }

  ir::CpuHeader& cpu() const { return cpu_; }
  ir::MemoryPort& port(unsigned regime);
  // What its accesses are looked for; its thread's, or anybody's while that stands still.
  vcpu::WatchState& watch() { return watch_; }

  // --- Mmu, on the virtual CPU's thread
  void context_changed() override;
  void flush() override { flush(Whose::Own); }
  void flush_page(uint64_t address) override;
  void flush_contexts(ContextMatch matches, uint64_t argument) override {
    flush_contexts(Whose::Own, matches, argument);
  }
  Mmu& everywhere() override;

  // --- on any thread, flush_page, too
  enum class Whose : uint8_t { Own, Another };
  void flush(Whose thread);
  void flush_contexts(Whose thread, ContextMatch matches, uint64_t argument);

  // Stores to the frame of RAM at `host` come to us first, from now on. Any thread.
  void forget_writes(const std::byte* host);

 private:
  class Port;
  struct Lock;
  // One address of an access, after translation.
  struct Place {
    uint64_t physical = 0;
    const Region* region = nullptr;  // nullptr: nothing answers
    bool global = false;             // PageMapping::global
    uint8_t size_log2 = kPageBits;   // PageMapping::size_log2, where all of the page has the same rights
    uint64_t room = kPageSize;  // bytes from `physical` on for which the rights hold; to the page's end if not less
  };
  static constexpr unsigned kContexts = 10;

  TlbContext& select(unsigned regime);
  TlbContext* global_code();
  TlbContext& assign_context(uint64_t number);
  bool is_current(const TlbContext& context) const { return &context == current_[0] || &context == current_[1]; }
  template <typename Which>
  void forget(Whose thread, Which which);

  bool is_watched(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault);
  // Translates and fills the TLB.
  bool find(uint64_t address, ir::Access access, unsigned regime, Place* place, ir::Fault* fault);
  void fill(TlbContext& context, uint64_t page, const PageMapping& mapping);
  void open(TlbEntry& entry, const TlbInfo& info);
  bool find_access(uint64_t address, unsigned size, ir::Access access, unsigned regime, Place* place, ir::Fault* fault);
  bool find_code(uint64_t address, CodePage* page, ir::Fault* fault);
  bool refuse(uint64_t address, const Place& place, ir::Access access, ir::Fault* fault) const;
  void settle();

  bool read(uint64_t address, void* data, unsigned size, unsigned regime, ir::Fault* fault);
  bool write(uint64_t address, const void* data, unsigned size, unsigned regime, ir::Fault* fault);
  bool read_piece(uint64_t address, const Place& place, void* data, unsigned size, ir::Fault* fault);
  bool write_piece(uint64_t address, const Place& place, const void* data, unsigned size, unsigned regime,
                   ir::Fault* fault);
  void* atomic_pointer(uint64_t address, unsigned size, unsigned regime, ir::Fault* fault);
  bool probe(uint64_t address, uint64_t size, ir::Access access, unsigned regime, ir::Fault* fault);
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault);
  void watch_code(uint64_t begin, uint64_t end);
  ir::MemoryPort::CodeView code_view();

  MachineMemory& machine_;
  Bus& bus_;
  ir::CpuHeader& cpu_;
  PageWalker* walker_ = nullptr;
  std::array<std::unique_ptr<Port>, kRegimes> ports_;

  // Guards the contexts. Held for moments, never while anybody else is called.
  std::atomic_flag busy_ = {};
  std::array<TlbContext, kContexts> contexts_;
  std::array<uint64_t, kContexts> last_used_ = {};
  std::array<TlbContext*, kRegimes> current_ = {};
  TlbContext global_code_;  // global pages that code was fetched from; the contexts have the others
  uint64_t clock_ = 0;
  uint64_t generations_ = 0;
  uint64_t flushes_ = 0;  // a walk that began before one is made anew
  TlbEntry never_;        // the TLB of a regime that has not been used since the context changed

  vcpu::WatchState watch_;

  // The frame of an atomic operation on code, whose end nobody tells us.
  Place unsettled_;
};

}  // namespace menura::softmmu
