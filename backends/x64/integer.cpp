// Integer arithmetic. Types of 8, 16 and 32 bits are computed in 32-bit registers, whose upper bits are unspecified
// above the type (analysis.h says where they are known to be zero).
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;
using ir::Type;

void Emitter::mask_bool(Value v, Reg reg) {
  if (type_of(v) == Type::I1) a_.and_(g32(reg), 1);
}

// dst = a op b, in the two-operand form of the host.
void Emitter::emit_alu(Value v, InstId id, Value a, Value b, unsigned width, bool commutative) {
  a = rep(a);
  b = rep(b);
  if (commutative && (is_const(a) || (!in_reg(a) && in_reg(b)))) std::swap(a, b);
  int32_t imm = 0;
  if (imm32(b, width, &imm)) {
    if (in_reg(a)) use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) == 0) load_into(dst, a);
    a_.emit(id, gp(dst, width), asmjit::Imm(imm));
    define(v, dst);
    return;
  }
  const Operand rb = use_rm(b, width);
  const RegMask b_regs = rb.isReg() ? regs_of(b) : 0;
  if (info_[a].fused || in_reg(a)) use(a);
  const RegMask avoid = commutative || a == b ? 0 : b_regs;
  const Reg dst = commutative ? dest(v, {a, b}, avoid) : dest(v, {a}, avoid);
  if ((regs_of(a) & mask_of(dst)) != 0) {
    a_.emit(id, gp(dst, width), rb);
  } else if ((b_regs & mask_of(dst)) != 0) {
    a_.emit(id, gp(dst, width), in_reg(a) ? Operand(gp(use(a), width)) : use_rm(a, width));
  } else {
    load_into(dst, a);
    a_.emit(id, gp(dst, width), rb);
  }
  define(v, dst);
}

// Arithmetic of i1, whose two values are 0 and 1, or 0 and -1 where signed, by logic.
void Emitter::emit_bool(Value v, const Inst& inst) {
  const Reg t = temp_int();
  load_into(t, inst.args[0]);
  const auto with = [&](InstId id) {
    const Reg b = use(inst.args[1]);
    a_.emit(id, g32(t), g32(b));
  };
  switch (inst.op) {
    case Op::Add:
    case Op::Sub:
      with(Id::kIdXor);
      break;
    case Op::Mul:
    case Op::ClMul:
    case Op::MulHighSU:
    case Op::MinU:
    case Op::MaxS:
      with(Id::kIdAnd);
      break;
    case Op::MulHighU:
    case Op::MulHighS:
    case Op::ClMulHigh:
      a_.xor_(g32(t), g32(t));
      break;
    case Op::MaxU:
    case Op::MinS:
      with(Id::kIdOr);
      break;
    case Op::DivU:
    case Op::DivS:
      if (inst.imm == 0) {
        with(Id::kIdAnd);
      } else {
        const Reg b = temp_int();
        load_into(b, inst.args[1]);
        a_.xor_(g32(b), 1);
        a_.or_(g32(t), g32(b));
      }
      break;
    case Op::RemU:
    case Op::RemS: {
      const Reg b = temp_int();
      load_into(b, inst.args[1]);
      a_.xor_(g32(b), 1);
      a_.and_(g32(t), g32(b));
      break;
    }
    case Op::Clz:
    case Op::Ctz:
      a_.xor_(g32(t), 1);
      break;
    default:
      break;  // shifts and rotations by a multiple of the width, and popcnt
  }
  define_copy(v, t);
}

