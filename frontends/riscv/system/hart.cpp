#include "frontends/riscv/system/hart.h"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#include "frontends/riscv/helpers/helpers.h"

namespace menura::riscv {

namespace {

// A pointer to the hart lies behind its slots, where helpers find it.
constexpr size_t kTrailer = 64;

// 3.1.1: what the letters stand for, and MXL.
uint64_t misa_of(FeatureSet features) {
  uint64_t misa = uint64_t{2} << 62 | uint64_t{1} << ('U' - 'A');
  constexpr struct {
    Feature feature;
    char letter;
  } kLetters[] = {{Feature::I, 'I'}, {Feature::M, 'M'}, {Feature::A, 'A'}, {Feature::F, 'F'},
                  {Feature::D, 'D'}, {Feature::C, 'C'}, {Feature::S, 'S'}};
  for (const auto& row : kLetters) {
    if (has(features, row.feature)) misa |= uint64_t{1} << (row.letter - 'A');
  }
  return misa;
}

}  // namespace

void Hart::Release::operator()(void* state) const { std::free(state); }

Hart::Hart(const Frontend& frontend, unsigned id, softmmu::PhysicalMemory& memory, vcpu::Door& door,
           vcpu::TimerService& timers, vcpu::GuestLog& log)
    : frontend_(frontend), layout_(frontend.layout()), id_(id), memory_(memory), log_(log) {
  assert(frontend.level() == Level::Machine && has(Feature::S) && has(Feature::RV64));
  const size_t size = layout_.size + kTrailer;
  state_.reset(static_cast<char*>(std::aligned_alloc(64, size)));
  if (state_ == nullptr) throw std::bad_alloc();
  std::memset(state_.get(), 0, size);
  header_ = new (state_.get()) ir::CpuHeader();
  header_->door = &door;
  Hart* const self = this;
  std::memcpy(state_.get() + layout_.size, &self, sizeof self);
  timer_ = timers.make_timer([this] { timer_expired(); });
}

Hart::~Hart() { timer_.reset(); }

Hart& Hart::of(ir::CpuHeader& header) {
  Hart* hart = nullptr;
  std::memcpy(&hart, reinterpret_cast<char*>(&header) + state_layout(64, Level::Machine).size, sizeof hart);
  return *hart;
}

uint64_t Hart::x(unsigned number) const {
  uint64_t value = 0;
  if (number != 0) std::memcpy(&value, state_.get() + layout_.slot(x_slot(number)).offset, sizeof value);
  return value;
}

void Hart::set_x(unsigned number, uint64_t value) {
  if (number != 0) std::memcpy(state_.get() + layout_.slot(x_slot(number)).offset, &value, sizeof value);
}

// 3.4: what reset defines; all else is 0, too. Boot protocols pass a hart's number in a0 and a device tree in a1.
void Hart::reset(uint64_t pc, uint64_t argument0, uint64_t argument1) {
  std::memset(state_.get() + sizeof(ir::CpuHeader), 0, layout_.size - sizeof(ir::CpuHeader));
  reg(SlotName::Mstatus) = Status::kUxl64 | Status::kSxl64;
  reg(SlotName::Misa) = misa_of(frontend_.features());
  reg(SlotName::Mhartid) = id_;
  // As QEMU's: software that knows nothing of Svade and Svadu expects the bits to be updated.
  reg(SlotName::Menvcfg) = has(Feature::Svadu) ? Envcfg::kAdue : 0;
  reg(SlotName::Stimecmp) = ~uint64_t{0};
  set_x(10, argument0);
  set_x(11, argument1);
  header_->pc = pc;
  header_->mode = static_cast<uint64_t>(Privilege::Machine) << Mode::kPrivilegeShift;
  header_->mxcsr = ir::CpuHeader().mxcsr;
  header_->reservation_address = ir::CpuHeader::kNoReservation;
  waiting_ = false;
  refresh();
}

void Hart::refresh() {
  load_pmp();
  arm_timer();
  reg(SlotName::Pending) = pending() != 0 ? 1 : 0;
  if (mmu_ == nullptr) return;
  mmu_->context_changed();
  mmu_->flush();
}

Hart::Next Hart::handle(const vcpu::Exit& exit) {
  const uint64_t pc = header_->pc;
  switch (exit.kind) {
    case vcpu::ExitKind::Syscall:
      trap(static_cast<uint64_t>(Cause::EcallFromU) + static_cast<uint64_t>(privilege()), false, pc - 4, 0);
      break;
    case vcpu::ExitKind::Breakpoint:
      trap(static_cast<uint64_t>(Cause::Breakpoint), false, pc, 0);
      break;
    case vcpu::ExitKind::IllegalInstruction:
      trap(static_cast<uint64_t>(Cause::Illegal), false, pc, fetch_word(pc));
      break;
    case vcpu::ExitKind::Fault:
      trap_fault(exit.fault);
      break;
    case vcpu::ExitKind::Misaligned:
      trap_misaligned(exit.detail);
      break;
    case vcpu::ExitKind::ModeChange:
      switch (static_cast<Request>(exit.detail)) {
        case Request::EnableFp:
          reg(SlotName::Mstatus) |= Status::kFs | Status::kSd;
          update_mode();
          break;
        case Request::Mret:
          return_from_machine();
          break;
        case Request::Sret:
          return_from_supervisor();
          break;
        default:
          break;
      }
      break;
    case vcpu::ExitKind::Wait:
      if (static_cast<Request>(exit.detail) != Request::Wfi) break;
      waiting_ = true;
      return Next::Wait;
    case vcpu::ExitKind::CodeSync:  // writes to code are noticed as they happen
    case vcpu::ExitKind::Stop:
    case vcpu::ExitKind::Budget:
    case vcpu::ExitKind::Exclusive:
      break;
  }
  return Next::Run;
}

}  // namespace menura::riscv
