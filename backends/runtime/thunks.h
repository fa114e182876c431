// The fixed pieces of host code between compiled code and C++. Compiled code reaches each as `call|jmp [r12 + slot]`
// through CpuHeader::thunks; backends/runtime/thunks.cpp emits them once per engine. At all of them but FpSlow,
// HelperKeep and VectorSlow the pinned slots are where the region contract says, whatever homes the region gave them;
// none changes r12 or DF.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ir/core/cpu_header.h"

namespace menura::runtime {

enum class Thunk : uint8_t {
  Resolve,     // call: find or make the code of a Link's target, patch, continue there
  Indirect,    // jmp, rax = guest pc: look it up beyond the probed table, continue there
  ReturnMiss,  // jmp, rax = guest pc: the top return prediction was wrong; unwind to a right one or start afresh
  Stop,        // call: a PcStub; leaves run() with ExitKind::Stop
  Hot,         // call: a PcStub; the entry's heat ran out: recompile, continue there
  Budget,      // call: a PcStub; counting mode, the budget does not cover the next block
  Exit,        // jmp: exit_kind, exit_detail and pc are in the header; leaves run()
  Helper,      // call, eax = HelperId, arguments in CpuHeader::spill[0..3] (8 bytes each), result in rax. Saves the
               // pinned registers to the state and reloads them; keeps every other register
  FpSlow,      // call, as Helper, rax = ir::FpSlowOp (ir/interp/fp.h): a floating-point op that the host cannot do
               // inline. Keeps every register but rax and the state's slots, wherever slots live; MXCSR gets the flags
  HelperKeep,  // call, rax = HelperId, arguments and result as Helper. Neither saves pinned registers nor reloads them:
               // what the helper reads of the state is there, what it writes is taken from there. Keeps every register
               // but rax
  VectorSlow,  // call, rax = ir::VectorSlowOp (ir/interp/vector_slow.h), operands and result in CpuHeader::spill: a
               // vector op that the host cannot do inline. Keeps every register but rax, as FpSlow does
  Memory,      // call: CpuHeader::access_* says which access of guest memory a machine's code leaves to us. Keeps every
               // register; loads and atomics find the host's address in access_address. Does not come back if it faults
  Miss,        // call: a PcStub; the instruction there has not begun, since its access (CpuHeader::access_*) is not one
               // of plain memory that the TLB knows. It becomes known, or the instruction is done elsewhere
  StopBefore,  // call, rax = guest pc: as Stop, where an indirect jump or call would go there
};

constexpr int32_t thunk_offset(Thunk thunk) {
  return static_cast<int32_t>(offsetof(ir::CpuHeader, thunks) + sizeof(void*) * static_cast<unsigned>(thunk));
}

// CpuHeader::access_kind.
struct SlowAccess {
  enum class Kind : uint8_t {
    Load,    // leaves what was read in access_value, and access_address leads there
    Store,   // writes access_value
    Atomic,  // leads to memory that may be read and written
    ProbeRead,
    ProbeWrite,
  };
  Kind kind = Kind::Load;
  uint8_t regime = 0;
  uint16_t size = 0;  // bytes
};
static_assert(sizeof(SlowAccess) == sizeof(uint32_t));

// The probed table: CodeRecord[kLookupEntries] at CpuHeader::lookup_table, indexed by lookup_place. Each
// virtual CPU has its own, one per (mode, extra), so that a hit needs no comparison but that of the pc, and an entry
// may be read in two steps: only its virtual CPU's thread gives it to another pc, outside of compiled code.
struct CodeRecord {
  uint64_t pc = 0;  // empty_pc: none
  const void* entry = nullptr;
};
inline constexpr uint64_t kNoPc = ~uint64_t{0};

inline constexpr unsigned kLookupBits = 14;
inline constexpr unsigned kLookupShift = 1;  // of what the pc is folded to, before masking
inline constexpr unsigned kLookupEntries = 1U << kLookupBits;

// Functions near each other have places of their own, and so have most of those at like places in two libraries: half
// of the table would be empty for a guest whose instructions are four bytes long, did nothing fold into the lowest bit.
constexpr unsigned lookup_place(uint64_t pc) {
  const auto low = static_cast<uint32_t>(pc);
  return (low ^ low >> kLookupBits) >> kLookupShift & (kLookupEntries - 1);
}

// Of an empty place: a pc that is looked up elsewhere, so that no guest can jump to what is not there.
constexpr uint64_t empty_pc(unsigned place) { return place == 0 ? uint64_t{1} << kLookupShift : 0; }
static_assert(lookup_place(empty_pc(0)) != 0 && lookup_place(empty_pc(1)) == 0);

}  // namespace menura::runtime