void Emitter::emit_add(Value v, const Inst& inst) {
  const unsigned width = width_for(v, inst);
  Value a = rep(inst.args[0]);
  Value b = rep(inst.args[1]);
  if (is_const(a) || info_[a].fused) std::swap(a, b);
  // base + index << n
  if (info_[b].fused && region_->insts[b].op == Op::Shl && region_->insts[b].type == inst.type) {
    const Inst& shift = region_->insts[b];
    const Value x = rep(shift.args[0]);
    const auto scale = static_cast<uint32_t>(const_bits(shift.args[1]));
    int32_t base = 0;
    if (imm32(a, width, &base)) {
      const Reg rx = use(x);
      const Reg dst = dest(v, {x});
      a_.lea(gp(dst, width), x86::ptr(static_cast<uint64_t>(int64_t{base}), g64(rx), scale));
      define(v, dst);
      return;
    }
    const Reg rx = use(x);
    const Reg ra = use(a);
    const Reg dst = dest(v, {x, a});
    a_.lea(gp(dst, width), x86::ptr(g64(ra), g64(rx), scale));
    define(v, dst);
    return;
  }
  int32_t imm = 0;
  if (imm32(b, width, &imm) && in_reg(a)) {
    const Reg ra = use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) != 0) {
      a_.add(gp(dst, width), imm);
    } else if (imm == 0) {
      a_.mov(gp(dst, width), gp(ra, width));
    } else {
      a_.lea(gp(dst, width), x86::ptr(g64(ra), imm));
    }
    define(v, dst);
    return;
  }
  if (in_reg(a) && in_reg(b) && !is_const(b)) {
    const Reg ra = use(a);
    const Reg rb = use(b);
    const Reg dst = dest(v, {a, b});
    if ((regs_of(a) & mask_of(dst)) != 0) {
      a_.add(gp(dst, width), gp(rb, width));
    } else if ((regs_of(b) & mask_of(dst)) != 0) {
      a_.add(gp(dst, width), gp(ra, width));
    } else {
      a_.lea(gp(dst, width), x86::ptr(g64(ra), g64(rb)));
    }
    define(v, dst);
    return;
  }
  emit_alu(v, Id::kIdAdd, a, b, width, true);
}

void Emitter::emit_sub(Value v, const Inst& inst) {
  const unsigned width = width_for(v, inst);
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  int32_t imm = 0;
  if (imm32(b, width, &imm) && imm != INT32_MIN && in_reg(a)) {
    const Reg ra = use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) != 0) {
      a_.sub(gp(dst, width), imm);
    } else {
      a_.lea(gp(dst, width), x86::ptr(g64(ra), -imm));
    }
    define(v, dst);
  } else if (is_const(a) && const_bits(a) == 0) {
    if (in_reg(b)) use(b);
    const Reg dst = dest(v, {b});
    if ((regs_of(b) & mask_of(dst)) == 0) load_into(dst, b);
    a_.neg(gp(dst, width));
    define(v, dst);
  } else {
    emit_alu(v, Id::kIdSub, a, b, width, false);
  }
}

void Emitter::emit_andn(Value v, const Inst& inst) {
  const unsigned width = width_for(v, inst);
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  if (host_.bmi1 && !is_const(b)) {
    const Reg rb = use(b);
    const Operand ra = use_rm(a, width);
    const Reg dst = dest(v, {a, b});
    a_.emit(Id::kIdAndn, gp(dst, width), gp(rb, width), ra);
    define(v, dst);
    return;
  }
  const Reg t = temp_int();
  load_into(t, b);
  a_.not_(gp(t, width));
  const Operand ra = use_rm(a, width);
  a_.emit(Id::kIdAnd, gp(t, width), ra);
  define_copy(v, t);
}

void Emitter::emit_mul(Value v, const Inst& inst) {
  const unsigned width = width_for(v, inst);
  Value a = rep(inst.args[0]);
  Value b = rep(inst.args[1]);
  if (is_const(a)) std::swap(a, b);
  int32_t imm = 0;
  if (imm32(b, width, &imm)) {
    const Operand ra = use_rm(a, width);
    const Reg dst = dest(v, {a});
    a_.emit(Id::kIdImul, gp(dst, width), ra, asmjit::Imm(imm));
    define(v, dst);
  } else {
    emit_alu(v, Id::kIdImul, a, b, width, true);
  }
}

