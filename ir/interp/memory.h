// Guest memory as IR ops see it: sizes, byte order, alignment, atomicity, reservations.
#pragma once

#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"
#include "ir/core/memory_port.h"

namespace menura::ir {

// Operations on 1 to 64 bytes, given as 64-bit words, the lowest in the first. Each returns false and says why in
// *fault where the access faults: then nothing has changed.
class MemoryOps {
 public:
  explicit MemoryOps(MemoryPort& port) : port_(port) {}

  // `type` is the result's; fills all of its words.
  bool load(uint64_t address, MemDesc desc, Type type, uint64_t* result, Fault* fault);
  bool store(uint64_t address, MemDesc desc, Type type, const uint64_t* value, Fault* fault);
  // `result`: what was read.
  bool atomic(uint64_t address, MemDesc desc, Type type, const uint64_t* operand, uint64_t* result, Fault* fault);
  bool compare_exchange(uint64_t address, MemDesc desc, Type type, const uint64_t* expected, const uint64_t* desired,
                        uint64_t* result, Fault* fault);
  bool load_linked(CpuHeader& cpu, uint64_t address, MemDesc desc, Type type, uint64_t* result, Fault* fault);
  bool store_conditional(CpuHeader& cpu, uint64_t address, MemDesc desc, const uint64_t* value, bool* stored,
                         Fault* fault);

 private:
  MemoryPort& port(MemDesc desc) { return port_.in_regime(desc.mmu_index); }

  MemoryPort& port_;
};

}  // namespace menura::ir
