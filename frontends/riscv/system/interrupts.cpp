// Interrupts (Volume II 20240411, 3.1.9 and 12.1.3) and the supervisor's timer (Sstc, chapter 16).
#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/system/hart.h"

namespace menura::riscv {

uint64_t Hart::time() const { return counter_source(*header_, 1); }

// Sstc: where stimecmp is on, STIP is what it says and nothing else.
uint64_t Hart::mip() const { return reg(SlotName::Mip) | inputs_.load(std::memory_order_acquire); }

// 3.1.9: an interrupt to a level is taken in all lower ones, and in its own where that level's enable bit is set; those
// to machine mode come first.
int Hart::next_interrupt() const {
  const uint64_t all = pending();
  if (all == 0) return -1;
  const uint64_t status = reg(SlotName::Mstatus);
  const uint64_t delegated = reg(SlotName::Mideleg);
  const Privilege now = privilege();
  const bool machine = now != Privilege::Machine || (status & Status::kMie) != 0;
  const bool supervisor = now == Privilege::User || (now == Privilege::Supervisor && (status & Status::kSie) != 0);
  uint64_t ready = machine ? all & ~delegated : 0;
  if (ready == 0 && supervisor) ready = all & delegated;
  using I = Interrupts;
  for (const unsigned number : {I::kMei, I::kMsi, I::kMti, I::kSei, I::kSsi, I::kSti}) {
    if ((ready >> number & 1) != 0) return static_cast<int>(number);
  }
  return -1;
}

void Hart::interrupts_changed() { reg(SlotName::Pending) = pending() != 0 ? 1 : 0; }

void Hart::take_interrupt() {
  if ((header_->stop_request.load(std::memory_order_relaxed) & vcpu::kStopInterrupt) != 0) {
    header_->stop_request.fetch_and(~vcpu::kStopInterrupt);
  }
  interrupts_changed();
  if (reg(SlotName::Pending) == 0) return;
  waiting_ = false;
  const int number = next_interrupt();
  if (number >= 0) trap(static_cast<uint64_t>(number), true, header_->pc, 0);
}

// 3.3.3: what is pending and enabled in mie ends it, whatever mstatus and mideleg say.
bool Hart::runnable() const { return !waiting_ || pending() != 0; }

void Hart::raise(uint64_t bit) {
  if ((inputs_.fetch_or(bit) & bit) != 0) return;
  header_->stop_request.fetch_or(vcpu::kStopInterrupt);
  wake();
}

void Hart::set_interrupt(unsigned input, bool level) {
  const uint64_t bit = uint64_t{1} << input & Interrupts::kAll;
  if (level) {
    raise(bit);
  } else {
    inputs_.fetch_and(~bit);
  }
}

// After a change of stimecmp or menvcfg.STCE.
void Hart::arm_timer() {
  if (!has(Feature::Sstc)) return;
  constexpr uint64_t kBit = uint64_t{1} << Interrupts::kSti;
  const std::lock_guard lock(timer_mutex_);
  const bool on = (reg(SlotName::Menvcfg) & Envcfg::kStce) != 0;
  deadline_ = on ? reg(SlotName::Stimecmp) : ~uint64_t{0};
  if (on && time() >= deadline_) {
    timer_->disarm();
    raise(kBit);
    return;
  }
  inputs_.fetch_and(~kBit);
  using Wide = unsigned __int128;
  const auto* door = static_cast<const vcpu::Door*>(header_->door);
  const Wide counter = (Wide{deadline_} * door->counter_hz() + (kTimeHz - 1)) / kTimeHz;
  if (!on || counter > ~uint64_t{0}) return timer_->disarm();
  timer_->arm(static_cast<uint64_t>(counter));
}

void Hart::timer_expired() {
  const std::lock_guard lock(timer_mutex_);
  if (deadline_ != ~uint64_t{0} && time() >= deadline_) raise(uint64_t{1} << Interrupts::kSti);
}

}  // namespace menura::riscv
