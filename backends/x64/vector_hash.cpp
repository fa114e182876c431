// SHA-1, SHA-256 and the S-box of SM4 in vectors of 128 bits.
#include <array>
#include <bit>

#include "backends/x64/emitter.h"
#include "ir/interp/vector_slow.h"

namespace menura::x64 {

using ir::Op;
using ir::Type;

namespace {

// SM4's S-box (GB/T 32907-2016, 6.2) is x -> A inv(A x + c) + c, the inverse in GF(2^8) modulo 0x1f5. The host inverts
// modulo 0x11b, AES's field: T takes the one field to the other, so that the S-box is A T' inv(T A x + T c) + c, T'
// being T's inverse.

// A linear map of bytes: what each bit becomes.
using Map = std::array<uint8_t, 8>;

constexpr uint8_t mapped(const Map& map, unsigned x) {
  unsigned result = 0;
  for (unsigned bit = 0; bit < 8; ++bit) result ^= (x >> bit & 1) != 0 ? map[bit] : 0;
  return static_cast<uint8_t>(result);
}
// First the second.
constexpr Map after(const Map& a, const Map& b) {
  Map result = {};
  for (unsigned bit = 0; bit < 8; ++bit) result[bit] = mapped(a, b[bit]);
  return result;
}
constexpr Map inverse(const Map& map) {
  Map result = {};
  for (unsigned x = 0; x < 256; ++x) {
    const uint8_t y = mapped(map, x);
    if (std::has_single_bit(y)) result[static_cast<unsigned>(std::countr_zero(y))] = static_cast<uint8_t>(x);
  }
  return result;
}
// Bit i of the result is the parity of the bits in rotl(mask, i).
constexpr Map circulant(uint8_t mask) {
  Map result = {};
  for (unsigned to = 0; to < 8; ++to) {
    for (unsigned from = 0; from < 8; ++from) {
      if ((std::rotl(mask, static_cast<int>(to)) >> from & 1) != 0) result[from] |= static_cast<uint8_t>(1U << to);
    }
  }
  return result;
}
constexpr uint8_t times(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    a <<= 1;
    if ((a & 0x100) != 0) a ^= 0x11b;
  }
  return static_cast<uint8_t>(product);
}
// x^i becomes the i-th power of a root of x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1.
constexpr Map to_host_field() {
  for (unsigned root = 2; root < 256; ++root) {
    Map powers = {1};
    for (unsigned i = 1; i < 8; ++i) powers[i] = times(powers[i - 1], root);
    if ((times(powers[7], root) ^ powers[7] ^ powers[6] ^ powers[5] ^ powers[4] ^ powers[2] ^ 1) == 0) return powers;
  }
  return {};
}

constexpr Map kAffine = circulant(0xa7);
constexpr uint8_t kConstant = 0xd3;
constexpr Map kField = to_host_field();
constexpr Map kBefore = after(kField, kAffine);
constexpr uint8_t kBeforeConstant = mapped(kField, kConstant);
constexpr Map kBehind = after(kAffine, inverse(kField));
// AES's SubBytes (FIPS 197, 5.1.1) has an affine map of its own behind the inverse; that is taken back.
constexpr Map kBehindSubBytes = after(kBehind, inverse(circulant(0xf1)));
constexpr uint8_t kBehindSubBytesConstant = mapped(kBehindSubBytes, 0x63) ^ kConstant;

// As GF2P8AFFINEQB wants it: byte 7 - i selects the bits of which bit i is the parity.
constexpr uint64_t matrix(const Map& map) {
  uint64_t result = 0;
  for (unsigned from = 0; from < 8; ++from) {
    for (unsigned to = 0; to < 8; ++to) result |= uint64_t{map[from] >> to & 1U} << (8 * (7 - to) + from);
  }
  return result;
}
// What the map makes of the numbers 0 to 15 times `step`: half h of a table for pshufb.
constexpr uint64_t table(const Map& map, unsigned step, uint8_t constant, unsigned half) {
  uint64_t result = 0;
  for (unsigned i = 0; i < 8; ++i) {
    result |= static_cast<uint64_t>(mapped(map, (8 * half + i) * step) ^ constant) << 8 * i;
  }
  return result;
}

}  // namespace

