// What GICv2 and GICv3 have in common: interrupts with their states, priorities, and what a CPU interface does with
// them (Arm IHI 0048B.b and IHI 0069H). One security state (GICD_CTLR.DS), groups 0 and 1: FIQ and IRQ.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "boards/devices/device.h"

namespace menura::boards {

// Inputs of either: shared peripheral interrupts (SPI) count from 0, as in device trees; a private one (PPI, 16 to 31)
// of a virtual CPU is:
inline constexpr unsigned kGicPrivateInputs = 0x10000;
constexpr unsigned gic_private_input(unsigned cpu, unsigned id) { return kGicPrivateInputs + cpu * 32 + id; }

// 32 interrupts; a bit of each word is one.
struct GicBank {
  uint32_t group = 0;  // 1: group 1
  uint32_t enabled = 0;
  uint32_t latched = 0;  // pending by an edge or by software
  uint32_t line = 0;     // inputs that are high
  uint32_t edge = 0;     // edge-triggered, else level-sensitive
  uint32_t active = 0;
  std::array<uint8_t, 32> priority = {};

  uint32_t pending() const { return latched | (line & ~edge); }
  void state(StateVisitor& visitor);
};

// What the bindings arm,gic.yaml and arm,gic-v3.yaml have in common; two regions of registers lie behind each other in
// `size` bytes, the second from `second` on.
void describe_gic(fdt::Tree& tree, const std::string& path, uint64_t first_size, uint64_t second, uint64_t size);

class Gic : public Device, public InterruptSink {
 public:
  static constexpr unsigned kSpis = 256;
  static constexpr unsigned kFirstSpi = 32;
  static constexpr uint32_t kSpurious = 1023;  // 2.2.1: nothing to acknowledge

  explicit Gic(const DeviceSetup& setup, const DeviceKind& kind);

  void reset() override;
  void state(StateVisitor& visitor) override;
  void restored() override;
  InterruptSink* inputs() override { return this; }
  void set_input(unsigned input, bool level) override;

 protected:
  struct Cpu {
    GicBank bank;  // SGIs and PPIs
    Wire irq, fiq;
    uint8_t mask = 0;  // PMR: only priorities below it
    std::array<uint8_t, 2> binary_point = {2, 3};
    std::array<bool, 2> enabled = {};  // by group
    bool split_end = false;            // EOImode: the end of an interrupt leaves it active
    bool common_binary_point = false;  // CBPR
    std::array<uint32_t, 2> active_priorities = {};
    std::array<uint8_t, 16> sgi_sources = {};  // GICv2: which virtual CPUs have sent each SGI that is pending
  };

  // A word of a register that has one bit for each of 32 interrupts, by its offset from GICD_IGROUPR0 in steps of 0x80.
  enum class BitRegister : uint8_t { Group, SetEnable, ClearEnable, SetPending, ClearPending, SetActive, ClearActive };
  static uint32_t read_bits(const GicBank& bank, BitRegister which);
  static void write_bits(GicBank& bank, BitRegister which, uint32_t value);

  // The registers that banks have at the same offsets in either version, GICD_IGROUPR to GICD_ICFGR: those of `bank`,
  // 32 interrupts, within each register. False: there is none. `is_private`: it holds SGIs and PPIs.
  static bool read_bank(const GicBank& bank, uint64_t offset, unsigned size, uint64_t* value);
  static bool write_bank(GicBank& bank, bool is_private, uint64_t offset, unsigned size, uint64_t value);
  // The number of the bank that such an offset belongs to.
  static unsigned bank_of(uint64_t offset);

  // --- CPU interface; with the mutex held
  // 1023, or what is now active.
  uint32_t acknowledge(unsigned cpu, unsigned group);
  uint32_t highest_pending(unsigned cpu, unsigned group) const;
  void end(unsigned cpu, unsigned group, uint32_t id);
  void deactivate(unsigned cpu, uint32_t id);
  uint8_t running_priority(const Cpu& cpu) const;
  // `sender`: GICv2 keeps who it was.
  void send(unsigned target, unsigned sgi);
  void send(unsigned target, unsigned sgi, unsigned sender);
  void update();
  void update(unsigned cpu);

  GicBank& bank(unsigned cpu, uint32_t id) { return id < kFirstSpi ? cpus_[cpu].bank : spis_[id / 32 - 1]; }
  // Whether an SPI may go to a virtual CPU.
  virtual bool is_routed(uint32_t id, unsigned cpu) const = 0;
  // Whether interrupts of a group are FIQs, else IRQs.
  virtual bool is_fiq(unsigned cpu, unsigned group) const = 0;

  const DeviceLog log_;
  mutable std::mutex mutex_;
  std::vector<Cpu> cpus_;
  std::array<GicBank, kSpis / 32> spis_;
  std::array<bool, 2> group_enabled_ = {};  // GICD_CTLR

 private:
  struct Candidate {
    uint32_t id = kSpurious;
    unsigned group = 0;
    uint8_t priority = 0xff;
  };
  Candidate best(unsigned cpu) const;
  uint8_t group_priority(const Cpu& cpu, unsigned group, uint8_t priority) const;
};

}  // namespace menura::boards
