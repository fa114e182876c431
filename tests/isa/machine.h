// Runs vectors on an engine: guest memory at the addresses that vectors use, one virtual CPU, the host's fault signals.
#pragma once

#include <memory>
#include <string>

#include "ir/core/memory_port.h"
#include "tests/isa/guest.h"
#include "tests/isa/vector.h"
#include "vcpu/engine.h"

namespace menura::tests {

// The two pages of vector.h, mapped in this process.
class VectorMemory final : public ir::MemoryPort {
 public:
  VectorMemory();
  ~VectorMemory() override;
  VectorMemory(const VectorMemory&) = delete;
  VectorMemory& operator=(const VectorMemory&) = delete;

  bool read(uint64_t address, void* data, unsigned size, ir::Fault* fault) override;
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault* fault) override;
  void* atomic_pointer(uint64_t address, unsigned size, ir::Fault* fault) override;
  bool probe(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault) override;
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override;
  void watch_code(uint64_t, uint64_t) override {}
};

// Needs a VectorMemory.
class Machine {
 public:
  // Both outlive it. One machine at a time: it owns the process's SIGSEGV handler.
  // Each vector runs `repeat` times from the same state, without telling the engine; the last one counts.
  Machine(Guest& guest, vcpu::Engine& engine, unsigned repeat);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // What the vector's input state turns into; complete: every register and doubleword that changed is named.
  State run(const std::vector<uint8_t>& code, const State& input);

 private:
  void run_once();
  ir::CpuHeader& cpu() const;

  Guest& guest_;
  vcpu::Engine& engine_;
  const unsigned repeat_;
  State output_;
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

}  // namespace menura::tests
