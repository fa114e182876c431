// RISC-V's Advanced Core Local Interruptor in the layout of SiFive's CLINT: software interrupts and timers of the
// machine level, one of each per hart.
// After: "RISC-V Advanced Core Local Interruptor Specification" 1.0-rc4, chapters 2 and 3; layout of the CLINT:
// "SiFive FU540-C000 Manual", chapter 9.
// Not modelled: writes of MTIME (it follows the machine's counter), the supervisor-level SSWI device.
#include <deque>
#include <mutex>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

constexpr uint64_t kMtimecmp = 0x4000;
constexpr uint64_t kMtime = 0xbff8;
constexpr uint64_t kNever = ~uint64_t{0};

constexpr RegisterRow kRegisters[] = {
    {0x0000, 4, Rights::Rw, "MSIP", "0 the software interrupt of this hart", 4095},
    {0x4000, 8, Rights::Rw, "MTIMECMP", "", 4095},
    {0xbff8, 8, Rights::Ro, "MTIME", ""},
};

class Aclint final : public Device {
 public:
  explicit Aclint(const DeviceSetup& setup) : door_(setup.door), log_(setup.log, kAclint) {
    for (unsigned i = 0; i < setup.cpus; ++i) {
      Hart& hart = harts_.emplace_back();
      if (setup.interrupts.size() >= 2 * (i + 1)) {
        hart.software = setup.interrupts[2 * i];
        hart.timer_wire = setup.interrupts[2 * i + 1];
      }
      hart.timer = setup.timers.make_timer([this, &hart] {
        const std::lock_guard lock(hart.mutex);
        update(hart);
      });
    }
    Aclint::reset();
  }

  void reset() override {
    for (Hart& hart : harts_) {
      const std::lock_guard lock(hart.mutex);
      hart.msip = false;
      hart.mtimecmp = kNever;
      update(hart);
    }
  }
  void state(StateVisitor& visitor) override {
    for (Hart& hart : harts_) {
      const std::lock_guard lock(hart.mutex);
      visitor("MSIP", hart.msip);
      visitor("MTIMECMP", hart.mtimecmp);
    }
  }
  void restored() override {
    for (Hart& hart : harts_) {
      const std::lock_guard lock(hart.mutex);
      update(hart);
    }
  }

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    if (offset >= kMtime && offset < kMtime + 8) return part(door_.counter(), offset & 7, size);
    Hart* const hart = find(offset);
    if (hart == nullptr) {
      log_.bad_read(offset);
      return 0;
    }
    const std::lock_guard lock(hart->mutex);
    return offset < kMtimecmp ? uint64_t{hart->msip} : part(hart->mtimecmp, offset & 7, size);
  }

  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    Hart* const hart = find(offset);
    if (hart == nullptr) {
      log_.bad_write(offset, value);
      return;
    }
    const std::lock_guard lock(hart->mutex);
    if (offset < kMtimecmp) {
      hart->msip = (value & 1) != 0;
      hart->software.set(hart->msip);
      return;
    }
    const uint64_t shift = 8 * (offset & 7);
    hart->mtimecmp =
        size == 8 ? value : (hart->mtimecmp & ~(uint64_t{0xffffffff} << shift)) | (value & 0xffffffff) << shift;
    update(*hart);
  }

 private:
  struct Hart {
    Wire software, timer_wire;
    std::mutex mutex;
    bool msip = false;
    uint64_t mtimecmp = kNever;
    std::unique_ptr<vcpu::Timer> timer;  // last: its callback uses all the others
  };

  static uint64_t part(uint64_t value, uint64_t byte, unsigned size) {
    return size == 8 ? value : value >> (8 * byte) & 0xffffffff;
  }

  // Whose MSIP or MTIMECMP lies at `offset`.
  Hart* find(uint64_t offset) {
    const uint64_t index = offset < kMtimecmp ? offset / 4 : (offset - kMtimecmp) / 8;
    return offset < kMtime && index < harts_.size() ? &harts_[index] : nullptr;
  }

  // The mutex is held. MTIP is set as long as MTIME is not below MTIMECMP (3.2).
  void update(Hart& hart) {
    hart.software.set(hart.msip);
    const bool expired = door_.counter() >= hart.mtimecmp;
    hart.timer_wire.set(expired);
    if (expired || hart.mtimecmp == kNever) {
      hart.timer->disarm();
    } else {
      hart.timer->arm(hart.mtimecmp);
    }
  }

  vcpu::Door& door_;
  const DeviceLog log_;
  std::deque<Hart> harts_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Aclint>(setup); }

}  // namespace

const DeviceKind kAclint = {
    .name = "aclint",
    .what = "RISC-V software interrupts and timers of the harts (MSWI, MTIMER), in the CLINT's layout",
    .datasheet = "RISC-V ACLINT Specification 1.0-rc4",
    .node = "clint",
    .compatible = "sifive,clint0 riscv,clint0",
    .size = 0x10000,
    .access = {4, 8},
    .registers = kRegisters,
    .make = make,
};

}  // namespace menura::boards
