// Machine passes: where the state is at each instruction that may fault. A stackmap stands before each access to guest
// memory and names the slots that memory has not got; here, behind register allocation, it becomes places in host
// registers and in the frame, given to the very instruction.
#pragma once

#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/IR/IRBuilder.h>

#include <array>
#include <string>
#include <vector>

namespace menura::llvmjit {

// Stackmaps with this id are another use of a value, and nothing else.
inline constexpr int64_t kOnlyUse = int64_t{1} << 32;

// Before an access: operands[0] is its id.
void make_stackmap(llvm::IRBuilderBase& builder, llvm::ArrayRef<llvm::Value*> operands);

// Where a stackmap's operand is.
struct Place {
  enum class Kind : uint8_t { Register, Vector, Frame, Constant, BasePc };
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
  uint64_t size = 0;
  size_t first_point = 0;     // of the function, in MachineFacts::points
  bool moves_floats = false;  // something changes a register that pinned floats come in
};

// Bytes left for an exit, which the function ends with (shaping.h).
struct Room {
  std::string symbol;
  unsigned stub = 0;
};

struct MachineFacts {
  // Of vectors: a stackmap names them by their number.
  std::vector<std::vector<uint8_t>> constants;
  std::vector<FaultPoint> points;
  std::vector<FunctionFrame> frames;
  std::vector<Room> rooms;
  bool wide = false;        // something uses vector registers of more than 128 bits
  bool lost = false;        // an access has no record of its state
  bool state_lost = false;  // a frame is made where no register has the state
};

// Constant vectors are no operands of stackmaps: they would be made anew in a register, time and again. Behind all
// passes on LLVM's IR.
void number_constants(llvm::Module& module, MachineFacts& facts);
// Behind instruction selection.
llvm::MachineFunctionPass* make_stackmap_placer();
// Right before register allocation, and right behind it.
std::array<llvm::MachineFunctionPass*, 2> make_stackmap_veil();
// Behind all passes of LLVM's.
llvm::MachineFunctionPass* make_recovery_collector(MachineFacts& facts);

}  // namespace menura::llvmjit