// The high half. The one-operand forms work on rdx:rax; rdx may be a home.
void Emitter::emit_mul_high(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  const unsigned bits = ir::bits(inst.type);
  const bool a_signed = inst.op != Op::MulHighU;
  const bool b_signed = inst.op == Op::MulHighS;
  if (bits < 64) {
    const auto widen = [&](Value x, bool sign) {
      const Reg t = temp_int();
      load_into(t, x);
      extend_in_place(t, bits / 8, sign, Type::I64);
      return t;
    };
    const Reg ta = widen(a, a_signed);
    const Reg tb = widen(b, b_signed);
    a_.imul(g64(ta), g64(tb));
    a_.shr(g64(ta), bits);
    define_copy(v, ta);
    return;
  }
  if (inst.op == Op::MulHighU && host_.bmi2) return emit_mulx(v, a, b);
  take(kRax);
  const bool rdx_is_home = (homes_.homes() & mask_of(kRdx)) != 0;
  if (!rdx_is_home) take(kRdx);
  load_into(kRax, a);
  Operand rb = use_rm(b, 64);
  Reg saved = kNoReg;
  if (rdx_is_home) {
    // The operand may live in rdx itself: it is only read before rdx is written.
    saved = temp_int();
    a_.mov(g64(saved), x86::rdx);
  }
  Reg sign = kNoReg;
  if (a_signed && !b_signed) {
    // signed * unsigned = unsigned * unsigned - (a < 0 ? b << 64 : 0)
    sign = temp_int();
    a_.mov(g64(sign), x86::rax);
    a_.sar(g64(sign), 63);
    a_.emit(Id::kIdAnd, g64(sign), rb);
  }
  a_.emit(b_signed ? Id::kIdImul : Id::kIdMul, rb);
  if (sign != kNoReg) a_.sub(x86::rdx, g64(sign));
  if (rdx_is_home) {
    a_.mov(x86::rax, x86::rdx);
    a_.mov(x86::rdx, g64(saved));
    define_copy(v, kRax);
  } else {
    define_copy(v, kRdx);
  }
}

// One factor is in rdx; named twice, the destination gets the high half.
void Emitter::emit_mulx(Value v, Value a, Value b) {
  a = rep(a);
  b = rep(b);
  const bool rdx_is_home = (homes_.homes() & mask_of(kRdx)) != 0;
  if ((regs_of(b) & mask_of(kRdx)) != 0) std::swap(a, b);
  if ((regs_of(a) & mask_of(kRdx)) != 0) {
    lock(kRdx);
    const Reg rb = use(b);
    const Reg dst = dest(v, {b});
    a_.mulx(g64(dst), g64(dst), g64(rb));
    define(v, dst);
    return;
  }
  if (!rdx_is_home) take(kRdx);
  const Reg rb = use(b);
  Reg saved = kNoReg;
  if (rdx_is_home) {
    saved = temp_int();
    a_.mov(g64(saved), x86::rdx);
  }
  load_into(kRdx, a);
  const Reg dst = dest(v, {b}, mask_of(kRdx));
  a_.mulx(g64(dst), g64(dst), g64(rb));
  if (rdx_is_home) a_.mov(x86::rdx, g64(saved));
  define(v, dst);
}

