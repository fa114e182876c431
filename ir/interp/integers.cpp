#include "ir/interp/integers.h"

#include <cassert>

namespace menura::ir {

namespace {

// High half of a product of two 128-bit numbers, from products of 64-bit halves.
U128 mul_high_128(U128 a, U128 b) {
  const U128 mask = ~uint64_t{0};
  const U128 low = (a & mask) * (b & mask);
  const U128 cross1 = (a >> 64) * (b & mask) + (low >> 64);
  const U128 cross2 = (a & mask) * (b >> 64) + (cross1 & mask);
  return (a >> 64) * (b >> 64) + (cross1 >> 64) + (cross2 >> 64);
}

U128 mul_high(unsigned width, U128 a, U128 b, bool a_signed, bool b_signed) {
  U128 high = width == 128 ? mul_high_128(a, b) : (a * b) >> width;
  // A negative number is its bits minus 2^width.
  if (a_signed && sign_extended(a, width) < 0) high -= b;
  if (b_signed && sign_extended(b, width) < 0) high -= a;
  return high;
}

U128 div_signed(unsigned width, U128 a, U128 b) {
  if (sign_extended(b, width) == -1) return U128{0} - a;  // the minimum stays itself
  return static_cast<U128>(sign_extended(a, width) / sign_extended(b, width));
}

U128 rem_signed(unsigned width, U128 a, U128 b) {
  if (sign_extended(b, width) == -1) return 0;
  return static_cast<U128>(sign_extended(a, width) % sign_extended(b, width));
}

unsigned leading_zeros(unsigned width, U128 a) {
  unsigned count = 0;
  while (count < width && (a >> (width - 1 - count) & 1) == 0) ++count;
  return count;
}

unsigned trailing_zeros(unsigned width, U128 a) {
  unsigned count = 0;
  while (count < width && (a >> count & 1) == 0) ++count;
  return count;
}

unsigned ones(U128 a) {
  return static_cast<unsigned>(__builtin_popcountll(static_cast<uint64_t>(a)) +
                               __builtin_popcountll(static_cast<uint64_t>(a >> 64)));
}

U128 swap_bytes(unsigned width, U128 a) {
  U128 result = 0;
  for (unsigned i = 0; i < width; i += 8) result |= (a >> i & 0xff) << (width - 8 - i);
  return result;
}

U128 reverse_bits_of_bytes(unsigned width, U128 a) {
  U128 result = 0;
  for (unsigned i = 0; i < width; ++i) result |= (a >> i & 1) << ((i & ~7U) + 7 - (i & 7));
  return result;
}

U128 carry_less(unsigned width, U128 a, U128 b, bool high) {
  U128 result = 0;
  for (unsigned i = 0; i < width; ++i) {
    if ((b >> i & 1) == 0) continue;
    if (!high) {
      result ^= a << i;
    } else if (i != 0) {
      result ^= a >> (width - i);
    }
  }
  return result;
}

bool carry_out(unsigned width, U128 a, U128 b, U128 c) {
  if (width < 128) return ((a + b + c) >> width & 1) != 0;
  const U128 sum = a + b;
  return sum < a || sum + c < sum;
}

bool overflow(unsigned width, U128 a, U128 b, U128 c) {
  const U128 sum = a + b + c;
  return ((a ^ sum) & (b ^ sum)) >> (width - 1) & 1;
}

U128 rotate_left(unsigned width, U128 a, unsigned amount) {
  return amount == 0 ? a : a << amount | a >> (width - amount);
}

U128 evaluate(const Inst& inst, unsigned width, U128 a, U128 b, U128 c) {
  const auto amount = static_cast<unsigned>(b % width);  // of shifts and rotations
  switch (inst.op) {
    case Op::Add:
      return a + b;
    case Op::Sub:
      return a - b;
    case Op::Mul:
      return a * b;
    case Op::MulHighU:
      return mul_high(width, a, b, false, false);
    case Op::MulHighS:
      return mul_high(width, a, b, true, true);
    case Op::MulHighSU:
      return mul_high(width, a, b, true, false);
    case Op::DivU:
      return b == 0 ? static_cast<U128>(S128{inst.imm}) : a / b;
    case Op::DivS:
      return b == 0 ? static_cast<U128>(S128{inst.imm}) : div_signed(width, a, b);
    case Op::RemU:
      return b == 0 ? a : a % b;
    case Op::RemS:
      return b == 0 ? a : rem_signed(width, a, b);
    case Op::And:
      return a & b;
    case Op::Or:
      return a | b;
    case Op::Xor:
      return a ^ b;
    case Op::Andn:
      return a & ~b;
    case Op::Shl:
      return a << amount;
    case Op::Shr:
      return a >> amount;
    case Op::Sar:
      return static_cast<U128>(sign_extended(a, width) >> amount);
    case Op::Rotl:
      return rotate_left(width, a, amount);
    case Op::Rotr:
      return rotate_left(width, a, (width - amount) % width);
    case Op::Clz:
      return leading_zeros(width, a);
    case Op::Ctz:
      return trailing_zeros(width, a);
    case Op::Popcnt:
      return ones(a);
    case Op::Bswap:
      return swap_bytes(width, a);
    case Op::BitRev8:
      return reverse_bits_of_bytes(width, a);
    case Op::ClMul:
      return carry_less(width, a, b, false);
    case Op::ClMulHigh:
      return carry_less(width, a, b, true);
    case Op::MinU:
      return a < b ? a : b;
    case Op::MaxU:
      return a < b ? b : a;
    case Op::MinS:
      return sign_extended(a, width) < sign_extended(b, width) ? a : b;
    case Op::MaxS:
      return sign_extended(a, width) < sign_extended(b, width) ? b : a;
    case Op::ICmp:
      return compare_ints(static_cast<Cond>(inst.aux), width, a, b) ? 1 : 0;
    case Op::AddCarry:
      return carry_out(width, a, b, c) ? 1 : 0;
    case Op::SubOverflow:
      return ((a ^ b) & (a ^ (a - b))) >> (width - 1) & 1;
    case Op::AddOverflow:
      return overflow(width, a, b, c) ? 1 : 0;
    case Op::Zext:
    case Op::Trunc:
      return a;
    case Op::Sext:
      return static_cast<U128>(sign_extended(a, width));
    case Op::Concat:
      return a | b << width;
    default:
      break;
  }
  assert(false && "no integer op");
  return 0;
}

}  // namespace

U128 evaluate_int(const Inst& inst, unsigned width, U128 a, U128 b, U128 c) {
  return low_bits(evaluate(inst, width, a, b, c), bits(inst.type));
}

bool compare_ints(Cond cond, unsigned width, U128 a, U128 b) {
  const S128 sa = sign_extended(a, width);
  const S128 sb = sign_extended(b, width);
  switch (cond) {
    case Cond::Eq:
      return a == b;
    case Cond::Ne:
      return a != b;
    case Cond::Ult:
      return a < b;
    case Cond::Ule:
      return a <= b;
    case Cond::Ugt:
      return a > b;
    case Cond::Uge:
      return a >= b;
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

}  // namespace menura::ir
