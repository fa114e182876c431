// Emits the thunks (thunks.h): the only host code that is not a region's.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backends/runtime/thunks.h"
#include "ir/core/state_layout.h"

namespace menura::runtime {

// What thunks call, on the stack of run()'s caller and with the host's MXCSR, pinned slots in the state. The result is
// the host code to continue with, pins loaded; nullptr leaves run().
using Handler = const void* (*)(ir::CpuHeader* cpu, uint64_t argument);

// What Thunk::Memory finds in registers, on the stack of run()'s caller.
struct ThunkFrame {
  struct alignas(16) Vector {
    uint8_t bytes[32];
  };
  Vector vector[16];
  uint64_t general[16];  // by number; rsp is not among them
  uint64_t return_address;
  uint64_t unused;
};
static_assert(sizeof(ThunkFrame) % 16 == 0);

struct ThunkHandlers {
  Handler resolve = nullptr;      // argument: address behind the stub's call
  Handler indirect = nullptr;     // argument: guest pc
  Handler stop = nullptr;         // argument: as resolve
  Handler stop_before = nullptr;  // argument: address behind the call; pc is in the header
  Handler hot = nullptr;
  Handler budget = nullptr;
  uint64_t (*helper)(ir::CpuHeader* cpu, uint64_t id) = nullptr;
  uint64_t (*fp_slow)(ir::CpuHeader* cpu, uint64_t op) = nullptr;
  uint64_t (*vector_slow)(ir::CpuHeader* cpu, uint64_t op) = nullptr;
  uint64_t (*memory)(ir::CpuHeader* cpu, const ThunkFrame* frame) = nullptr;  // 0: leaves run(), state in memory
  Handler miss = nullptr;
};

// Offsets into the emitted code.
struct Thunks {
  std::vector<uint8_t> code;  // position-independent
  std::array<uint32_t, ir::kThunkCount> entries = {};
  uint32_t enter = 0;   // void(ir::CpuHeader*, const void* code): runs compiled code until it leaves
  uint32_t leave = 0;   // jmp, state complete in memory: leaves run(); where faults continue
  uint32_t bottom = 0;  // host half of the predictions below the first one: rax = guest pc, continues there
};

Thunks emit_thunks(const ir::StateLayout& layout, const ThunkHandlers& handlers);

// The stack of return predictions, from the top: {host address, guest pc} pairs. Below the first prediction lie
// kBottomPairs of {Thunks::bottom, kNoPc}, so that ReturnMiss may search without looking for the end.
inline constexpr unsigned kReturnSearch = 8;
inline constexpr unsigned kBottomPairs = kReturnSearch + 1;

}  // namespace menura::runtime
