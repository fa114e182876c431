// A guest for tests of sessions: two threads, three registers, a page of memory at 0x1000. It runs nothing.
#pragma once

#include <array>
#include <cstring>
#include <utility>

#include "vcpu/debug_target.h"

namespace menura::cli::gdb {

class FakeRegisters final : public vcpu::DebugRegisters {
 public:
  const char* architecture() const override { return "fake"; }
  std::span<const vcpu::DebugRegister> list() const override { return list_; }
  void read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const override {
    std::memcpy(value, place(cpu, index), list_[index].bits / 8);
  }
  void write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const override {
    std::memcpy(place(cpu, index), value, list_[index].bits / 8);
  }

 private:
  static void* place(ir::CpuHeader& cpu, std::size_t index) {
    return index == 0 ? static_cast<void*>(&cpu.pc) : index == 1 ? &cpu.mode : static_cast<void*>(&cpu.mxcsr);
  }
  const std::vector<vcpu::DebugRegister> list_ = {{"pc", "core", 0}, {"mode", "core", 1}, {"flags", "other", 7, 32}};
};

class FakeTarget final : public vcpu::DebugTarget {
 public:
  static constexpr uint64_t kMemory = 0x1000;

  void set_listener(vcpu::DebugListener*) override {}
  const vcpu::DebugRegisters& registers() const override { return registers_; }
  std::vector<uint64_t> threads() override { return {1, 2}; }
  std::string describe(uint64_t thread) override { return "thread " + std::to_string(thread); }
  void stop() override { running = false; }
  void resume(std::span<const vcpu::DebugAction> all) override {
    running = true;
    actions.assign(all.begin(), all.end());
  }
  std::optional<vcpu::DebugStop> take_stop() override { return std::exchange(next, std::nullopt); }
  void detach() override { detached = true; }
  void kill() override { killed = true; }
  ir::CpuHeader* state(uint64_t thread) override { return thread == 1 || thread == 2 ? &states[thread - 1] : nullptr; }
  bool read_memory(uint64_t, uint64_t address, std::span<std::byte> data) override {
    if (!is_memory(address, data.size())) return false;
    std::memcpy(data.data(), memory.data() + (address - kMemory), data.size());
    return true;
  }
  bool write_memory(uint64_t, uint64_t address, std::span<const std::byte> data) override {
    if (!is_memory(address, data.size())) return false;
    std::memcpy(memory.data() + (address - kMemory), data.data(), data.size());
    return true;
  }
  void set_breakpoints(std::vector<uint64_t> pcs) override { breakpoints = std::move(pcs); }
  void set_watchpoints(std::vector<vcpu::Watchpoint> points) override { watchpoints = std::move(points); }

  bool running = true;
  bool detached = false;
  bool killed = false;
  std::optional<vcpu::DebugStop> next;
  std::vector<vcpu::DebugAction> actions;
  std::vector<uint64_t> breakpoints;
  std::vector<vcpu::Watchpoint> watchpoints;
  std::array<ir::CpuHeader, 2> states;
  std::array<std::byte, 4096> memory = {};

 private:
  static bool is_memory(uint64_t address, std::size_t size) {
    return address >= kMemory && address - kMemory <= 4096 && size <= 4096 - (address - kMemory);
  }
  FakeRegisters registers_;
};

}  // namespace menura::cli::gdb
