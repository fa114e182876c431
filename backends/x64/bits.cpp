// Counting, reversing and carry-less multiplication of bits.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;
using ir::Type;

void Emitter::emit_count(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const unsigned width = width_of(inst.type);
  const Value a = rep(inst.args[0]);
  if (bits >= 32 && (inst.op == Op::Popcnt || (inst.op == Op::Clz ? host_.lzcnt : host_.bmi1))) {
    const Operand ra = use_rm(a, width);
    const Reg dst = dest(v, {a});
    const InstId id = inst.op == Op::Popcnt ? Id::kIdPopcnt : inst.op == Op::Clz ? Id::kIdLzcnt : Id::kIdTzcnt;
    a_.emit(id, gp(dst, width), ra);
    define(v, dst);
    return;
  }
  const Reg t = temp_int();
  load_into(t, a);
  if (bits < 32) extend_in_place(t, bits / 8, false, Type::I32);
  switch (inst.op) {
    case Op::Popcnt:
      a_.popcnt(g32(t), g32(t));
      break;
    case Op::Ctz: {
      // A one above the type's bits ends the search; with 32 and 64 bits zero needs a look of its own (bsf leaves its
      // destination undefined).
      const Reg r = temp_int();
      if (bits < 32) {
        a_.or_(g32(t), 1U << bits);
        a_.bsf(g32(t), g32(t));
      } else {
        a_.mov(g32(r), bits);
        a_.bsf(gp(t, width), gp(t, width));
        a_.cmovz(gp(t, width), gp(r, width));
      }
      break;
    }
    default: {
      // bsr gives the number of the highest one: width - 1 - clz.
      const Reg r = temp_int();
      if (bits < 32) {
        a_.lea(g32(t), x86::ptr(g64(t), g64(t), 0, 1));  // 2x + 1: never zero
        a_.bsr(g32(t), g32(t));
        a_.neg(g32(t));
        a_.add(g32(t), static_cast<int>(bits));
      } else {
        a_.mov(g32(r), 2 * bits - 1);
        a_.bsr(gp(t, width), gp(t, width));
        a_.cmovz(gp(t, width), gp(r, width));
        a_.xor_(g32(t), bits - 1);
      }
      break;
    }
  }
  define_copy(v, t);
}

void Emitter::emit_bswap(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const Value a = rep(inst.args[0]);
  if (in_reg(a)) use(a);
  const Reg dst = dest(v, {a});
  if ((regs_of(a) & mask_of(dst)) == 0) load_into(dst, a);
  if (bits == 16) a_.movzx(g32(dst), gp(dst, 16));
  swap_bytes(dst, bits / 8);
  define(v, dst);
}

void Emitter::emit_bit_reverse(Value v, const Inst& inst) {
  const unsigned width = width_of(inst.type);
  const Value a = rep(inst.args[0]);
  if (host_.gfni) {
    const Reg x = temp_vec();
    const Reg ra = use(a);
    a_.vmovq(xm(x), g64(ra));
    // The matrix that mirrors the bits of a byte.
    a_.vgf2p8affineqb(xm(x), xm(x), pool(0x8040201008040201, 0x8040201008040201, 16), 0);
    const Reg dst = dest(v, {a});
    if (width == 64) {
      a_.vmovq(g64(dst), xm(x));
    } else {
      a_.vmovd(g32(dst), xm(x));
    }
    define(v, dst);
    return;
  }
  const Reg t = temp_int();
  const Reg high = temp_int();
  const Reg mask = temp_int();
  load_into(t, a);
  constexpr uint64_t masks[3] = {0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f};
  for (unsigned i = 0; i < 3; ++i) {
    a_.mov(g64(mask), masks[i]);
    a_.mov(g64(high), g64(t));
    a_.shr(g64(high), 1U << i);
    a_.and_(g64(high), g64(mask));
    a_.and_(g64(t), g64(mask));
    a_.shl(g64(t), 1U << i);
    a_.or_(g64(t), g64(high));
  }
  if (width == 32) a_.mov(g32(t), g32(t));
  define_copy(v, t);
}

// The product of two n-bit polynomials has 2n - 1 bits; pclmulqdq gives 128.
void Emitter::emit_clmul(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  const bool high = inst.op == Op::ClMulHigh;
  if (host_.pclmul) {
    const Reg x = temp_vec();
    const Reg y = temp_vec();
    const auto load = [&](Reg to, Value from) {
      const RegMask before = locked_;
      Reg r = use(from);
      if (bits < 64) {
        const Reg t = temp_int();
        a_.mov(g64(t), g64(r));
        extend_in_place(t, bits / 8, false, Type::I64);
        r = t;
      }
      a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, xm(to), g64(r));
      locked_ = before;
    };
    load(x, a);
    load(y, b);
    vec3({Id::kIdVpclmulqdq, Id::kIdPclmulqdq}, x, x, xm(y), 0);
    const Reg dst = dest(v);
    if (high && bits == 64) {
      a_.emit(host_.avx ? Id::kIdVpextrq : Id::kIdPextrq, g64(dst), xm(x), asmjit::Imm(1));
    } else {
      a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, g64(dst), xm(x));
      if (high) a_.shr(g64(dst), bits);
    }
    if (bits == 32) a_.mov(g32(dst), g32(dst));
    define(v, dst);
    return;
  }
  // One step per bit of the first operand, from its top: result = result << 1 ^ (bit ? b : 0). The high half comes out
  // of the same loop run on reversed significance: high(a, b) collects b >> (n - i) for every bit i of a.
  take(kRax);
  const Reg x = temp_int();
  load_into(x, a);
  if (bits < 64) extend_in_place(x, bits / 8, false, Type::I64);
  const Reg y = temp_int();
  load_into(y, b);
  if (bits < 64) extend_in_place(y, bits / 8, false, Type::I64);
  const Label again = a_.newLabel();
  const Label skip = a_.newLabel();
  const Label done = a_.newLabel();
  a_.xor_(x86::eax, x86::eax);
  if (!high) {
    a_.bind(again);
    a_.test(g64(x), g64(x));
    a_.jz(done);
    a_.shr(g64(x), 1);
    a_.jnc(skip);
    a_.xor_(x86::rax, g64(y));
    a_.bind(skip);
    a_.add(g64(y), g64(y));
    a_.jmp(again);
  } else {
    if (bits < 64) a_.shl(g64(x), 64 - bits);
    a_.bind(again);
    a_.test(g64(x), g64(x));
    a_.jz(done);
    a_.shr(g64(y), 1);
    a_.add(g64(x), g64(x));
    a_.jnc(skip);
    a_.xor_(x86::rax, g64(y));
    a_.bind(skip);
    a_.jmp(again);
  }
  a_.bind(done);
  if (bits == 32) a_.mov(x86::eax, x86::eax);
  define_copy(v, kRax);
}

}  // namespace menura::x64