void Emitter::emit_divide(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const unsigned width = width_of(inst.type);
  const bool is_signed = inst.op == Op::DivS || inst.op == Op::RemS;
  const bool quotient = inst.op == Op::DivU || inst.op == Op::DivS;
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  take(kRax);
  const bool rdx_is_home = (homes_.homes() & mask_of(kRdx)) != 0;
  if (!rdx_is_home) take(kRdx);
  load_into(kRax, a);
  if (bits < 32) extend_in_place(kRax, bits / 8, is_signed, Type::I32);
  // The divisor, in a register that the division does not write.
  Reg divisor = kNoReg;
  if (bits >= 32) {
    divisor = use(b);
  }
  if (bits < 32 || divisor == kRdx) {
    const Reg t = temp_int();
    load_into(t, b);
    if (bits < 32) extend_in_place(t, bits / 8, is_signed, Type::I32);
    divisor = t;
  }
  Reg saved = kNoReg;
  if (rdx_is_home) {
    saved = temp_int();
    a_.mov(g64(saved), x86::rdx);
  }
  const Reg result = quotient ? kRax : kRdx;
  int32_t known = 0;
  const bool constant = imm32(b, width, &known);
  const uint64_t on_zero = width == 32 ? static_cast<uint32_t>(inst.imm) : static_cast<uint64_t>(inst.imm);
  const Label back = a_.newLabel();
  if (!constant || known == 0 || (is_signed && known == -1)) {
    if (!is_signed) {
      a_.test(gp(divisor, width), gp(divisor, width));
      // x / 0 = imm, x % 0 = x
      a_.jz(cold(
          [](Emitter& e, const Cold& c) {
            if (c.data[0] != 0) {
              e.move_constant(kRax, c.data[1], Type::I64);
            } else {
              e.a_.mov(gp(kRdx, static_cast<unsigned>(c.data[2])), gp(kRax, static_cast<unsigned>(c.data[2])));
            }
            e.a_.jmp(c.back);
          },
          {quotient, on_zero, width}, &back));
    } else {
      // 0 and -1 are the two divisors the host's instruction must not see (minimum / -1 traps).
      a_.lea(gp(kRdx, width), x86::ptr(g64(divisor), 1));
      a_.cmp(gp(kRdx, width), 1);
      a_.jbe(cold(
          [](Emitter& e, const Cold& c) {
            const auto reg = static_cast<Reg>(c.data[2]);
            const auto w = static_cast<unsigned>(c.data[3]);
            const Label zero = e.a_.newLabel();
            e.a_.test(gp(reg, w), gp(reg, w));
            e.a_.jz(zero);
            if (c.data[0] != 0) {
              e.a_.neg(gp(kRax, w));
              e.a_.jmp(c.back);
              e.a_.bind(zero);
              e.move_constant(kRax, c.data[1], Type::I64);
            } else {
              e.a_.xor_(x86::edx, x86::edx);
              e.a_.jmp(c.back);
              e.a_.bind(zero);
              e.a_.mov(gp(kRdx, w), gp(kRax, w));
            }
            e.a_.jmp(c.back);
          },
          {quotient, on_zero, divisor, width}, &back));
    }
  }
  if (is_signed) {
    if (width == 64) {
      a_.cqo();
    } else {
      a_.cdq();
    }
    a_.emit(Id::kIdIdiv, gp(divisor, width));
  } else {
    a_.xor_(x86::edx, x86::edx);
    a_.emit(Id::kIdDiv, gp(divisor, width));
  }
  a_.bind(back);
  if (rdx_is_home) {
    // Into rdx itself, if that is where the result shall be.
    const Reg home = home_hint(v);
    if (home == kRdx && replaceable(kRdx, pos_ + 1)) {
      if (result != kRdx) a_.mov(x86::rdx, x86::rax);
      define(v, kRdx);
    } else {
      if (result != kRax) a_.mov(x86::rax, x86::rdx);
      a_.mov(x86::rdx, g64(saved));
      define_copy(v, kRax);
    }
  } else {
    define_copy(v, result);
  }
}

