// Cpu: a processing element of a machine in AArch64 (Arm ARM DDI 0487), with EL0 and EL1 and no firmware below them:
// what a kernel asks of firmware by HVC, PSCI, is answered here.
#pragma once

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

enum class TimerNumber : uint8_t { Physical, Virtual };

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

  // --- exceptions.cpp
  void take(VectorKind kind, uint64_t return_pc);
  void take_synchronous(Esr::Class reason, uint64_t iss, uint64_t return_pc);
  void take_abort(const ir::Fault& fault, uint64_t iss);
  void undefined() { take_synchronous(Esr::Unknown, 0, header_->pc); }
  void exception_return();
  // Changes the exception level and the stack pointer in use.
  void set_level(bool kernel, bool sp0);
  void update_mode();
  void log_exception(const char* what, bool interrupt, uint64_t return_pc) const;

  // --- instructions.cpp
  Next execute(uint32_t word);
  Next call_firmware();
  Next wait(int64_t hint);
  void move_to_pstate(RowName name, uint32_t word);
  void operate(uint32_t word);
  void maintain_cache(uint32_t word);
  void trap_system(uint32_t word);
  void done() { header_->pc += kInstructionBytes; }

  // --- registers.cpp
  void access_register(uint32_t word);
  bool is_permitted(const RegisterRow& row, bool write) const;
  void write_timer(SystemRegister name, uint64_t value);
  uint64_t read_timer(SystemRegister name);
  void update_timers();

  // --- translation.cpp
  Translation translation(bool kernel, bool pan) const;
  WalkResult translate(uint64_t address, ir::Access access, bool kernel, bool pan, softmmu::PageMapping* mapping);
  uint64_t asid() const;
  uint64_t asid_mask() const { return (reg(SlotName::TCR_EL1) & Tcr::kAs) != 0 ? 0xffff : 0xff; }
  void translation_changed();
  bool invalidate_translations(unsigned crm, unsigned op2, uint64_t operand);
  bool translate_for_par(unsigned crm, unsigned op2, uint64_t address);

  const Frontend& frontend_;
  const ir::StateLayout& layout_;
  const CpuSetup setup_;
  softmmu::Mmu* mmu_ = nullptr;
  std::unique_ptr<char, Release> state_;
  ir::CpuHeader* header_ = nullptr;

  vcpu::RegisterPort* controller_ = nullptr;
  TimerOutput timer_output_;

  std::atomic<Power> power_{Power::Off};
  std::atomic<uint64_t> start_pc_{0};
  std::atomic<uint64_t> start_argument_{0};
  bool waiting_ = false;
  std::atomic<uint64_t> inputs_{0};  // in the places of DAIF's masks
  GenericTimer physical_;
  GenericTimer virtual_;
};

}  // namespace menura::arm
