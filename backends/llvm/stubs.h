// The few host instructions that exits consist of, byte by byte, and the stubs made of them (lowered.h).
#pragma once

#include <cstdint>
#include <vector>

#include "backends/llvm/lowered.h"
#include "backends/runtime/compiled_code.h"
#include "backends/runtime/thunks.h"

namespace menura::llvmjit {

// Where frames begin: at the end of spill memory, 8 modulo 16 as at a region's entry.
inline constexpr unsigned kFrameTop = ir::kSpillBytes - 8;
inline constexpr unsigned kLargestFrame = 3072;

class Stubs {
 public:
  // Appends to out.bytes.
  Stubs(runtime::CompiledCode& out, bool low) : out_(out), low_(low) {}

  uint32_t here() const { return static_cast<uint32_t>(out_.bytes.size()); }
  void align(unsigned to, uint8_t fill);

  // Sets the stack aside for a frame, and takes it back.
  void enter_frame();
  void leave_frame();

  // What `stub` does; `continuation`: offset of the code behind a call. Returns the stub's offset.
  uint32_t emit(const ExitStub& stub, bool framed, uint32_t continuation);
  // A Link of a jump whose displacement lies at `displacement` already, and its way to the runtime.
  void emit_link_stub(uint32_t displacement, int64_t target, bool is_call);
  void emit_jump(uint32_t target);

 private:
  void bytes(std::initializer_list<uint8_t> list) { out_.bytes.insert(out_.bytes.end(), list); }
  void word(uint32_t value);
  // An instruction whose operand is [r12 + offset]: what comes before the displacement.
  void at_state(std::initializer_list<uint8_t> opcode, uint64_t offset);
  void call_thunk(runtime::Thunk thunk);
  void jump_thunk(runtime::Thunk thunk);
  void push_guest_pc(int64_t offset);
  // jmp or call rel32 that the runtime patches; the stub follows later.
  uint32_t linkable(uint8_t opcode);
  // Short forward jumps.
  uint32_t short_jump(uint8_t opcode);
  void bind(uint32_t jump);
  void probe(bool call);
  void emit_call(const ExitStub& stub, uint32_t continuation);

  runtime::CompiledCode& out_;
  const bool low_;
};

}  // namespace menura::llvmjit
