// AES, FIPS 197. A state is 16 bytes, column by column: byte 4 * c + r is in row r, column c.
#include <array>
#include <cassert>
#include <cstdint>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

using State = std::array<uint8_t, 16>;

// 4.2: a product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr uint8_t times(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    a <<= 1;
    if ((a & 0x100) != 0) a ^= 0x11b;
  }
  return static_cast<uint8_t>(product);
}

// 5.1.1: the inverse in GF(2^8) (0 for 0), then an affine transformation. Inverses by powers: 3 generates the group,
// which has 255 elements.
constexpr std::array<uint8_t, 256> make_substitution() {
  std::array<uint8_t, 256> power = {};
  for (unsigned i = 0, value = 1; i < 256; ++i, value = times(value, 3)) power[i] = static_cast<uint8_t>(value);
  std::array<uint8_t, 256> table = {0x63};
  for (unsigned i = 0; i < 255; ++i) {
    const unsigned inverse = power[255 - i];
    unsigned value = 0x63;
    for (unsigned turn = 0; turn < 5; ++turn) value ^= (inverse << turn | inverse >> (8 - turn)) & 0xff;
    table[power[i]] = static_cast<uint8_t>(value);
  }
  return table;
}

constexpr std::array<uint8_t, 256> inverse_of(const std::array<uint8_t, 256>& permutation) {
  std::array<uint8_t, 256> table = {};
  for (unsigned i = 0; i < 256; ++i) table[permutation[i]] = static_cast<uint8_t>(i);
  return table;
}

constexpr std::array<uint8_t, 256> kSubstitution = make_substitution();
constexpr std::array<uint8_t, 256> kInverseSubstitution = inverse_of(kSubstitution);

// 5.1.1 and 5.1.2: row r turns r places to the left.
State sub_shift(const State& state) {
  State result;
  for (unsigned i = 0; i < 16; ++i) result[i] = kSubstitution[state[(i + 4 * (i % 4)) % 16]];
  return result;
}

// 5.3.1 and 5.3.2: to the right.
State sub_shift_inverse(const State& state) {
  State result;
  for (unsigned i = 0; i < 16; ++i) result[i] = kInverseSubstitution[state[(i + 16 - 4 * (i % 4)) % 16]];
  return result;
}

// 5.1.3 and 5.3.3: each column times a fixed polynomial; its coefficients in the order of the matrix's first row.
State mix(const State& state, const std::array<uint8_t, 4>& row) {
  State result = {};
  for (unsigned i = 0; i < 16; ++i) {
    for (unsigned k = 0; k < 4; ++k) result[i] ^= times(state[i / 4 * 4 + k], row[(k + 4 - i % 4) % 4]);
  }
  return result;
}

State transformed(Op op, const State& state) {
  switch (op) {
    case Op::VAesSubShift:
      return sub_shift(state);
    case Op::VAesSubShiftInverse:
      return sub_shift_inverse(state);
    case Op::VAesMix:
      return mix(state, {2, 3, 1, 1});
    case Op::VAesMixInverse:
      return mix(state, {14, 11, 13, 9});
    default:
      assert(false && "no AES op");
      return state;
  }
}

}  // namespace

void evaluate_aes(const VectorOp& op) {
  for (unsigned block = 0; block < bits(op.result); block += 128) {
    State state;
    for (unsigned i = 0; i < 16; ++i) state[i] = static_cast<uint8_t>(get_lane(op.a, 8, block / 8 + i));
    state = transformed(op.op, state);
    for (unsigned i = 0; i < 16; ++i) set_lane(op.out, 8, block / 8 + i, state[i]);
  }
}

}  // namespace menura::ir
