#include "frontends/arm/system/cpu.h"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <utility>

#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace {

constexpr uint64_t kMpidrRes1 = 1U << 31;

}  // namespace

void Cpu::Release::operator()(void* state) const { std::free(state); }

Cpu::Cpu(const Frontend& frontend, CpuSetup setup)
    : frontend_(frontend),
      layout_(frontend.layout()),
      setup_(std::move(setup)),
      has_levels_(has(Feature::EL2) || has(Feature::EL3)) {
  assert(frontend.level() == Level::Machine);
  for (unsigned i = 0; i < kTimers; ++i) {
    timers_[i] = std::make_unique<GenericTimer>(setup_.door, setup_.timers,
                                                [this, i](bool level) { output(static_cast<TimerNumber>(i), level); });
  }
  state_.reset(static_cast<char*>(std::aligned_alloc(64, layout_.size)));
  if (state_ == nullptr) throw std::bad_alloc();
  std::memset(state_.get(), 0, layout_.size);
  header_ = new (state_.get()) ir::CpuHeader();
  header_->door = &setup_.door;
  setup_.cluster.add(setup_.number, *this);
}

void Cpu::output(TimerNumber timer, bool level) const {
  if (timer_output_) timer_output_(timer, level);
}

Cpu::~Cpu() = default;

// D1.3.4: what reset defines; all else is 0, too: the highest level that there is, interrupts masked, the MMU off.
// Linux wants EL2 or EL1 (Documentation/arm64/booting.rst).
void Cpu::reset(uint64_t pc, uint64_t argument0, uint64_t argument1) {
  std::memset(state_.get() + sizeof(ir::CpuHeader), 0, layout_.size - sizeof(ir::CpuHeader));
  for (const RegisterRow& row : system_registers()) {
    if (row.slot != ir::StateLayout::kNoSlot) at(row.slot) = row.reset;
  }
  reg(SlotName::MPIDR_EL1) = reg(SlotName::VMPIDR_EL2) = kMpidrRes1 | setup_.number;
  reg(SlotName::CNTFRQ_EL0) = counter_rate(setup_.door);
  reg(SlotName::VPIDR_EL2) = midr(frontend_.features());
  set_x(0, argument0);
  set_x(1, argument1);
  header_->pc = pc;
  unsigned level = has(Feature::EL3) ? 3 : has(Feature::EL2) ? 2 : 1;
  if (level == 3 && setup_.cluster.conduit != Cluster::Conduit::None) {
    // No firmware will do it.
    reg(SlotName::SCR_EL3) |= Scr::kNs | Scr::kHce;
    level = has(Feature::EL2) ? 2 : 1;
  }
  header_->mode = Mode::of_level(level);
  header_->mxcsr = ir::CpuHeader().mxcsr;
  header_->fp_denormal = 0;
  header_->reservation_address = ir::CpuHeader::kNoReservation;
  waiting_ = false;
  power_.store(Power::On);
  refresh();
}

void Cpu::disconnect() {
  for (const auto& timer : timers_) timer->set(0, 0);
}

Cpu::Power Cpu::turn_on(uint64_t pc, uint64_t argument) {
  Power before = Power::Off;
  if (!power_.compare_exchange_strong(before, Power::Starting))
    return before == Power::Starting ? Power::Pending : before;
  start_pc_ = pc;
  start_argument_ = argument;
  power_.store(Power::Pending);
  wake();
  return Power::Off;
}

void Cpu::refresh() {
  update_mode();
  update_timers();
  update_pending();
  if (mmu_ == nullptr) return;
  mmu_->context_changed();
  mmu_->flush();
}

