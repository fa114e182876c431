// What lowering says of a region beside its LLVM module: what its functions end in, and what must be known where they
// may fault.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "ir/core/region.h"

namespace menura::llvmjit {

// An external function x<number> that a region's functions end in: code of ours (stubs.h) instead of the jump or behind
// the code, entered with pinned slots where the contract has them. The target of an indirect jump or return is in rax.
struct ExitStub {
  enum class Kind : uint8_t { Link, Call, CallIndirect, JumpIndirect, Return, Stop, Miss, Exit };
  Kind kind = Kind::Exit;
  int64_t target = 0;         // Link, Call, Stop, Miss: guest pc, from the base pc
  int64_t return_pc = 0;      // calls
  int32_t mask = -1;          // Return: what of rax is the target; no bit more is set in what was predicted
  int32_t continuation = -1;  // calls: the function that goes on behind it; -1: a jump to return_pc
  bool far_return = false;    // which is in another page of a machine: no link leads there
};

// What a slot holds where an access may fault.
struct SiteSlot {
  enum class Source : uint8_t {
    Operand,  // the stackmap's next one
    Constant,
    PcRelative,
    Pinned,  // what the function was entered with, in the vector register of the slot's rank, which is `value`
  };
  ir::SlotId slot = 0;
  Source source = Source::Operand;
  unsigned bytes = 0;  // in its storage
  int64_t value = 0;
  runtime::SlotPlace::Part part = runtime::SlotPlace::Part::Whole;  // Operand
};

// An access to guest memory; its number is the id of the stackmap before it.
struct AccessSite {
  int32_t pc = 0;  // guest pc, from the base pc
  std::vector<SiteSlot> slots;
};

inline std::string function_name(unsigned number) { return "f" + std::to_string(number); }
inline std::string stub_name(unsigned number) { return "x" + std::to_string(number); }
// External symbols: a helper's id, which is a number; eight bytes that hold the region's base pc.
inline std::string helper_symbol(ir::HelperId id) { return "h" + std::to_string(id); }
inline constexpr const char* kBasePc = "base_pc";

}  // namespace menura::llvmjit