void Emitter::extend_in_place(Reg reg, unsigned bytes, bool sign, Type type) {
  const bool wide = ir::bits(type) > 32;
  switch (bytes) {
    case 1:
      if (!sign) {
        a_.movzx(g32(reg), gp(reg, 8));
      } else if (wide) {
        a_.movsx(g64(reg), gp(reg, 8));
      } else {
        a_.movsx(g32(reg), gp(reg, 8));
      }
      break;
    case 2:
      if (!sign) {
        a_.movzx(g32(reg), gp(reg, 16));
      } else if (wide) {
        a_.movsx(g64(reg), gp(reg, 16));
      } else {
        a_.movsx(g32(reg), gp(reg, 16));
      }
      break;
    case 4:
      if (!wide) break;
      if (sign) {
        a_.movsxd(g64(reg), g32(reg));
      } else {
        a_.mov(g32(reg), g32(reg));
      }
      break;
    default:
      break;
  }
}

Reg Emitter::extended(Value v, bool sign) {
  const Reg t = temp_int();
  load_into(t, v);
  extend_in_place(t, ir::bits(type_of(v)) / 8, sign, Type::I32);
  return t;
}

void Emitter::emit_shift(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const bool rotate = inst.op == Op::Rotl || inst.op == Op::Rotr;
  const unsigned width = rotate && bits < 32 ? bits : width_of(inst.type);
  Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  InstId id = Id::kIdShl;
  switch (inst.op) {
    case Op::Shr:
      id = Id::kIdShr;
      break;
    case Op::Sar:
      id = Id::kIdSar;
      break;
    case Op::Rotl:
      id = Id::kIdRol;
      break;
    case Op::Rotr:
      id = Id::kIdRor;
      break;
    default:
      break;
  }
  if (is_const(b)) {
    const auto amount = static_cast<unsigned>(const_bits(b)) & (bits - 1);
    if (bits < 32 && (inst.op == Op::Shr || inst.op == Op::Sar)) {
      const Reg t = extended(inst.args[0], inst.op == Op::Sar);
      a_.emit(id, g32(t), asmjit::Imm(amount));
      define_copy(v, t);
      return;
    }
    if (rotate && width >= 32 && host_.bmi2) {
      const Operand ra = use_rm(a, width);
      const Reg dst = dest(v, {a});
      if ((regs_of(a) & mask_of(dst)) == 0) {
        a_.emit(Id::kIdRorx, gp(dst, width), ra,
                asmjit::Imm(inst.op == Op::Rotr ? amount : (width - amount) & (width - 1)));
        define(v, dst);
        return;
      }
      a_.emit(id, gp(dst, width), asmjit::Imm(amount));
      define(v, dst);
      return;
    }
    if (in_reg(a)) use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) == 0) {
      if (inst.op == Op::Shl && amount <= 3 && amount >= 1 && in_reg(a)) {
        const Reg ra = use(a);
        if (amount == 1) {
          a_.lea(gp(dst, width), x86::ptr(g64(ra), g64(ra)));
        } else {
          a_.lea(gp(dst, width), x86::ptr(uint64_t{0}, g64(ra), amount));
        }
        define(v, dst);
        return;
      }
      load_into(dst, a);
    }
    if (amount != 0 || width == 32) {
      if (amount == 0) {
        a_.mov(g32(dst), g32(dst));
      } else {
        a_.emit(id, gp(dst, width), asmjit::Imm(amount));
      }
    }
    define(v, dst);
    return;
  }
  if (host_.bmi2 && bits >= 32 && !rotate) {
    const InstId three = inst.op == Op::Shl ? Id::kIdShlx : inst.op == Op::Shr ? Id::kIdShrx : Id::kIdSarx;
    const Reg rb = use(b);
    const Operand ra = use_rm(a, width);
    const Reg dst = dest(v, {a, b});
    a_.emit(three, gp(dst, width), ra, gp(rb, width));
    define(v, dst);
    return;
  }
  // The amount must be in cl, and rcx may be a home.
  const bool rcx_is_home = (homes_.homes() & mask_of(kRcx)) != 0;
  if (!rcx_is_home) take(kRcx);
  const Reg t = temp_int();
  load_into(t, a);
  if (bits < 32 && (inst.op == Op::Shr || inst.op == Op::Sar)) {
    extend_in_place(t, bits / 8, inst.op == Op::Sar, Type::I32);
  }
  const Reg rb = use(b);
  Reg saved = kNoReg;
  if (rcx_is_home && rb != kRcx) {
    saved = temp_int();
    a_.mov(g64(saved), x86::rcx);
  }
  Reg own = kNoReg;
  if (bits < 32 && rb == kRcx) {
    own = temp_int();
    a_.mov(g64(own), x86::rcx);
  }
  if (rb != kRcx) a_.mov(x86::ecx, g32(rb));
  if (bits < 32) a_.and_(x86::ecx, bits - 1);
  a_.emit(id, gp(t, width), x86::cl);
  if (saved != kNoReg) a_.mov(x86::rcx, g64(saved));
  if (own != kNoReg) a_.mov(x86::rcx, g64(own));
  define_copy(v, t);
}

