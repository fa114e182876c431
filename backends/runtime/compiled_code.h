// What a compiler hands to the runtime: position-independent host code of one region and the tables that go with it.
// Every compiler (x64, llvm) produces this; nothing here knows which one did. The register assignment at region
// boundaries is the region contract (README.md).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ir/core/region.h"
#include "ir/opt/slots_needed.h"

namespace menura::runtime {

// Host registers by their number in instruction encodings: 0-15 rax rcx rdx rbx rsp rbp rsi rdi r8-r15, and xmm0-15.
struct HostReg {
  uint8_t number = 0;
  bool is_vector = false;
  bool operator==(const HostReg&) const = default;
};

// A `jmp rel32`, `jcc rel32` or `call rel32` whose displacement the runtime patches once the target is translated.
// Until then it points at its stub: `call [r12 + thunks[Resolve]]`, found by the return address that it pushes
// (stub_end).
struct Link {
  uint32_t displacement = 0;  // offset of the rel32 in the code; never crosses an 8-byte boundary, so a patch is atomic
  uint32_t stub = 0;          // offset of the stub
  uint32_t stub_end = 0;      // offset of the byte behind the stub's call instruction
  int64_t target = 0;         // guest pc, from the region's base
  bool is_call = false;       // the stub is entered with the return address of a predicted guest call on the stack
};

// A stub that leaves for the runtime at a guest pc (stop requests, heat): found by its return address, too.
struct PcStub {
  uint32_t stub_end = 0;
  int64_t pc = 0;  // guest pc where the virtual CPU stands, from the region's base
};

// Host code from `host` to the next entry belongs to the guest instruction at `pc` (offset from the base). Sorted by
// host.
struct PcEntry {
  uint32_t host = 0;
  int32_t pc = 0;
  uint32_t ahead = 0;  // counting mode: guest instructions counted already, from this one on
};

// Where a slot's value is while the region's body runs, if not in the state struct: pinned slots have an entry, too.
// One list serves every instruction of the body that can fault: homes do not change inside a region. (A compiler that
// allocates registers more freely says it for each instruction: Recovery.)
struct Home {
  ir::SlotId slot = 0;
  HostReg reg;
  bool operator==(const Home&) const = default;
};

// Where a slot's value is when one host instruction faults.
struct SlotPlace {
  enum class Kind : uint8_t {
    Register,    // host register `reg`; the slot's storage bytes of it
    Frame,       // in memory at `reg` (rsp, rbp or the state's) + value
    Constant,    // value
    PcRelative,  // base pc + value
    Code,        // in the code's own bytes, at `value`
  };
  ir::SlotId slot = 0;
  Kind kind = Kind::Constant;
  HostReg reg;
  // What of the slot there is.
  enum class Part : uint8_t {
    Whole,
    Boxed,  // a float of 32 bits, which is NaN-boxed in the slot
    Low4,   // the slot's first 4 or 8 bytes; the others are zero
    Low8,
    Over4,  // likewise; the others are in a place before this one
    Over8,
  };
  int64_t value = 0;
  Part part = Part::Whole;
  // Of a slot with `storage` bytes, how many there are.
  unsigned bytes(unsigned storage) const {
    if (part == Part::Whole) return storage;
    return part == Part::Low8 || part == Part::Over8 ? 8 : 4;
  }
};

// The state at a host instruction that may fault, in code without homes: all pinned slots, and the others that are not
// up to date in the state struct.
struct Recovery {
  uint32_t host = 0;   // offset of the instruction
  int32_t pc = 0;      // its guest instruction, from the base pc
  uint32_t first = 0;  // of its places: CompiledCode::places[first .. first + count)
  uint32_t count = 0;
};

// A constant in the code that depends on something outside it.
struct Relocation {
  enum class Kind : uint8_t {
    GuestPc32,  // imm32, sign-extended: base pc + addend
    GuestPc64,  // imm64: base pc + addend
    Helper,     // imm32: HelperId of the helper with number `addend`
    HeatIndex,  // disp32 from CpuHeader::heat to this region's heat (int32_t, counted down)
    Count,      // disp32 from CpuHeader::heat to the execution counter (uint64_t) of CompiledCode::counts[addend]
  };
  Kind kind = Kind::GuestPc64;
  uint32_t offset = 0;
  int64_t addend = 0;
};

// Profiling: a straight piece of code that is executed once per increment of its counter.
struct CountedBlock {
  uint32_t guest_instructions = 0;
  uint32_t host_instructions = 0;  // without those that count
};

struct CompiledCode {
  std::vector<uint8_t> bytes;  // entry at offset 0
  uint32_t alignment = 16;     // of the place; 64 at most, as all hot regions have it
  uint32_t cold = 0;           // where the body ends, and code that is rarely executed begins: stubs, constants
  bool imprecise = false;  // after a fault, slots may be wrong that the guest's code would write before it reads them
  std::vector<Link> links;
  std::vector<PcStub> pc_stubs;
  std::vector<PcEntry> pcs;
  std::vector<Home> homes;
  std::vector<Recovery> recoveries;  // sorted by host
  std::vector<SlotPlace> places;
  std::vector<Relocation> relocations;
  std::vector<CountedBlock> counts;  // CompileOptions::profile

  // Empties it and keeps its memory for the next region.
  void clear() {
    bytes.clear();
    alignment = 16;
    cold = 0;
    links.clear();
    pc_stubs.clear();
    pcs.clear();
    homes.clear();
    recoveries.clear();
    places.clear();
    relocations.clear();
    counts.clear();
    imprecise = false;
  }
};

struct CompileOptions {
  bool hot = false;      // worth more compile time and entry cost: slots of loops get registers beyond the pinned ones
  bool machine = false;  // guest memory is found by TLBs, and no link leads out of the page
  bool count = false;    // counting mode: budget and retired instructions are kept exact
  bool profile = false;  // count executions of every straight piece of code (CompiledCode::counts)
  // Not nullptr: where an access faults, other slots than these need not be right (CompiledCode::imprecise).
  const ir::SlotsNeeded* needed = nullptr;
  int32_t heat_index = -1;  // >= 0: count executions of the entry there and leave for the runtime when it runs out
};

// One thread at a time uses a compiler; it keeps its working memory between regions.
class Compiler {
 public:
  virtual ~Compiler() = default;
  // Compiles a verified region. `out` is empty. False: the region is too large for what compiled code has (spill
  // space); the caller forms a smaller one. A trace of a few dozen guest instructions never is.
  virtual bool compile(const ir::Region& region, const CompileOptions& options, CompiledCode& out) = 0;
  // A compiler of the same kind and settings for another thread.
  virtual std::unique_ptr<Compiler> clone() const = 0;
};

// A compiler that is made when it is first wanted.
class CompilerSource {
 public:
  virtual ~CompilerSource() = default;
  // Called once. nullptr: there is none on this machine; it has said why.
  virtual std::unique_ptr<Compiler> make() = 0;
};

}  // namespace menura::runtime
