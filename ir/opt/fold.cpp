#include "ir/opt/fold.h"

#include <bit>

#include "ir/opt/facts.h"

namespace menura::ir::opt {

namespace {

using Unsigned128 = unsigned __int128;
using Signed128 = __int128;

uint64_t bytes_reversed(uint64_t value, unsigned width) { return __builtin_bswap64(value) >> (64 - width); }

uint64_t bits_reversed_in_bytes(uint64_t value) {
  value = (value & 0x5555555555555555U) << 1 | (value >> 1 & 0x5555555555555555U);
  value = (value & 0x3333333333333333U) << 2 | (value >> 2 & 0x3333333333333333U);
  return (value & 0x0f0f0f0f0f0f0f0fU) << 4 | (value >> 4 & 0x0f0f0f0f0f0f0f0fU);
}

Unsigned128 carry_less(uint64_t a, uint64_t b) {
  Unsigned128 product = 0;
  for (unsigned i = 0; i < 64; ++i) {
    if ((b >> i & 1) != 0) product ^= Unsigned128{a} << i;
  }
  return product;
}

uint64_t rotated_left(uint64_t value, unsigned by, unsigned width) {
  if (by == 0) return value;
  return value << by | value >> (width - by);
}

}  // namespace

bool holds(Cond cond, Type type, int64_t a, int64_t b) {
  const uint64_t mask = low_mask(bits(type));
  const uint64_t ua = static_cast<uint64_t>(a) & mask;
  const uint64_t ub = static_cast<uint64_t>(b) & mask;
  // i1 counts 0 and -1 where it is signed.
  const int64_t sa = type == Type::I1 ? -a : a;
  const int64_t sb = type == Type::I1 ? -b : b;
  switch (cond) {
    case Cond::Eq:
      return ua == ub;
    case Cond::Ne:
      return ua != ub;
    case Cond::Ult:
      return ua < ub;
    case Cond::Ule:
      return ua <= ub;
    case Cond::Ugt:
      return ua > ub;
    case Cond::Uge:
      return ua >= ub;
    case Cond::Slt:
      return sa < sb;
    case Cond::Sle:
      return sa <= sb;
    case Cond::Sgt:
      return sa > sb;
    case Cond::Sge:
      return sa >= sb;
  }
  return false;
}

Cond inverted(Cond cond) {
  constexpr Cond table[] = {Cond::Ne,  Cond::Eq,  Cond::Uge, Cond::Ugt, Cond::Ule,
                            Cond::Ult, Cond::Sge, Cond::Sgt, Cond::Sle, Cond::Slt};
  return table[static_cast<unsigned>(cond)];
}

Cond swapped(Cond cond) {
  constexpr Cond table[] = {Cond::Eq,  Cond::Ne,  Cond::Ugt, Cond::Uge, Cond::Ult,
                            Cond::Ule, Cond::Sgt, Cond::Sge, Cond::Slt, Cond::Sle};
  return table[static_cast<unsigned>(cond)];
}

std::optional<int64_t> fold(const Inst& inst, Type source, int64_t a, int64_t b, int64_t c) {
  const Type type = inst.type;
  // i1 is left alone but for the plainest ops: signed arithmetic on one bit is nobody's business.
  if (!is_small_int(type) || !is_small_int(source)) return std::nullopt;
  const unsigned width = bits(type);
  const uint64_t mask = low_mask(width);
  const uint64_t ua = static_cast<uint64_t>(a) & mask;
  const uint64_t ub = static_cast<uint64_t>(b) & mask;
  const unsigned by = static_cast<unsigned>(b) & (width - 1);
  const auto value = [&](uint64_t result) { return std::optional<int64_t>(canonical(type, result)); };
  const auto pick = [&](bool first) { return std::optional<int64_t>(first ? a : b); };
  switch (inst.op) {
    case Op::ICmp:
      return holds(static_cast<Cond>(inst.aux), source, a, b) ? 1 : 0;
    case Op::Select:
      return a != 0 ? b : c;
    case Op::And:
      return value(ua & ub);
    case Op::Or:
      return value(ua | ub);
    case Op::Xor:
      return value(ua ^ ub);
    case Op::Andn:
      return value(ua & ~ub);
    case Op::Zext:
      return value(static_cast<uint64_t>(a) & low_mask(bits(source)));
    case Op::Sext:
      return value(static_cast<uint64_t>(source == Type::I1 ? -a : a));
    case Op::Trunc:
      return value(static_cast<uint64_t>(a));
    default:
      break;
  }
  if (type == Type::I1) return std::nullopt;
  switch (inst.op) {
    case Op::Add:
      return value(ua + ub);
    case Op::Sub:
      return value(ua - ub);
    case Op::Mul:
      return value(ua * ub);
    case Op::MulHighU:
      return value(static_cast<uint64_t>(Unsigned128{ua} * ub >> width));
    case Op::MulHighS:
      return value(static_cast<uint64_t>(Signed128{a} * b >> width));
    case Op::MulHighSU:
      return value(static_cast<uint64_t>(Signed128{a} * static_cast<Signed128>(ub) >> width));
    case Op::DivU:
      return ub == 0 ? value(static_cast<uint64_t>(inst.imm)) : value(ua / ub);
    case Op::DivS:
      if (b == 0) return value(static_cast<uint64_t>(inst.imm));
      return b == -1 ? value(-ua) : value(static_cast<uint64_t>(a / b));
    case Op::RemU:
      return ub == 0 ? value(ua) : value(ua % ub);
    case Op::RemS:
      if (b == 0) return value(ua);
      return b == -1 ? value(0) : value(static_cast<uint64_t>(a % b));
    case Op::Shl:
      return value(ua << by);
    case Op::Shr:
      return value(ua >> by);
    case Op::Sar:
      return value(static_cast<uint64_t>(a >> by));
    case Op::Rotl:
      return value(rotated_left(ua, by, width));
    case Op::Rotr:
      return value(rotated_left(ua, (width - by) & (width - 1), width));
    case Op::Clz:
      return value(static_cast<uint64_t>(std::countl_zero(ua)) - (64 - width));
    case Op::Ctz:
      return value(ua == 0 ? width : static_cast<uint64_t>(std::countr_zero(ua)));
    case Op::Popcnt:
      return value(static_cast<uint64_t>(std::popcount(ua)));
    case Op::Bswap:
      return value(bytes_reversed(ua, width));
    case Op::BitRev8:
      return value(bits_reversed_in_bytes(ua));
    case Op::ClMul:
      return value(static_cast<uint64_t>(carry_less(ua, ub)));
    case Op::ClMulHigh:
      return value(static_cast<uint64_t>(carry_less(ua, ub) >> width));
    case Op::MinU:
      return pick(ua < ub);
    case Op::MaxU:
      return pick(ua > ub);
    case Op::MinS:
      return pick(a < b);
    case Op::MaxS:
      return pick(a > b);
    default:
      return std::nullopt;
  }
}

}  // namespace menura::ir::opt
