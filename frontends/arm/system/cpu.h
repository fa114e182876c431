// Cpu: a processing element of a machine in AArch64 (Arm ARM DDI 0487), with EL0 and EL1, and EL2 and EL3 where its
// features say so. Without EL3, what software asks of firmware (PSCI) is answered here.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "frontends/arm/frontend.h"
#include "frontends/arm/system/fields.h"
#include "frontends/arm/system/timers.h"
#include "frontends/arm/system/walk.h"
#include "frontends/arm/system_registers.h"
#include "softmmu/api/page_walker.h"
#include "softmmu/api/physical_memory.h"
#include "vcpu/door.h"
#include "vcpu/guest_log.h"
#include "vcpu/system_cpu.h"
#include "vcpu/system_port.h"
#include "vcpu/timer.h"

namespace menura::arm {

enum class TimerNumber : uint8_t { Physical, Virtual, Hypervisor, HypervisorVirtual, Secure };
inline constexpr unsigned kTimers = 5;

class Cpu;

// What the processing elements of a machine have in common.
class Cluster {
 public:
  explicit Cluster(unsigned count) : cpus_(count) {}

  unsigned count() const { return static_cast<unsigned>(cpus_.size()); }
  void add(unsigned number, Cpu& cpu) { cpus_[number] = &cpu; }
  // By the affinity fields of MPIDR_EL1: a cluster is flat, of up to 16. nullptr: there is none.
  Cpu* find(uint64_t affinity) const { return affinity < cpus_.size() ? cpus_[affinity] : nullptr; }

  vcpu::PowerPort* power = nullptr;  // nullptr: what is asked of it does not happen
  // Somebody has used an address with a tag in its top byte: a TLB has it as a page of its own.
  std::atomic<bool> tags_seen{false};

  // Where software asks for PSCI, unless EL3 has firmware: HVC, or SMC where EL2 is there.
  enum class Conduit : uint8_t { None, Hvc, Smc };
  Conduit conduit = Conduit::Hvc;
  // Physical addresses that answer the secure state only: [begin, end).
  struct Range {
    uint64_t begin, end;
  };
  std::vector<Range> secure_only;

 private:
  std::vector<Cpu*> cpus_;
};

// What a Cpu is made from; all of it outlives it.
struct CpuSetup {
  unsigned number = 0;
  Cluster& cluster;
  softmmu::PhysicalMemory& memory;
  vcpu::Door& door;
  vcpu::TimerService& timers;
  vcpu::GuestLog* log = nullptr;
};

class Cpu final : public vcpu::SystemCpu, public softmmu::PageWalker {
 public:
  // Interrupt inputs (set_interrupt).
  static constexpr unsigned kIrq = 0;
  static constexpr unsigned kFiq = 1;

  // The frontend is one of Level::Machine.
  Cpu(const Frontend& frontend, CpuSetup setup);
  ~Cpu() override;

  // --- before it runs
  // What has to know of changed translations.
  void set_mmu(softmmu::Mmu& mmu) { mmu_ = &mmu; }
  // GICv3's CPU interface; without one, Feature::GICv3 should be off.
  void set_controller(vcpu::RegisterPort& controller) { controller_ = &controller; }
  // Where the timers' interrupts go; called on any thread.
  using TimerOutput = std::function<void(TimerNumber timer, bool level)>;
  void set_timer_output(TimerOutput output) { timer_output_ = std::move(output); }

  // Nobody is told of the timers any more. Its thread does not run.
  void disconnect();

  // --- power, from any thread
  enum class Power : uint8_t { Off, Starting, Pending, On };
  Power power() const { return power_.load(); }
  // If it is off: it resets itself on its own thread and goes on at `pc`, with `argument` in X0. Returns what it was.
  Power turn_on(uint64_t pc, uint64_t argument);
  // Its thread does not run.
  void turn_off() { power_.store(Power::Off); }

  // --- vcpu::SystemCpu. A kernel finds its device tree in `argument0` (X0), X1 has `argument1`.
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

  // --- for debuggers, on its thread
  unsigned level() const { return Mode::level_of(header_->mode); }
  bool is_kernel() const { return (header_->mode & Mode::kEl1) != 0; }
  uint64_t pstate() const;
  void set_pstate(uint64_t pstate);  // whose mode is a valid one
  uint64_t read_register(const RegisterRow& row);
  void write_register(const RegisterRow& row, uint64_t value);
  // Slots have been changed from outside (a debugger, a restored snapshot).
  void refresh();

 private:
  struct Release {
    void operator()(void* state) const;
  };

  uint64_t& at(ir::SlotId id) { return *reinterpret_cast<uint64_t*>(state_.get() + layout_.slot(id).offset); }
  uint64_t& reg(SlotName name) { return at(slot(name)); }
  uint64_t reg(SlotName name) const { return const_cast<Cpu*>(this)->reg(name); }
  uint8_t& flag(SlotName name) {  // slots of one bit are a byte, wherever it lies
    return reinterpret_cast<uint8_t&>(state_.get()[layout_.slot(slot(name)).offset]);
  }
  bool flag(SlotName name) const { return const_cast<Cpu*>(this)->flag(name) != 0; }
  uint64_t x(unsigned number) { return number == 31 ? 0 : at(x_slot(number)); }
  void set_x(unsigned number, uint64_t value) {
    if (number != 31) at(x_slot(number)) = value;
  }
  bool has(Feature feature) const { return arm::has(frontend_.features(), feature); }

