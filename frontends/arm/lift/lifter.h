// Lifter: what lift functions say things with. One exists per lifted instruction.
#pragma once

#include "frontends/arm/decode/decode.h"
#include "frontends/arm/state.h"
#include "ir/build/builder.h"

namespace menura::arm {

using ir::Op;
using ir::Type;
using ir::Value;

// What ExitKind::Wait of a machine says in its detail: the number of the hint (C6.2).
enum WaitHint : int64_t { kYield = 1, kWfe = 2, kWfi = 3 };

// Most lift functions read like the manual: l.set_r(sf, rd, l.add(l.r(sf, rn), l.r(sf, rm))).
class Lifter {
 public:
  // `guarded`: the instruction lies in guarded code (BTI), and the mode says that this matters.
  Lifter(ir::Builder& builder, FeatureSet features, uint64_t mode, uint32_t word, bool guarded)
      : b(builder), features_(features), mode_(mode), word_(word), guarded_(guarded) {}

  ir::Builder& b;

  FeatureSet features() const { return features_; }
  bool has(Feature feature) const { return arm::has(features_, feature); }
  uint64_t mode() const { return mode_; }
  bool has_mode(uint64_t bit) const { return (mode_ & bit) != 0; }
  bool is_machine() const { return level_of(features_) == Level::Machine; }
  // Whether denormal numbers of this format are flushed to zero.
  bool has_flush(Type format) const {
    return has_mode(format == Type::F16 ? Mode::kFlushToZero16 : Mode::kFlushToZero);
  }

  // --- general-purpose registers: 31 is the zero register, or the stack pointer with _sp. 32-bit writes clear the
  // upper half (C1.2.5). sf: 1 = 64 bits.
  static Type type_of(bool sf) { return sf ? Type::I64 : Type::I32; }
  Value x(Reg reg) { return reg.number == 31 ? imm(0) : b.get(x_slot(reg.number)); }
  Value w(Reg reg) { return reg.number == 31 ? imm32(0) : word(x(reg)); }
  Value r(bool sf, Reg reg) { return sf ? x(reg) : w(reg); }
  Value x_sp(Reg reg) { return b.get(reg.number == 31 ? slot(SlotName::SP) : x_slot(reg.number)); }
  Value r_sp(bool sf, Reg reg) { return sf ? x_sp(reg) : word(x_sp(reg)); }
  void set_x(Reg reg, Value value) {
    if (reg.number != 31) b.set(x_slot(reg.number), value);
  }
  void set_w(Reg reg, Value value) {
    if (reg.number != 31) set_x(reg, zext(value));
  }
  void set_r(bool sf, Reg reg, Value value) { sf ? set_x(reg, value) : set_w(reg, value); }
  void set_x_sp(Reg reg, Value value) { b.set(reg.number == 31 ? slot(SlotName::SP) : x_slot(reg.number), value); }
  void set_r_sp(bool sf, Reg reg, Value value) { set_x_sp(reg, sf ? value : zext(value)); }

  Value imm(int64_t value) { return b.constant(Type::I64, value); }
  Value imm32(int64_t value) { return b.constant(Type::I32, value); }
  Value imm(bool sf, int64_t value) { return b.constant(type_of(sf), value); }
  Value bit(bool value) { return b.constant(Type::I1, value ? 1 : 0); }
  Value word(Value value) { return b.convert(Op::Trunc, Type::I32, value); }
  Value zext(Value value) { return b.convert(Op::Zext, Type::I64, value); }
  Value sext(Value value) { return b.convert(Op::Sext, Type::I64, value); }

  // --- vector registers: whole, or as a scalar in the low bits, whose write clears the bits above
  Value v(VReg reg) { return b.get(v_slot(reg.number)); }
  void set_v(VReg reg, Value value) { b.set(v_slot(reg.number), value); }
  Value scalar(Type type, VReg reg) { return b.convert(Op::VTrunc, type, v(reg)); }
  void set_scalar(VReg reg, Value value) { set_v(reg, b.convert(Op::VZext, Type::V128, value)); }
  Value d(VReg reg) { return scalar(Type::F64, reg); }
  Value s(VReg reg) { return scalar(Type::F32, reg); }
  Value h(VReg reg) { return scalar(Type::F16, reg); }

  // --- condition flags (lifter.cpp): written to their slots, and remembered, so that a condition that is tested while
  // it is certain where they came from compares the operands themselves
  enum class Result : uint8_t { Kept, Dropped };  // Kept: a register holds it, testing it costs nothing
  // AddWithCarry of the manual with setflags: returns the result.
  Value add_flags(Value a, Value c, Result result);
  Value sub_flags(Value a, Value c, Result result);
  Value carry_flags(Value a, Value c);  // a + c + PSTATE.C
  // N and Z of a result; C and V are 0.
  void logic_flags(Value result);
  // The flags of a - c (or a + c) where `holds`, else nzcv.
  void conditional_flags(Value holds, bool subtract, Value a, Value c, unsigned nzcv);
  // The flags of a comparison of floats; `desc` as for a comparison, Un. Where `holds`, else nzcv.
  void float_flags(Value a, Value c, ir::FpDesc desc) { float_flags_if(ir::kNoValue, a, c, desc, 0); }
  void float_flags_if(Value holds, Value a, Value c, ir::FpDesc desc, unsigned nzcv);
  void set_nzcv(Value n, Value z, Value c, Value v);
  Value flag(SlotName name) { return b.get(slot(name)); }
  // ConditionHolds: an i1 (shared/functions/system).
  Value condition_holds(unsigned cond);

