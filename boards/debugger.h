// MachineDebugger: a machine as a debugger sees it (vcpu/debug_target.h). Threads are its virtual CPUs, from 1 on;
// breakpoints and watchpoints are guest addresses as the virtual CPU that comes there sees them.
#pragma once

#include <deque>
#include <mutex>

#include "boards/machine.h"
#include "ir/api/breakpoints.h"
#include "vcpu/debug_target.h"

namespace menura::boards {

class MachineDebugger final : public vcpu::DebugTarget, private CpuDebugger {
 public:
  // The machine outlives it. `frozen`: it has been started so (Machine::run), and nobody but this lets it go on.
  MachineDebugger(Machine& machine, bool frozen);
  ~MachineDebugger() override;

  void set_listener(vcpu::DebugListener* listener) override;
  const vcpu::DebugRegisters& registers() const override;
  std::vector<uint64_t> threads() override;
  std::string describe(uint64_t thread) override;

  void stop() override;
  void resume(std::span<const vcpu::DebugAction> actions) override;
  std::optional<vcpu::DebugStop> take_stop() override;
  void kill() override { machine_.power_off(0); }

  ir::CpuHeader* state(uint64_t thread) override;
  bool read_memory(uint64_t thread, uint64_t address, std::span<std::byte> data) override;
  bool write_memory(uint64_t thread, uint64_t address, std::span<const std::byte> data) override;
  bool read_physical(uint64_t address, std::span<std::byte> data) override;
  bool write_physical(uint64_t address, std::span<const std::byte> data) override;
  void set_breakpoints(std::vector<uint64_t> pcs) override;
  void set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints) override;
  std::optional<std::string> command(const std::string& line) override;
  std::string command_help() const override;

 private:
  std::optional<vcpu::SystemCpu::Next> turn(unsigned cpu) override;
  void report(unsigned cpu, vcpu::DebugStop stop);
  // The instruction at the pc, which makes a watched access; then what was waiting for it.
  void pass_watched(unsigned cpu, const vcpu::Watchpoint& hit);
  template <typename Piece>
  bool for_pieces(uint64_t thread, uint64_t address, std::size_t size, Piece piece);

  Machine& machine_;
  bool stopped_;  // this has stopped the machine
  // Those that execute one instruction and stop. Set while all stand still.
  std::vector<bool> steps_;
  ir::Breakpoints breakpoints_;

  std::mutex mutex_;  // of what follows
  vcpu::DebugListener* listener_ = nullptr;
  std::deque<vcpu::DebugStop> stops_;
};

}  // namespace menura::boards
