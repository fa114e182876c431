// Hart: a RISC-V virtual CPU of a machine (Volume II: Privileged, 20240411). Machine, supervisor and user mode, Sv39,
// Sv48 and Sv57, PMP, Sstc, Svadu, Svinval, Svpbmt.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "frontends/riscv/frontend.h"
#include "frontends/riscv/system/csr.h"
#include "frontends/riscv/system/fields.h"
#include "frontends/riscv/system/pmp.h"
#include "frontends/riscv/system/request.h"
#include "frontends/riscv/system/walk.h"
#include "softmmu/api/page_walker.h"
#include "softmmu/api/physical_memory.h"
#include "vcpu/door.h"
#include "vcpu/guest_log.h"
#include "vcpu/system_cpu.h"
#include "vcpu/timer.h"

namespace menura::riscv {

class Hart final : public vcpu::SystemCpu, public softmmu::PageWalker {
 public:
  // All outlive it. The frontend is one of Level::Machine, for 64 bits.
  Hart(const Frontend& frontend, unsigned id, softmmu::PhysicalMemory& memory, vcpu::Door& door,
       vcpu::TimerService& timers, vcpu::GuestLog& log);
  ~Hart() override;

  // The hart whose state this is.
  static Hart& of(ir::CpuHeader& header);
  // Before it runs: what has to know of changed translations.
  void set_mmu(softmmu::Mmu& mmu) { mmu_ = &mmu; }

  // --- vcpu::SystemCpu. Interrupt inputs are numbered as the bits of mip.
  ir::CpuHeader& header() override { return *header_; }
  void reset(uint64_t pc, uint64_t argument0, uint64_t argument1) override;
  Next handle(const vcpu::Exit& exit) override;
  void take_interrupt() override;
  bool runnable() const override;
  void set_interrupt(unsigned input, bool level) override;

  // --- softmmu::PageWalker
  uint64_t context(unsigned regime) const override;
  uint64_t global_context() const override;
  bool walk(uint64_t address, ir::Access access, unsigned regime, softmmu::PageMapping* mapping,
            ir::Fault* fault) override;
  ir::Fault bus_fault(uint64_t address, ir::Access access) const override;

  // --- for helpers and debuggers, on its thread
  CsrStatus access_csr(CsrAccess access, uint64_t operand);
  void fence_vma(bool address_named, uint64_t address, bool asid_named, uint64_t asid);
  // By number, with machine mode's rights; what does not exist reads as 0.
  uint64_t read_csr(unsigned number) const;
  void write_csr(unsigned number, uint64_t value);
  Privilege privilege() const { return Mode::privilege(header_->mode); }
  // Slots have been changed from outside (a debugger, a restored snapshot).
  void refresh();

 private:
  struct Release {
    void operator()(void* state) const;
  };

  uint64_t& reg(SlotName name) { return *reinterpret_cast<uint64_t*>(state_.get() + layout_.slot(slot(name)).offset); }
  uint64_t reg(SlotName name) const { return const_cast<Hart*>(this)->reg(name); }
  uint64_t x(unsigned number) const;
  void set_x(unsigned number, uint64_t value);
  bool has(Feature feature) const { return riscv::has(frontend_.features(), feature); }

  // --- traps.cpp
  void trap(uint64_t cause, bool is_interrupt, uint64_t epc, uint64_t tval);
  void trap_fault(const ir::Fault& fault);
  void trap_misaligned(uint64_t address);
  void return_from_machine();
  void return_from_supervisor();
  void set_privilege(Privilege privilege);
  void update_mode();  // of mstatus.FS
  uint64_t fetch_word(uint64_t pc);
  void log_trap(uint64_t cause, bool is_interrupt, uint64_t epc, uint64_t tval) const;

  // --- interrupts.cpp
  uint64_t pending() const { return mip() & reg(SlotName::Mie); }
  uint64_t mip() const;
  // Of those that are pending, the one that would be taken now; -1 if none.
  int next_interrupt() const;
  void interrupts_changed();
  uint64_t time() const;
  void arm_timer();
  void timer_expired();
  void raise(uint64_t bit);

  // --- csr_access.cpp
  bool csr_permitted(unsigned number, const CsrRow& row) const;
  void write_rule(const CsrRow& row, unsigned number, uint64_t value);
  void write_status(uint64_t value, uint64_t mask);
  void write_mip(uint64_t value, uint64_t mask);
  void write_pmpcfg(const CsrRow& row, uint64_t value);
  void write_pmpaddr(unsigned entry, uint64_t value);
  void load_pmp();
  uint8_t pmp_config(unsigned entry) const;
  uint64_t read_counter(unsigned which) const;
  void write_inhibit(uint64_t value);

  // --- translation.cpp
  // The level that data accesses count as: mstatus.MPRV (3.1.6.3).
  Privilege data_privilege() const;
  void log_walk(uint64_t address, const ir::Fault& fault) const;

  const Frontend& frontend_;
  const ir::StateLayout& layout_;
  const unsigned id_;
  softmmu::PhysicalMemory& memory_;
  vcpu::GuestLog& log_;
  softmmu::Mmu* mmu_ = nullptr;
  std::unique_ptr<char, Release> state_;  // slots, and a pointer to this behind them
  ir::CpuHeader* header_ = nullptr;

  Pmp pmp_;  // of pmpcfg and pmpaddr
  bool waiting_ = false;
  std::atomic<uint64_t> inputs_{0};  // bits of mip that come from outside

  std::mutex timer_mutex_;            // for the next two, and for STIP of inputs_
  uint64_t deadline_ = ~uint64_t{0};  // of stimecmp, where it is on
  std::unique_ptr<vcpu::Timer> timer_;
};

}  // namespace menura::riscv
