// SHA-1, SHA-256 and the S-box of SM4 in vectors of 128 bits.
#include <array>
#include <bit>

#include "backends/x64/emitter.h"

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
  if (!host_.sha) return false;
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
