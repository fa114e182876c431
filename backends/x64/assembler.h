// Assembler: asmjit's, with what makes up most of compiled code encoded here: a third of asmjit's cost per instruction
// was its generality. Labels are its own, too: they last for one region and cost no allocation.
#pragma once

#include <asmjit/x86.h>

#include <cstdint>
#include <vector>

namespace menura::x64 {

class Assembler final : public asmjit::x86::Assembler {
 public:
  explicit Assembler(asmjit::ErrorHandler* errors);

  // Begins anew; the code that was made is forgotten.
  void restart();
  asmjit::Label newLabel() override;
  asmjit::Error bind(const asmjit::Label& label) override;
  asmjit::Error embed(const void* data, std::size_t size) override;
  asmjit::Error align(asmjit::AlignMode mode, uint32_t alignment) override;
  // Fills in what refers to labels. All of those must be bound.
  void resolve();

  // What has been emitted so far, for profiles: host instructions per guest instruction.
  uint32_t emitted = 0;

 private:
  asmjit::Error _emit(asmjit::InstId id, const asmjit::Operand_& o0, const asmjit::Operand_& o1,
                      const asmjit::Operand_& o2, const asmjit::Operand_* rest) override;
  bool emit_fast(asmjit::InstId id, const asmjit::Operand_& o0, const asmjit::Operand_& o1);
  void emit_jump(asmjit::InstId id, uint32_t label);
  asmjit::Error emit_with_label(asmjit::InstId id, const asmjit::Operand_& o0, const asmjit::Operand_& o1,
                                const asmjit::Operand_& o2, const asmjit::Operand_* rest);

  // `reg` is the ModRM reg field. `opcode` has one byte, or two of which the first is 0x0f.
  void encode_reg(bool wide, unsigned opcode, unsigned reg, unsigned rm, bool force_rex = false);
  bool encode_mem(bool wide, unsigned opcode, unsigned reg, const asmjit::x86::Mem& mem, bool force_rex = false);
  // asmjit grows the buffer by what it thinks is in it.
  void tell_size() { _section->_buffer._size = offset(); }
  void put(unsigned byte) { *_bufferPtr++ = static_cast<uint8_t>(byte); }
  void put32(int32_t value);

  static constexpr uint32_t kUnbound = UINT32_MAX;
  struct Fixup {
    uint32_t at;   // of the 32-bit displacement
    uint32_t end;  // of the instruction
    uint32_t label;
  };
  asmjit::CodeHolder code_;
  std::vector<uint32_t> labels_;  // offsets
  std::vector<Fixup> fixups_;
};

}  // namespace menura::x64
