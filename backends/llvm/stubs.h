// The few host instructions that exits consist of, byte by byte, and the exits made of them (lowered.h): what is often
// executed where the function ends, in room that was left for it (shaping.h), the rest behind all code.
#pragma once

#include <cstdint>
#include <optional>
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

  uint32_t here() const { return at_ == kEnd ? static_cast<uint32_t>(out_.bytes.size()) : at_; }
  void align(unsigned to, uint8_t fill);

  // Bytes that the often executed part needs at most; 0: it has none. `low`: all guest addresses fit 31 bits.
  static unsigned room(const ExitStub& stub, bool low);
  // What `stub` does; `continuation`: offset of the code behind a call. Appended; returns its offset.
  uint32_t emit(const ExitStub& stub, uint32_t continuation);
  // As emit, the often executed part in the room at `place`.
  void emit_in_room(uint32_t place, const ExitStub& stub, uint32_t continuation);
  // A Link of a jump whose displacement lies at `displacement` already, and its way to the runtime.
  void emit_link_stub(uint32_t displacement, int64_t target, bool is_call);
  void emit_jump(uint32_t target);

 private:
  // What is seldom executed, behind a jump that has been emitted.
  struct Cold {
    enum class Kind : uint8_t { Link, CallLink, Stop, StopCall, Miss, MissCall, ReturnMiss };
    Kind kind = Kind::Link;
    uint32_t displacement = 0;  // of the jump
    uint32_t back = 0;          // MissCall: behind the call
    int64_t value = 0;          // links: the target; StopCall: where it returns to; ReturnMiss: the mask
  };
  static constexpr uint32_t kEnd = UINT32_MAX;

  void bytes(std::initializer_list<uint8_t> list);
  void word(uint32_t value);
  // An instruction whose operand is [r12 + offset]: what comes before the displacement.
  void at_state(std::initializer_list<uint8_t> opcode, uint64_t offset);
  void call_thunk(runtime::Thunk thunk);
  void jump_thunk(runtime::Thunk thunk);
  void push_guest_pc(int64_t offset);
  // jmp or call rel32 that the runtime patches.
  uint32_t linkable(uint8_t opcode);
  uint32_t jump_if_not_equal();
  // Has the displacement there lead here.
  void bind(uint32_t displacement);
  void probe(std::optional<int64_t> return_pc = {});
  void emit_call(const ExitStub& stub, uint32_t continuation);
  void emit_often(const ExitStub& stub, uint32_t continuation);
  void emit_seldom();

  runtime::CompiledCode& out_;
  const bool low_;
  uint32_t at_ = kEnd;  // where the next byte goes
  std::vector<Cold> cold_;
};

}  // namespace menura::llvmjit
