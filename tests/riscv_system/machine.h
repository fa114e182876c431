// A machine for the programs of this folder: one hart, RAM, and the devices of the virt board that they use.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "boards/devices/device.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/system/hart.h"
#include "host/machine_door.h"
#include "host/timer_thread.h"
#include "softmmu/bus/bus.h"
#include "softmmu/tlb/machine_memory.h"
#include "tests/system_programs/programs.h"
#include "vcpu/engine.h"

namespace menura::tests {

class Machine final : private boards::InterruptSink,
                      private boards::MachineControl,
                      private host::CharStream,
                      public vcpu::GuestLog {
 public:
  static constexpr uint64_t kRamBase = 0x80000000;
  static constexpr uint64_t kRamSize = 128 << 20;

  // `cpu`: as --cpu says it.
  Machine(const std::string& cpu, const MakeEngine& make_engine);
  ~Machine() override;

  softmmu::Bus& bus() { return bus_; }
  riscv::Hart& hart() { return *hart_; }

  // Runs from the start of RAM until the program turns the machine off. False: it has not within that time.
  bool run(unsigned seconds);
  const std::string& output() const { return output_; }

 private:
  void set_input(unsigned input, bool level) override { hart_->set_interrupt(input, level); }
  void power_off(int) override;
  void request_reset() override { power_off(0); }
  void write(std::span<const uint8_t> bytes) override { output_.append(bytes.begin(), bytes.end()); }
  void set_receiver(Receiver) override {}
  void ready() override {}
  void write(vcpu::LogItem, std::string_view) override {}

  void add(const boards::DeviceKind& kind, uint64_t base, std::span<const boards::Wire> wires);
  void stop();

  softmmu::Bus bus_;
  host::MachineDoor door_;
  host::TimerThread timers_;
  riscv::Frontend frontend_;
  softmmu::MachineMemory memory_;
  std::unique_ptr<riscv::Hart> hart_;
  std::vector<std::unique_ptr<boards::Device>> devices_;
  std::unique_ptr<vcpu::Engine> engine_;
  std::string output_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool off_ = false;
};

}  // namespace menura::tests