void Emitter::emit_select(Value v, const Inst& inst) {
  const Value cond = rep(inst.args[0]);
  const Value a = rep(inst.args[1]);
  const Value b = rep(inst.args[2]);
  if (in_vec(inst.type)) {
    const Reg ra = use(a);
    const Reg rb = use(b);
    const Condition c = condition(cond);
    const Reg dst = dest(v, {b}, mask_of(ra));
    // Moves leave the flags alone.
    vec_move(dst, rb);
    const Label done = a_.newLabel();
    const Condition n = negate(c);
    a_.emit(x86::Inst::jccFromCond(n.cc), done);
    vec_move(dst, ra);
    a_.bind(done);
    define(v, dst);
    return;
  }
  const unsigned width = width_of(inst.type);
  // Operands first: loading a constant may change flags.
  const Reg ra = use(a);
  Value on_true = a;
  Value on_false = b;
  const bool a_dies = !live_after(a) && (regs_of(a) & pool_) != 0;
  Reg rb = use(b);
  const bool b_dies = !live_after(b) && (regs_of(b) & pool_) != 0;
  const bool swap = a_dies && !b_dies;
  const RegMask operands = locked_;
  Condition c = condition(cond);
  locked_ = operands;
  // The compare has read its operands; from here on only moves.
  Reg r_true = ra;
  Reg r_false = rb;
  if (swap) {
    std::swap(r_true, r_false);
    std::swap(on_true, on_false);
    c = negate(c);
  }
  const Reg dst = dest(v, {on_false}, 0);
  if ((regs_of(on_false) & mask_of(dst)) != 0) {
    a_.emit(x86::Inst::cmovccFromCond(c.cc), gp(dst, width), gp(r_true, width));
  } else if ((regs_of(on_true) & mask_of(dst)) != 0) {
    a_.emit(x86::Inst::cmovccFromCond(negate(c).cc), gp(dst, width), gp(r_false, width));
  } else {
    a_.mov(gp(dst, width), gp(r_false, width));
    a_.emit(x86::Inst::cmovccFromCond(c.cc), gp(dst, width), gp(r_true, width));
  }
  define(v, dst);
}

void Emitter::emit_min_max(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const bool is_signed = inst.op == Op::MinS || inst.op == Op::MaxS;
  const bool min = inst.op == Op::MinU || inst.op == Op::MinS;
  const unsigned width = width_of(inst.type);
  Reg ra = kNoReg;
  Reg rb = kNoReg;
  if (bits < 32) {
    ra = extended(inst.args[0], is_signed);
    rb = extended(inst.args[1], is_signed);
  } else {
    ra = use(inst.args[0]);
    rb = use(inst.args[1]);
  }
  CondCode take_b = is_signed ? CondCode::kG : CondCode::kA;  // min: a > b
  if (!min) take_b = is_signed ? CondCode::kL : CondCode::kB;
  const Reg dst = bits < 32 ? dest(v, {}, mask_of(rb)) : dest(v, {inst.args[0]}, mask_of(rb));
  a_.cmp(gp(ra, width), gp(rb, width));
  if (dst != ra) a_.mov(gp(dst, width), gp(ra, width));
  a_.emit(x86::Inst::cmovccFromCond(take_b), gp(dst, width), gp(rb, width));
  define(v, dst);
}