Cpu::Next Cpu::handle(const vcpu::Exit& exit) {
  const uint64_t pc = header_->pc;
  switch (exit.kind) {
    case vcpu::ExitKind::Syscall:
      take_synchronous(Esr::Svc64, exit.detail, pc);
      break;
    case vcpu::ExitKind::Breakpoint:
      // D1.3.2: as a debug exception, where EL2 wants those.
      take_synchronous(
          Esr::Brk64, exit.detail, pc,
          level() == 1 && has_hypervisor() && (reg(SlotName::MDCR_EL2) & Mdcr::kTde) != 0 ? 2 : default_target());
      break;
    case vcpu::ExitKind::IllegalInstruction:
      return execute(static_cast<uint32_t>(exit.detail));
    case vcpu::ExitKind::Fault:
      take_abort(exit.fault, 0);
      break;
    case vcpu::ExitKind::Misaligned:
      if (pc % kInstructionBytes != 0) {
        take_pc_misaligned();
      } else {
        take_abort({.kind = ir::FaultKind::Misaligned,
                    .access = exit.fault.access,
                    .address = exit.detail,
                    .syndrome = kAlignment},
                   0);
      }
      break;
    case vcpu::ExitKind::Wait:
      return wait(static_cast<int64_t>(exit.detail));
    case vcpu::ExitKind::CodeSync:    // writes to code are noticed as they happen
    case vcpu::ExitKind::ModeChange:  // FPCR; interrupts that are no longer masked
    case vcpu::ExitKind::Stop:
    case vcpu::ExitKind::Budget:
    case vcpu::ExitKind::Exclusive:
      break;
  }
  return Next::Run;
}

// D1.6: WFE ends when the event register is set, which so much sets that it is taken for set at all times: the global
// monitor (a store by another processing element to what LDXR has read), the event stream of a timer, SEV. So
// SCTLR_EL1.nTWE has nothing to trap.
Cpu::Next Cpu::wait(int64_t hint) {
  if (hint != kWfi) {
    std::this_thread::yield();
    return Next::Run;
  }
  unsigned trap = 0;
  if (!is_kernel() && (own_sctlr() & Sctlr::kNtwi) == 0) {
    trap = default_target();
  } else if (level() <= 1 && has_hypervisor() && !is_host() && (hcr() & Hcr::kTwi) != 0) {
    trap = 2;
  } else if (level() < 3 && has(Feature::EL3) && (scr() & Scr::kTwi) != 0) {
    trap = 3;
  }
  if (trap != 0) {
    take_synchronous(Esr::TrappedWait, Esr::kCondition, header_->pc - kInstructionBytes, trap);
    return Next::Run;
  }
  waiting_ = true;
  return runnable() ? Next::Run : Next::Wait;
}

// --- interrupts

void Cpu::set_interrupt(unsigned input, bool level) {
  const uint64_t bit = input == kIrq ? Pstate::kI : Pstate::kF;
  if (!level) {
    inputs_.fetch_and(~bit);
    return;
  }
  if ((inputs_.fetch_or(bit) & bit) != 0) return;
  header_->stop_request.fetch_or(vcpu::kStopInterrupt);
  wake();
}

// D1.6.2: whatever DAIF says.
bool Cpu::runnable() const {
  const Power power = power_.load();
  return power == Power::Pending ||
         (power == Power::On && (!waiting_ || inputs_.load() != 0 || (has_levels_ && virtual_interrupts() != 0)));
}

void Cpu::take_interrupt() {
  if (power_.load() == Power::Pending) reset(start_pc_, start_argument_, 0);
  if ((header_->stop_request.load(std::memory_order_relaxed) & vcpu::kStopInterrupt) != 0) {
    header_->stop_request.fetch_and(~vcpu::kStopInterrupt);
  }
  const uint64_t pending = inputs_.load();
  update_pending();
  const uint64_t for_el1 = has_levels_ ? virtual_interrupts() : 0;
  if ((pending | for_el1) == 0) return;
  waiting_ = false;
  for (const uint64_t bit : {Pstate::kF, Pstate::kI}) {
    const unsigned target = (pending & bit) == 0 ? 0 : has_levels_ ? target_of_interrupt(bit) : 1;
    const bool masked = (reg(SlotName::DAIF) & bit) != 0;
    // D1.3.6.3: a level above EL1 is not asked whether it wants those that come from below it; a level below does not
    // get them.
    if (target != 0 && target >= level() && (!masked || (target > level() && target > 1))) {
      return take_interrupt_to(bit, target);
    }
    if ((for_el1 & bit) != 0 && !masked) return take_interrupt_to(bit, 1);
  }
}

void Cpu::take_interrupt_to(uint64_t bit, unsigned target) {
  const bool fiq = bit == Pstate::kF;
  log_exception(fiq ? "FIQ" : "IRQ", true, header_->pc, target);
  take(fiq ? VectorKind::Fiq : VectorKind::Irq, header_->pc, target);
}

}  // namespace menura::arm