  // --- memory: addresses are the base register with 31 = SP. The address of an access that is not checked for
  // alignment, with the top byte cleared where the mode says so.
  struct Address {
    Value base;
    int64_t displacement = 0;
  };
  Address address(Value base, int64_t displacement = 0);
  Value load(Type type, Address at, unsigned size_log2, bool sign_extend = false, unsigned regime = 0) {
    const ir::MemDesc desc = {.size_log2 = size_log2, .sign_extend = sign_extend, .mmu_index = regime};
    return b.load(type, at.base, desc, at.displacement);
  }
  void store(Address at, Value value, unsigned size_log2, unsigned regime = 0) {
    b.store(at.base, value, {.size_log2 = size_log2, .mmu_index = regime}, at.displacement);
  }

  enum class Indexing : uint8_t { Offset, Post, Pre };
  // An index register (ExtendReg and a shift): `option` without its middle bit, which is always set: UXTW 0, LSL 1,
  // SXTW 4, SXTX 5.
  Value index(Reg rm, int64_t option, int64_t amount) {
    Value value = x(rm);
    if (option == 0) value = zext(word(value));
    if (option == 4) value = sext(word(value));
    return shl_by(value, amount);
  }

  // --- integer operations
  Value add(Value a, Value c) { return b.binary(Op::Add, a, c); }
  Value sub(Value a, Value c) { return b.binary(Op::Sub, a, c); }
  Value mul(Value a, Value c) { return b.binary(Op::Mul, a, c); }
  Value and_(Value a, Value c) { return b.binary(Op::And, a, c); }
  Value andn(Value a, Value c) { return b.binary(Op::Andn, a, c); }
  Value or_(Value a, Value c) { return b.binary(Op::Or, a, c); }
  Value xor_(Value a, Value c) { return b.binary(Op::Xor, a, c); }
  Value not_(Value a) { return xor_(a, b.constant(b.type_of(a), -1)); }
  Value neg(Value a) { return sub(b.constant(b.type_of(a), 0), a); }
  Value shl(Value a, Value amount) { return b.binary(Op::Shl, a, amount); }
  Value shr(Value a, Value amount) { return b.binary(Op::Shr, a, amount); }
  Value sar(Value a, Value amount) { return b.binary(Op::Sar, a, amount); }
  Value rotr(Value a, Value amount) { return b.binary(Op::Rotr, a, amount); }
  Value shl_by(Value a, int64_t n) { return n == 0 ? a : shl(a, b.constant(b.type_of(a), n)); }
  Value shr_by(Value a, int64_t n) { return n == 0 ? a : shr(a, b.constant(b.type_of(a), n)); }
  Value sar_by(Value a, int64_t n) { return n == 0 ? a : sar(a, b.constant(b.type_of(a), n)); }
  Value rotr_by(Value a, int64_t n) { return n == 0 ? a : rotr(a, b.constant(b.type_of(a), n)); }
  Value is_zero(Value a) { return b.icmp(ir::Cond::Eq, a, b.constant(b.type_of(a), 0)); }
  Value is_nonzero(Value a) { return b.icmp(ir::Cond::Ne, a, b.constant(b.type_of(a), 0)); }
  Value is_negative(Value a) { return b.icmp(ir::Cond::Slt, a, b.constant(b.type_of(a), 0)); }

  // --- branch target identification, where the mode has it
  // At the start of a region: `types` is the mask of BTYPE values that may come in.
  void check_branch_target(unsigned types);
  // Before an indirect branch: BR by register, BLR.
  void set_branch_type_of_jump(Reg target);
  void set_branch_type_of_call();

  // --- ends
  uint64_t target(int64_t offset) const { return b.pc() + static_cast<uint64_t>(offset); }
  // Unallocated after all, in a way that neither its row nor is_reserved() can say.
  void illegal() {
    is_machine() ? b.exit(ir::ExitKind::IllegalInstruction, b.pc(), {imm(0)})
                 : b.exit(ir::ExitKind::IllegalInstruction, b.pc());
  }
  // Machines: system/ executes the instruction, whose word it gets, or raises what it raises.
  void leave_to_execute() { b.exit(ir::ExitKind::IllegalInstruction, b.pc(), {imm(word_)}); }

 private:
  Value source_holds(unsigned cond);
  Value float_holds(unsigned cond);

  FeatureSet features_;
  uint64_t mode_;
  uint32_t word_;
  bool guarded_;
};

// The lift function of a row with its fields taken from `word`; lift/a64/<file>.cpp defines those of its rows by
// including them under LIFT_ROW.
template <RowName Name>
void lift_row(Lifter& lifter, uint64_t word);

#define LIFT_ROW(id, pattern, feature, assembly)                   \
  template <>                                                      \
  void lift_row<RowName::id>(Lifter & lifter, uint64_t word) {     \
    frontends::kInvoke<&lift::id, pattern, kFields>(lifter, word); \
  }

}  // namespace menura::arm
