// Machine passes: where the state is at each instruction that may fault. A stackmap stands before each access to guest
// memory and names the slots that memory has not got; here, behind register allocation, it becomes places in host
// registers and in the frame, given to the very instruction.
#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>

#include <string>
#include <vector>

namespace menura::llvmjit {

// Stackmaps with this id stand behind an access and keep what the one before it named where it was until then.
inline constexpr int64_t kAfterAccess = int64_t{1} << 32;

// Where a stackmap's operand is.
struct Place {
  enum class Kind : uint8_t { Register, Vector, Frame, Constant };
  Kind kind = Kind::Constant;
  unsigned number = 0;  // of a register, as instructions encode it; Frame: what `value` is an offset from
  int64_t value = 0;    // Frame, Constant
  unsigned bytes = 0;   // Frame: its size
  auto operator<=>(const Place&) const = default;
};

struct FaultPoint {
  std::string symbol;  // defined at the instruction
  uint32_t site = 0;
  std::vector<Place> places;  // of the stackmap's operands
};

struct FunctionFrame {
  std::string function;
  uint64_t size = 0;
};

struct MachineFacts {
  std::vector<FaultPoint> points;
  std::vector<FunctionFrame> frames;
  bool lost = false;  // an access has no record of its state
};

// Stackmaps count as calls: without this, each function would make a frame for them. Behind instruction selection.
llvm::MachineFunctionPass* make_call_frame_remover();
// The last pass before code is emitted.
llvm::MachineFunctionPass* make_recovery_collector(MachineFacts& facts);

}  // namespace menura::llvmjit
