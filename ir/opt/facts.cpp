#include "ir/opt/facts.h"

#include <algorithm>

namespace menura::ir::opt {

namespace {

Facts make(Type type, uint64_t ones, unsigned sign) {
  const unsigned width = bits(type);
  ones &= low_mask(width);
  // Leading zeros are copies of a zero sign.
  const unsigned zeros = width - static_cast<unsigned>(std::bit_width(ones));
  return {ones, static_cast<uint8_t>(std::clamp(std::max(sign, zeros), 1U, width))};
}

unsigned length(const Facts& facts) { return static_cast<unsigned>(std::bit_width(facts.ones)); }

// Of what a memory access reads into an integer.
Facts accessed(const Inst& inst) {
  const auto desc = unpack<MemDesc>(inst.aux);
  const unsigned width = bits(inst.type);
  const unsigned read = 8 * desc.size();
  if (read >= width) return Facts::of(inst.type);
  if (desc.sign_extend) return make(inst.type, ~uint64_t{0}, width - read + 1);
  return make(inst.type, low_mask(read), 1);
}

Facts shifted(const Inst& inst, const Facts& a, int64_t constant) {
  const unsigned width = bits(inst.type);
  const unsigned by = static_cast<unsigned>(constant) & (width - 1);
  switch (inst.op) {
    case Op::Shl:
      return make(inst.type, a.ones << by, a.sign > by ? a.sign - by : 1U);
    case Op::Shr:
      return make(inst.type, a.ones >> by, by == 0 ? a.sign : 1U);
    case Op::Sar:
      return make(inst.type, static_cast<uint64_t>(canonical(inst.type, a.ones) >> by), a.sign + by);
    default:
      return Facts::of(inst.type);
  }
}

Facts float_facts(const Inst& inst, const FactInputs& in) {
  switch (inst.op) {
    case Op::Const:
      return Facts::of_constant(inst.type, inst.imm);
    case Op::NanBox:
      return {~uint64_t{0}, static_cast<uint8_t>(bits(inst.type) - bits(in.source))};
    case Op::Select:
      return in.args[1].either(in.args[2]);
    default:
      return {};
  }
}

}  // namespace

Facts compute_facts(const Inst& inst, const FactInputs& in) {
  const Type type = inst.type;
  if (!is_small_int(type)) return is_float(type) && bits(type) <= 128 ? float_facts(inst, in) : Facts{};
  const unsigned width = bits(type);
  const Facts& a = in.args[0];
  const Facts& b = in.args[1];
  switch (inst.op) {
    case Op::Const:
      return Facts::of_constant(type, inst.imm);
    case Op::Add:
      return make(type, low_mask(std::max(length(a), length(b)) + 1), std::min(a.sign, b.sign) - 1U);
    case Op::Sub:
      return make(type, ~uint64_t{0}, std::min(a.sign, b.sign) - 1U);
    case Op::Mul: {
      const unsigned sign = a.sign + b.sign;
      return make(type, low_mask(length(a) + length(b)), sign > width + 1 ? sign - width - 1 : 1);
    }
    case Op::DivU:
      return in.has_constant && in.constant != 0 ? make(type, low_mask(length(a)), 1) : Facts::of(type);
    case Op::RemU:
      return make(type, low_mask(length(a)), 1);
    case Op::RemS:
      return make(type, ~uint64_t{0}, a.sign);
    case Op::And:
      return make(type, a.ones & b.ones, std::min(a.sign, b.sign));
    case Op::Andn:
      return make(type, a.ones, std::min(a.sign, b.sign));
    case Op::Or:
    case Op::Xor:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
      return make(type, a.ones | b.ones, std::min(a.sign, b.sign));
    case Op::MinU:
      return make(type, (a.ones | b.ones) & low_mask(std::min(length(a), length(b))), std::min(a.sign, b.sign));
    case Op::Shl:
    case Op::Shr:
    case Op::Sar:
      if (in.has_constant) return shifted(inst, a, in.constant);
      if (inst.op == Op::Shl) return Facts::of(type);
      return make(type, low_mask(length(a)), inst.op == Op::Sar ? a.sign : 1U);
    case Op::Clz:
    case Op::Ctz:
    case Op::Popcnt:
      return make(type, low_mask(static_cast<unsigned>(std::bit_width(width))), 1);
    case Op::Select:
      return in.args[1].either(in.args[2]);
    case Op::Zext:
      return make(type, a.ones, 1);
    case Op::Sext:
      return make(
          type,
          static_cast<uint64_t>(in.source == Type::I1 ? -static_cast<int64_t>(a.ones) : canonical(in.source, a.ones)),
          a.sign + width - bits(in.source));
    case Op::Trunc: {
      const unsigned dropped = bits(in.source) - width;
      if (!is_small_int(in.source)) return Facts::of(type);
      return make(type, a.ones, a.sign > dropped ? a.sign - dropped : 1U);
    }
    case Op::Load:
    case Op::Atomic:
    case Op::CmpXchg:
    case Op::LoadLinked:
      return accessed(inst);
    case Op::FpFlagsGet:
      return make(type, 31, 1);
    default:
      return Facts::of(type);
  }
}

}  // namespace menura::ir::opt