bool Emitter::vec_hash(const Inst& inst, Reg dst, Reg a, Reg b, Reg c) {
  if (inst.op == Op::VSm4Substitute) return vec_sm4_substitute(dst, a);
  if (!host_.sha) {
    vec_hash_by_lanes(inst, dst, a, b, c);
    return true;
  }
  switch (inst.op) {
    case Op::VSha1Rounds:
      vec_move(dst, a);
      a_.sha1rnds4(xm(dst), xm(b), asmjit::Imm(inst.imm));
      return true;
    case Op::VSha256Rounds:
      vec_sha256_rounds(dst, a, b, c);
      return true;
    case Op::VSha256Sigma0:
      vec_move(dst, a);
      a_.sha256msg1(xm(dst), xm(b));
      return true;
    default:
      vec_move(dst, a);
      a_.sha256msg2(xm(dst), xm(b));
      return true;
  }
}

// The host takes the words in xmm0, which may be anyone's.
void Emitter::vec_sha256_rounds(Reg dst, Reg a, Reg b, Reg c) {
  const Reg words = kXmm0;
  if (c == words) {
    vec_move(dst, a);
    a_.sha256rnds2(xm(dst), xm(b), xm(words));
    return;
  }
  const Reg kept = temp_vec();
  vec_move(kept, words);
  const auto moved = [&](Reg reg) { return reg == words ? kept : reg; };
  if (dst != words) {
    vec_move(dst, a);
    vec_move(words, c);
    a_.sha256rnds2(xm(dst), xm(moved(b)), xm(words));
    vec_move(words, kept);
    return;
  }
  // No one needs what xmm0 has: the result goes there.
  const Reg t = temp_vec();
  vec_move(t, a);
  vec_move(words, c);
  a_.sha256rnds2(xm(t), xm(moved(b)), xm(words));
  vec_move(words, t);
}

// Without SHA instructions. The words go to spill memory; the operands' registers may be used where they are needed.
void Emitter::vec_hash_by_lanes(const Inst& inst, Reg dst, Reg a, Reg b, Reg c) {
  if (inst.op == Op::VSha256Sigma0 || inst.op == Op::VSha256Sigma1) return vec_sha256_sigma(inst.op, dst, a, b);
  const bool first = inst.op == Op::VSha1Rounds;
  store_memory(spill_memory(ir::kVectorSlowOperands, 16), first ? b : c, Type::V128);
  vec_move(dst, first ? a : b);
  if (first) {
    locked_ &= ~(mask_of(a) | mask_of(b)) | mask_of(dst);
    return vec_sha1_by_lanes(static_cast<unsigned>(inst.imm), dst);
  }
  const Reg other = temp_vec();
  vec_move(other, a);
  locked_ &= ~(mask_of(a) | mask_of(b) | mask_of(c)) | mask_of(dst);
  vec_sha256_by_lanes(dst, other);
}

// Adds sigma0 or sigma1 (FIPS 180-4, 4.1.2) of the words in question.
void Emitter::vec_sha256_sigma(Op op, Reg dst, Reg a, Reg b) {
  const Reg x = temp_vec();
  const Reg y = temp_vec();
  const auto add_sigma = [&](Reg from, unsigned first, unsigned second, unsigned shift) {
    vec_shift_by(Op::VShr, 2, y, from, shift);
    for (const unsigned by : {first, second}) {
      vec_shift_by(Op::VShr, 2, dst, from, by);
      vec3({Id::kIdVpxor, Id::kIdPxor}, y, y, dst);
      vec_shift_by(Op::VShl, 2, dst, from, 32 - by);
      vec3({Id::kIdVpxor, Id::kIdPxor}, y, y, dst);
    }
  };
  if (op == Op::VSha256Sigma0) {
    vec3({Id::kIdVpalignr, Id::kIdPalignr}, x, b, xm(a), 4);
    add_sigma(x, 7, 18, 3);
    return vec3(kAddForms[2], dst, a, y);
  }
  vec_shift({Id::kIdVpsrldq, Id::kIdPsrldq}, x, b, 8);  // of zeros, sigma1 is zero
  add_sigma(x, 17, 19, 10);
  vec3(kAddForms[2], dst, a, y);
  vec_shift({Id::kIdVpslldq, Id::kIdPslldq}, x, dst, 8);
  const Reg low = temp_vec();
  vec_move(low, dst);
  add_sigma(x, 17, 19, 10);
  vec3(kAddForms[2], dst, low, y);
}

