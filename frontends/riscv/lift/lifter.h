// Lifter: what lift functions say things with. One exists per lifted instruction.
#pragma once

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/rounding.h"
#include "frontends/riscv/state.h"
#include "frontends/riscv/system/request.h"
#include "ir/build/builder.h"

namespace menura::riscv {

using ir::Op;
using ir::Type;
using ir::Value;

// Most lift functions read like the manual: l.set_x(rd, l.add(l.x(rs1), l.x(rs2))).
class Lifter {
 public:
  Lifter(ir::Builder& builder, FeatureSet features, uint64_t mode)
      : b(builder), features_(features), mode_(mode), xlen_(xlen(features)) {}

  ir::Builder& b;

  FeatureSet features() const { return features_; }
  bool has(Feature feature) const { return riscv::has(features_, feature); }
  bool is_rv64() const { return xlen_ == 64; }
  int64_t xlen_bits() const { return xlen_; }
  uint64_t mode() const { return mode_; }

  // --- integer registers: values of type xtype()
  Type xtype() const { return xlen_ == 64 ? Type::I64 : Type::I32; }
  Value x(XReg reg) { return reg.is_zero() ? imm(0) : b.get(x_slot(reg.number)); }
  void set_x(XReg reg, Value value) {
    if (!reg.is_zero()) b.set(x_slot(reg.number), value);
  }
  Value imm(int64_t value) { return b.constant(xtype(), value); }

  // The low 32 bits, and the reverse: the sign-extended result of a W instruction (4.2.1).
  Value x_word(XReg reg) { return word(x(reg)); }
  Value word(Value value) { return is_rv64() ? b.convert(Op::Trunc, Type::I32, value) : value; }
  void set_x_word(XReg reg, Value value) { set_x(reg, is_rv64() ? b.convert(Op::Sext, Type::I64, value) : value); }
  // 0 or 1 from a condition.
  void set_x_bool(XReg reg, Value condition) { set_x(reg, b.convert(Op::Zext, xtype(), condition)); }

  // --- addresses: i64, wrapped to 32 bits in RV32
  struct Address {
    Value base;
    int64_t displacement;
  };
  Address address(XReg base, int64_t offset) {
    if (is_rv64()) return {x(base), offset};
    return {b.convert(Op::Zext, Type::I64, add(x(base), imm(offset))), 0};
  }
  // Wraps a guest code address.
  uint64_t code_address(uint64_t pc) const { return is_rv64() ? pc : static_cast<uint32_t>(pc); }
  // The address of guest code as a register value (pc-relative: it moves with the image).
  Value pc_value(uint64_t pc) {
    const Value value = b.pc_value(code_address(pc));
    return is_rv64() ? value : b.convert(Op::Trunc, Type::I32, value);
  }

  // --- plain memory accesses of 1 << size_log2 bytes; misaligned ones are allowed, as under Linux
  Value load(Type type, XReg base, int64_t offset, unsigned size_log2, bool sign_extend = false) {
    const Address at = address(base, offset);
    return b.load(type, at.base, {.size_log2 = size_log2, .sign_extend = sign_extend}, at.displacement);
  }
  void store(XReg base, int64_t offset, Value value, unsigned size_log2) {
    const Address at = address(base, offset);
    b.store(at.base, value, {.size_log2 = size_log2}, at.displacement);
  }

  // --- integer operations
  Value add(Value a, Value c) { return b.binary(Op::Add, a, c); }
  Value sub(Value a, Value c) { return b.binary(Op::Sub, a, c); }
  Value mul(Value a, Value c) { return b.binary(Op::Mul, a, c); }
  Value and_(Value a, Value c) { return b.binary(Op::And, a, c); }
  Value or_(Value a, Value c) { return b.binary(Op::Or, a, c); }
  Value xor_(Value a, Value c) { return b.binary(Op::Xor, a, c); }
  Value not_(Value a) { return xor_(a, b.constant(b.type_of(a), -1)); }
  Value shl(Value a, Value amount) { return b.binary(Op::Shl, a, amount); }
  Value shr(Value a, Value amount) { return b.binary(Op::Shr, a, amount); }
  Value sar(Value a, Value amount) { return b.binary(Op::Sar, a, amount); }
  Value shl_by(Value a, int64_t amount) { return shl(a, b.constant(b.type_of(a), amount)); }
  Value shr_by(Value a, int64_t amount) { return shr(a, b.constant(b.type_of(a), amount)); }
  Value sar_by(Value a, int64_t amount) { return sar(a, b.constant(b.type_of(a), amount)); }

  // --- floating-point registers: 64 bits; narrower values are NaN-boxed (21.2)
  Value f64(FReg reg) { return b.get(f_slot(reg.number)); }
  Value f32(FReg reg) { return f(Type::F32, reg); }
  Value f(Type format, FReg reg) { return format == Type::F64 ? f64(reg) : b.convert(Op::NanUnbox, format, f64(reg)); }
  Value f_bits(FReg reg) { return b.convert(Op::Bitcast, Type::I64, f64(reg)); }
  // What an operation with the rounding-mode field `rm` says: 7 is dynamic. The frontend has made sure that it is
  // valid.
  ir::FpDesc fp_desc(unsigned rm) const { return {.rounding = static_cast<uint32_t>(rounding_source(rm, mode_))}; }
  void set_f64(FReg reg, Value value) { b.set(f_slot(reg.number), value); }
  void set_f32(FReg reg, Value value) { set_f(Type::F32, reg, value); }
  void set_f(Type format, FReg reg, Value value) {
    set_f64(reg, format == Type::F64 ? value : b.convert(Op::NanBox, Type::F64, value));
  }

  // --- the system level
  Privilege privilege() const { return Mode::privilege(mode_); }
  // Whether software below the user level exists: else nothing of this section does anything.
  bool is_machine() const { return has(Feature::S); }
  // Goes on where any bit of `mask` is set in a slot (is clear), and is illegal elsewhere.
  void illegal_unless(SlotName name, uint64_t mask) { illegal_where(ir::Cond::Eq, name, mask); }
  void illegal_if(SlotName name, uint64_t mask) { illegal_where(ir::Cond::Ne, name, mask); }
  // What an instruction that uses floating point does first (3.1.6.6): mstatus.FS must not be off, and becomes dirty
  // where the instruction may change the state. False: it has left.
  bool begin_fp(bool changes);
  // Leaves for Hart::handle.
  void leave(ir::ExitKind kind, uint64_t pc, Request request) {
    b.exit(kind, pc, {b.constant(Type::I64, static_cast<int64_t>(request))});
  }

  // --- ends
  // The encoding is reserved after all, in a way that its row cannot say.
  void illegal() { b.exit(ir::ExitKind::IllegalInstruction, b.pc()); }

 private:
  void illegal_where(ir::Cond cond, SlotName name, uint64_t mask);

  FeatureSet features_;
  uint64_t mode_;
  unsigned xlen_;
};

// The lift function of a row with its fields taken from `word`; lift/<chapter>.cpp defines those of its chapter by
// including the chapter's rows under LIFT_ROW.
template <RowName Name>
void lift_row(Lifter& lifter, uint64_t word);

#define LIFT_ROW(id, pattern, feature, assembly)                   \
  template <>                                                      \
  void lift_row<RowName::id>(Lifter & lifter, uint64_t word) {     \
    frontends::kInvoke<&lift::id, pattern, kFields>(lifter, word); \
  }

}  // namespace menura::riscv