  void output(TimerNumber timer, bool level) const;

  // --- levels.cpp: what EL2 and EL3 have to say
  bool is_secure() const;  // the security state of the present level
  uint64_t hcr() const;    // HCR_EL2; 0 where EL2 has no say
  uint64_t scr() const;    // SCR_EL3; of non-secure software where there is no EL3
  bool is_host() const;    // EL2 is the host of what runs at EL0
  bool has_hypervisor() const { return has_levels_ && hcr() != 0; }
  uint64_t own_sctlr() const;  // of the regime of the present level
  unsigned fp_trap(Esr::Class* reason) const;
  bool heeds_guest() const;
  unsigned target_of_interrupt(uint64_t bit) const;
  uint64_t virtual_interrupts() const;
  uint64_t pending_at_el1() const;  // ISR_EL1
  void update_pending();
  void take_interrupt_to(uint64_t bit, unsigned target);
  void levels_changed();

  // --- exceptions.cpp. `target`: the exception level.
  unsigned default_target() const;
  void take(VectorKind kind, uint64_t return_pc, unsigned target);
  void take_synchronous(Esr::Class reason, uint64_t iss, uint64_t return_pc, unsigned target);
  void take_synchronous(Esr::Class reason, uint64_t iss, uint64_t return_pc) {
    take_synchronous(reason, iss, return_pc, default_target());
  }
  void take_abort(const ir::Fault& fault, uint64_t iss);
  uint64_t own_access_syndrome();
  void undefined() { take_synchronous(Esr::Unknown, 0, header_->pc); }
  void take_pc_misaligned();
  bool is_legal_return(uint64_t mode) const;
  void exception_return();
  // Changes the exception level and the stack pointer in use.
  void set_level(unsigned level, bool sp0);
  void update_mode();
  void log_exception(const char* what, bool interrupt, uint64_t return_pc, unsigned target) const;

  // --- instructions.cpp
  Next execute(uint32_t word);
  Next call_firmware();
  Next call_hypervisor(uint32_t word);
  Next call_monitor(uint32_t word);
  Next wait(int64_t hint);
  void move_to_pstate(RowName name, uint32_t word);
  bool traps_operation(uint64_t control) const;  // of HCR_EL2, at EL1 and EL0
  void operate(uint32_t word);
  void maintain_cache(uint32_t word);
  void trap_system(uint32_t word, unsigned target);
  void trap_system(uint32_t word) { trap_system(word, default_target()); }
  void done() { header_->pc += kInstructionBytes; }

  // --- registers.cpp
  void access_register(uint32_t word);
  bool is_permitted(const RegisterRow& row) const;
  unsigned register_trap(const RegisterRow& row, bool write) const;
  void written(SystemRegister name, uint64_t before, uint64_t after);

  // --- timer_registers.cpp
  static bool is_timer(SystemRegister name);
  uint64_t virtual_offset() const;
  bool is_timer_permitted(SystemRegister name) const;
  void write_timer(SystemRegister name, uint64_t value);
  uint64_t read_timer(SystemRegister name);
  void set_timer(TimerNumber number);
  void update_timers();

  // --- translation.cpp
  // Translation regimes (D8.1): of EL1 and EL0, of EL2, of EL2 as the host of EL0, of EL3.
  enum class Regime : uint8_t { El10, El2, El20, El3 };
  Regime regime_of(unsigned level) const;
  uint64_t tcr_of(Regime regime) const;  // as TCR_EL1 has it
  bool is_translated(Regime regime) const;
  bool has_stage2(Regime regime) const { return regime == Regime::El10 && (hcr() & (Hcr::kVm | Hcr::kDc)) != 0; }
  // One translation: in a regime, with these rights.
  struct Request {
    Regime regime;
    bool kernel;  // not EL0
    bool pan;
    bool stage2;  // as far as it is there
  };
  Request request(unsigned regime) const;
  Translation translation(const Request& request) const;
  Translation stage2() const;
  WalkResult translate(uint64_t address, ir::Access access, const Request& request, softmmu::PageMapping* mapping);
  bool is_refused(uint64_t physical) const;
  uint64_t asid(Regime regime, uint64_t tcr) const;
  uint64_t asid_mask() const {  // of what TLBI names
    return (tcr_of(is_host() ? Regime::El20 : Regime::El10) & Tcr::kAs) != 0 ? 0xffff : 0xff;
  }
  void translation_changed();
  bool invalidate_translations(unsigned op1, unsigned crm, unsigned op2, uint64_t operand);
  bool translate_for_par(unsigned op1, unsigned crm, unsigned op2, uint64_t address);

  const Frontend& frontend_;
  const ir::StateLayout& layout_;
  const CpuSetup setup_;
  softmmu::Mmu* mmu_ = nullptr;
  const bool has_levels_;  // EL2 or EL3
  std::unique_ptr<char, Release> state_;
  ir::CpuHeader* header_ = nullptr;

  vcpu::RegisterPort* controller_ = nullptr;
  TimerOutput timer_output_;

  std::atomic<Power> power_{Power::Off};
  std::atomic<uint64_t> start_pc_{0};
  std::atomic<uint64_t> start_argument_{0};
  bool waiting_ = false;
  std::atomic<uint64_t> inputs_{0};  // in the places of DAIF's masks
  std::array<std::unique_ptr<GenericTimer>, kTimers> timers_;
  Stage2Fault stage2_fault_;  // of the last walk that failed so
};

}  // namespace menura::arm