// Two rounds: `state` is f, e, b, a from lane 0 on, `other` h, g, d, c. What is made of e is made in lane 1, what is
// made of a in lane 3.
void Emitter::vec_sha256_by_lanes(Reg state, Reg other) {
  constexpr Form shift_up = {Id::kIdVpsllq, Id::kIdPsllq};
  constexpr Form shift_down = {Id::kIdVpsrlq, Id::kIdPsrlq};
  constexpr Form bit_and = {Id::kIdVpand, Id::kIdPand};
  constexpr Form bit_xor = {Id::kIdVpxor, Id::kIdPxor};
  const Form add = kAddForms[2];
  const Reg below = temp_vec();
  const Reg x = temp_vec();
  const Reg y = temp_vec();
  const Reg r = temp_vec();
  const auto rotate = [&](Reg reg, Reg from, unsigned right, Reg t) {
    vec_shift_by(Op::VShr, 2, t, from, right);
    vec_shift_by(Op::VShl, 2, reg, from, 32 - right);
    vec3({Id::kIdVpor, Id::kIdPor}, reg, reg, t);
  };
  // ror(a, first) ^ ror(a, first + second) ^ ror(a, first + second + third)
  const auto sum = [&](Reg reg, unsigned first, unsigned second, unsigned third, Reg t) {
    rotate(reg, state, third, t);
    vec3(bit_xor, reg, reg, state);
    rotate(reg, reg, second, t);
    vec3(bit_xor, reg, reg, state);
    rotate(reg, reg, first, t);
  };
  // x = in lane 1 the function Sigma1 of e, in lane 3 Sigma0 of a
  const auto both_sums = [&] {
    if (!host_.avx2) {
      sum(x, 6, 5, 14, r);
      sum(y, 2, 11, 9, r);
      return vec3({Id::kIdVpblendw, Id::kIdPblendw}, x, x, xm(y), 0xc0);
    }
    static constexpr uint64_t amounts[3][2] = {{6, 2}, {11, 13}, {25, 22}};
    for (unsigned n = 0; n < 3; ++n) {
      const auto [of_e, of_a] = amounts[n];
      a_.vpsrlvd(xm(n == 0 ? x : r), xm(state), pool(of_e << 32, of_a << 32, 16));
      if (n > 0) vec3(bit_xor, x, x, r);
      a_.vpsllvd(xm(r), xm(state), pool((32 - of_e) << 32, (32 - of_a) << 32, 16));
      vec3(bit_xor, x, x, r);
    }
  };
  for (unsigned i = 0; i < 2; ++i) {
    vec_shift(shift_up, below, state, 32);  // f and b
    both_sums();
    // Ch and Maj: what the first two have in common; and of the third what they leave to it.
    vec3(bit_xor, y, state, below);
    vec3(bit_and, y, y, other);
    vec3({Id::kIdVpandn, Id::kIdPandn}, r, state, other);
    vec3({Id::kIdVpblendw, Id::kIdPblendw}, y, y, xm(r), 0x0c);
    vec3(bit_and, r, state, below);
    vec3(add, y, y, r);
    vec3(add, x, x, y);
    // T1, in all lanes, from h and the word; then the new a, and with d the new e.
    vec2({Id::kIdVpshufd, Id::kIdPshufd}, y, spill_memory(ir::kVectorSlowOperands, 16), 0x55 * i);
    vec_shift(shift_up, r, other, 32);
    vec3(add, y, y, r);
    vec3(add, y, y, x);
    vec2({Id::kIdVpshufd, Id::kIdPshufd}, y, xm(y), 0x55);
    vec3(add, r, r, y);
    vec3(add, x, x, y);
    vec3({Id::kIdVpunpckhdq, Id::kIdPunpckhdq}, r, r, x);
    vec2({Id::kIdVpshufd, Id::kIdPshufd}, r, xm(r), 0xfa);
    if (i == 0) {
      vec_shift(shift_down, other, other, 32);
      vec3({Id::kIdVpor, Id::kIdPor}, other, other, below);
    }
    vec_shift(shift_down, state, state, 32);
    vec3({Id::kIdVpblendw, Id::kIdPblendw}, state, state, xm(r), 0xcc);
  }
}

