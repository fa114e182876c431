// From the thunks to the engine.
#pragma once

#include "backends/runtime/thunks_emit.h"

namespace menura::runtime {

struct ThunkEntries {
  static ThunkHandlers handlers();

 private:
  static const void* resolve(ir::CpuHeader* cpu, uint64_t stub_end);
  static const void* indirect(ir::CpuHeader* cpu, uint64_t pc);
  static const void* stop(ir::CpuHeader* cpu, uint64_t stub_end);
  static const void* stop_before(ir::CpuHeader* cpu, uint64_t call_end);
  static const void* hot(ir::CpuHeader* cpu, uint64_t stub_end);
  static const void* budget(ir::CpuHeader* cpu, uint64_t stub_end);
  static const void* miss(ir::CpuHeader* cpu, uint64_t stub_end);
  static uint64_t helper(ir::CpuHeader* cpu, uint64_t id);
  static uint64_t fp_slow(ir::CpuHeader* cpu, uint64_t op);
  static uint64_t vector_slow(ir::CpuHeader* cpu, uint64_t op);
  static uint64_t memory(ir::CpuHeader* cpu, const ThunkFrame* frame);
};

}  // namespace menura::runtime