// Carry or signed overflow out of a + b + carry in.
void Emitter::emit_carry(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  const Value c = rep(inst.args[2]);
  const unsigned width = ir::bits(type_of(inst.args[0]));
  const Reg t = temp_int();
  load_into(t, a);
  const Reg rb = use(b);
  if (width == 1) {
    // The sum of three bits carries where it is 2 or 3; as signed numbers, it overflows where that is not the carry in.
    const Reg rc = use(c);
    a_.lea(g32(t), x86::ptr(g64(t), g64(rb)));
    a_.add(g32(t), g32(rc));
    a_.shr(g32(t), 1);
    if (inst.op == Op::AddOverflow) a_.xor_(g32(t), g32(rc));
    define_copy(v, t);
    return;
  }
  if (is_const(c) && const_bits(c) == 0) {
    a_.emit(Id::kIdAdd, gp(t, width), gp(rb, width));
  } else {
    const Reg rc = temp_int();
    load_into(rc, c);
    a_.add(gp(rc, 8), -1);  // carry flag = carry in
    a_.emit(Id::kIdAdc, gp(t, width), gp(rb, width));
  }
  Condition cond;
  cond.cc = inst.op == Op::AddCarry ? CondCode::kC : CondCode::kO;
  emit_set_condition(v, cond, dest(v, {}, locked_));
}

void Emitter::emit_extend(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const Type from = type_of(inst.args[0]);
  if (inst.op == Op::Trunc) {  // to i1; the others share their operand's register
    if (in_reg(a)) use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) == 0) load_into(dst, a);
    a_.and_(g32(dst), 1);
    define(v, dst);
    return;
  }
  const bool sign = inst.op == Op::Sext;
  if (from == Type::I1) {
    if (in_reg(a)) use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) == 0) load_into(dst, a);
    if (sign) a_.neg(gp(dst, width_of(inst.type)));
    define(v, dst);
    return;
  }
  if (is_const(a)) {
    const unsigned shift = 64 - ir::bits(from);
    const uint64_t low = const_bits(a) << shift;
    uint64_t bits = sign ? static_cast<uint64_t>(static_cast<int64_t>(low) >> shift) : low >> shift;
    if (ir::bits(inst.type) <= 32) bits = static_cast<uint32_t>(bits);
    const Reg dst = dest(v);
    move_constant(dst, bits, inst.type);
    define(v, dst);
    return;
  }
  const unsigned from_bits = ir::bits(from);
  const Operand ra = use_rm(a, from_bits);
  const Reg dst = dest(v, {a});
  const bool wide = ir::bits(inst.type) > 32;
  if (from_bits == 32) {
    if (sign) {
      a_.emit(Id::kIdMovsxd, g64(dst), ra);
    } else {
      a_.emit(Id::kIdMov, g32(dst), ra);
    }
  } else if (sign) {
    a_.emit(Id::kIdMovsx, wide ? Operand(g64(dst)) : Operand(g32(dst)), ra);
  } else {
    a_.emit(Id::kIdMovzx, g32(dst), ra);
  }
  define(v, dst);
}

void Emitter::emit_concat(Value v, const Inst& inst) {
  const unsigned half = ir::bits(type_of(inst.args[0]));
  const Reg low = temp_int();
  load_into(low, inst.args[0]);
  extend_in_place(low, half / 8, false, Type::I64);
  const Reg high = temp_int();
  load_into(high, inst.args[1]);
  const unsigned width = width_of(inst.type);
  a_.shl(gp(high, width), half);
  a_.or_(gp(low, width), gp(high, width));
  define_copy(v, low);
}

}  // namespace menura::x64