// Four rounds: the state is d, c, b, a from lane 0 on; sums are made in lane 0.
void Emitter::vec_sha1_by_lanes(unsigned which, Reg state) {
  static constexpr std::array<uint32_t, 4> constants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  constexpr Form lanes_down = {Id::kIdVpsrldq, Id::kIdPsrldq};
  constexpr Form bit_and = {Id::kIdVpand, Id::kIdPand};
  constexpr Form bit_xor = {Id::kIdVpxor, Id::kIdPxor};
  const Form add = kAddForms[2];
  const Reg e = temp_vec();
  const Reg x = temp_vec();
  const Reg y = temp_vec();
  const Reg r = temp_vec();
  const auto rotate = [&](Reg reg, unsigned left, Reg t) {
    vec_shift_by(Op::VShr, 2, t, reg, 32 - left);
    vec_shift_by(Op::VShl, 2, reg, reg, left);
    vec3({Id::kIdVpor, Id::kIdPor}, reg, reg, t);
  };
  for (unsigned i = 0; i < 4; ++i) {
    vec_shift(lanes_down, x, state, 4);  // c
    vec_shift(lanes_down, y, state, 8);  // b
    if (which == 1 || which == 3) {
      vec3(bit_xor, x, x, y);
      vec3(bit_xor, x, x, state);
    } else if (which == 0) {
      vec3(bit_and, x, x, y);
      vec3({Id::kIdVpandn, Id::kIdPandn}, y, y, state);
      vec3(add, x, x, y);
    } else {
      vec3(bit_xor, r, x, y);
      vec3(bit_and, x, x, y);
      vec3(bit_and, r, r, state);
      vec3(add, x, x, r);
    }
    if (i > 0) vec3(add, x, x, e);
    vec_move(e, state);  // d becomes e
    vec2({Id::kIdVpshufd, Id::kIdPshufd}, r, spill_memory(ir::kVectorSlowOperands, 16), 0x55 * (3 - i));
    vec3(add, x, x, r);
    vec3(add, x, x, splat(2, constants[which]));
    vec_shift(lanes_down, y, state, 12);  // a
    rotate(y, 5, r);
    vec3(add, x, x, y);
    vec_shift({Id::kIdVpslldq, Id::kIdPslldq}, x, x, 12);
    vec_shift(lanes_down, state, state, 4);
    vec_move(y, state);
    rotate(y, 30, r);
    vec3({Id::kIdVpblendw, Id::kIdPblendw}, state, state, xm(y), 0x0c);
    vec3({Id::kIdVpor, Id::kIdPor}, state, state, x);
  }
}

bool Emitter::vec_sm4_substitute(Reg dst, Reg a) {
  if (host_.gfni) {
    a_.vgf2p8affineqb(xm(dst), xm(a), splat(3, matrix(kBefore)), kBeforeConstant);
    a_.vgf2p8affineinvqb(xm(dst), xm(dst), splat(3, matrix(kBehind)), kConstant);
    return true;
  }
  if (!host_.aes) return false;
  vec_affine(kBefore, kBeforeConstant, dst, a);
  const Reg zero = temp_vec();
  vec_zero(zero);
  vec3({Id::kIdVaesenclast, Id::kIdAesenclast}, dst, dst, zero);
  // ShiftRows (5.1.2) undone: row r turns r places to the right.
  uint64_t half[2] = {0, 0};
  for (unsigned i = 0; i < 16; ++i) half[i / 8] |= uint64_t{(i + 16 - 4 * (i % 4)) % 16} << 8 * (i % 8);
  vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, dst, pool(half[0], half[1], 16));
  vec_affine(kBehindSubBytes, kBehindSubBytesConstant, dst, dst);
  return true;
}

// Each byte by a linear map and a constant, its halves looked up. `dst` may be `a`.
void Emitter::vec_affine(const std::array<uint8_t, 8>& map, uint8_t constant, Reg dst, Reg a) {
  const RegMask before = locked_;
  const Reg t = temp_vec();
  const Reg u = temp_vec();
  const Reg v = temp_vec();
  const x86::Mem nibbles = splat(0, 0x0f);
  vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, a, 4);
  vec3(Id::kIdVpand, Id::kIdPand, t, t, nibbles);
  load_memory(u, pool(table(map, 16, 0, 0), table(map, 16, 0, 1), 16), Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, u, u, t);
  vec3(Id::kIdVpand, Id::kIdPand, t, a, nibbles);
  load_memory(v, pool(table(map, 1, constant, 0), table(map, 1, constant, 1), 16), Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, v, v, t);
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, u, v);
  locked_ = before;
}

}  // namespace menura::x64
