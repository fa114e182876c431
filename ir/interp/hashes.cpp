// SHA-1 and SHA-256 (FIPS 180-4) and the S-box of SM4 (GB/T 32907-2016).
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>

#include "ir/interp/vector_op.h"

namespace menura::ir {

namespace {

using Words = std::array<uint32_t, 4>;

// 4.1
uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (x & z) ^ (y & z); }
uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }

// 6.1.2, step 3. The state is d, c, b, a; the words' order is the other way round.
Words sha1_rounds(const Words& state, const Words& words, unsigned which) {
  static constexpr std::array<uint32_t, 4> constants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  auto [d, c, b, a] = state;
  uint32_t e = 0;  // of the first round: in its word
  for (unsigned i = 0; i < 4; ++i) {
    const uint32_t f = which == 0 ? choose(b, c, d) : which == 2 ? majority(b, c, d) : parity(b, c, d);
    const uint32_t t = std::rotl(a, 5) + f + e + constants[which] + words[3 - i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = t;
  }
  return {d, c, b, a};
}

// 6.2.2, step 3
Words sha256_rounds(const Words& first, const Words& second, const Words& words) {
  auto [h, g, d, c] = first;
  auto [f, e, b, a] = second;
  for (unsigned i = 0; i < 2; ++i) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t1 = h + sum1 + choose(e, f, g) + words[i];
    const uint32_t t2 = sum0 + majority(a, b, c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  return {f, e, b, a};
}

uint32_t sigma0(uint32_t x) { return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3; }
uint32_t sigma1(uint32_t x) { return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10; }

// 6.2: the S-box is the inversion in GF(2^8) modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1 between two equal affine
// maps.
constexpr uint8_t times(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    a <<= 1;
    if ((a & 0x100) != 0) a ^= 0x1f5;
  }
  return static_cast<uint8_t>(product);
}
constexpr uint8_t inverse(uint8_t a) {
  unsigned power = a;  // a^254: squared and multiplied
  for (int i = 0; i < 6; ++i) power = times(times(power, power), a);
  return times(power, power);
}
constexpr uint8_t affine(uint8_t x) {
  unsigned result = 0xd3;
  for (int row = 0; row < 8; ++row) {
    const auto chosen = static_cast<unsigned>(std::rotl(uint8_t{0xa7}, row) & x);
    result ^= (static_cast<unsigned>(std::popcount(chosen)) & 1) << row;
  }
  return static_cast<uint8_t>(result);
}
constexpr std::array<uint8_t, 256> kSm4Box = [] {
  std::array<uint8_t, 256> box = {};
  for (unsigned x = 0; x < 256; ++x) box[x] = affine(inverse(affine(static_cast<uint8_t>(x))));
  return box;
}();
static_assert(kSm4Box[0] == 0xd6 && kSm4Box[1] == 0x90 && kSm4Box[0xff] == 0x48);

Words hashed(const VectorOp& op, const Words& a, const Words& b, const Words& c) {
  switch (op.op) {
    case Op::VSha1Rounds:
      return sha1_rounds(a, b, static_cast<unsigned>(op.imm));
    case Op::VSha256Rounds:
      return sha256_rounds(a, b, c);
    case Op::VSha256Sigma0:
      return {a[0] + sigma0(a[1]), a[1] + sigma0(a[2]), a[2] + sigma0(a[3]), a[3] + sigma0(b[0])};
    case Op::VSha256Sigma1: {
      const uint32_t low = a[0] + sigma1(b[2]);
      const uint32_t high = a[1] + sigma1(b[3]);
      return {low, high, a[2] + sigma1(low), a[3] + sigma1(high)};
    }
    default:
      assert(false && "no op of a hash");
      return a;
  }
}

}  // namespace

void evaluate_hash(const VectorOp& op) {
  if (op.op == Op::VSm4Substitute) {
    for (unsigned i = 0; i < op.count(); ++i) set_lane(op.out, 8, i, kSm4Box[get_lane(op.a, 8, i)]);
    return;
  }
  for (unsigned at = 0; at < op.count(); at += 4) {
    const auto block = [&](const uint64_t* words) {
      Words lanes = {};
      if (words == nullptr) return lanes;
      for (unsigned i = 0; i < 4; ++i) lanes[i] = static_cast<uint32_t>(get_lane(words, 32, at + i));
      return lanes;
    };
    const Words result = hashed(op, block(op.a), block(op.b), block(op.c));
    for (unsigned i = 0; i < 4; ++i) set_lane(op.out, 32, at + i, result[i]);
  }
}

}  // namespace menura::ir
