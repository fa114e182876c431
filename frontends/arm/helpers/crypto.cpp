// Names and operations are the manual's: C7.2 and shared/functions/crypto. Registers come by number: d, n, m, and a
// fourth one or an immediate.
#include "frontends/arm/helpers/crypto.h"

#include <array>
#include <bit>
#include <cstring>

#include "frontends/arm/state.h"

namespace menura::arm {

using ir::CpuHeader;

namespace {

using Words = std::array<uint32_t, 4>;
using Doublewords = std::array<uint64_t, 2>;

template <typename Vector>
Vector get(const CpuHeader* cpu, uint64_t number) {
  Vector vector;
  const uint32_t offset = state_layout().slot(v_slot(static_cast<unsigned>(number))).offset;
  std::memcpy(&vector, reinterpret_cast<const char*>(cpu) + offset, sizeof vector);
  return vector;
}
template <typename Vector>
uint64_t set(CpuHeader* cpu, uint64_t number, const Vector& vector) {
  static_assert(sizeof vector == 16);
  const uint32_t offset = state_layout().slot(v_slot(static_cast<unsigned>(number))).offset;
  std::memcpy(reinterpret_cast<char*>(cpu) + offset, &vector, sizeof vector);
  return 0;
}

template <typename T>
T rol(T value, int amount) {
  return std::rotl(value, amount);
}
template <typename T>
T ror(T value, int amount) {
  return std::rotr(value, amount);
}

template <typename T>
T choose(T x, T y, T z) {
  return ((y ^ z) & x) ^ z;
}
uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }
template <typename T>
T majority(T x, T y, T z) {
  return (x & y) | ((x | y) & z);
}

// --- SHA-1

// Four rounds on <Y, X>, 160 bits.
template <typename Function>
uint64_t sha1_rounds(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, Function function) {
  auto x = get<Words>(cpu, d);
  uint32_t y = get<Words>(cpu, n)[0];
  for (const uint32_t w : get<Words>(cpu, m)) {
    y += rol(x[0], 5) + function(x[1], x[2], x[3]) + w;
    x[1] = rol(x[1], 30);
    const uint32_t top = x[3];
    x = {y, x[0], x[1], x[2]};
    y = top;
  }
  return set(cpu, d, x);
}

}  // namespace

uint64_t sha1c(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  return sha1_rounds(cpu, d, n, m, choose<uint32_t>);
}
uint64_t sha1p(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  return sha1_rounds(cpu, d, n, m, parity);
}
uint64_t sha1m(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  return sha1_rounds(cpu, d, n, m, majority<uint32_t>);
}
uint64_t sha1su1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t, uint64_t) {
  const auto a = get<Words>(cpu, d);
  const auto b = get<Words>(cpu, n);
  const Words t = {a[0] ^ b[1], a[1] ^ b[2], a[2] ^ b[3], a[3]};
  return set(cpu, d, Words{rol(t[0], 1), rol(t[1], 1), rol(t[2], 1), rol(t[3], 1) ^ rol(t[0], 2)});
}

// --- SHA-256

namespace {

struct Halves {
  Words x;
  Words y;
};
// SHA256hash: four rounds.
Halves sha256_hash(Words x, Words y, const Words& w) {
  for (const uint32_t each : w) {
    const uint32_t sum1 = ror(y[0], 6) ^ ror(y[0], 11) ^ ror(y[0], 25);
    const uint32_t sum0 = ror(x[0], 2) ^ ror(x[0], 13) ^ ror(x[0], 22);
    const uint32_t t = y[3] + sum1 + choose(y[0], y[1], y[2]) + each;
    const uint32_t to_y = t + x[3];
    const uint32_t to_x = t + sum0 + majority(x[0], x[1], x[2]);
    x = {to_x, x[0], x[1], x[2]};
    y = {to_y, y[0], y[1], y[2]};
  }
  return {x, y};
}

}  // namespace

uint64_t sha256h(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  return set(cpu, d, sha256_hash(get<Words>(cpu, d), get<Words>(cpu, n), get<Words>(cpu, m)).x);
}
uint64_t sha256h2(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  return set(cpu, d, sha256_hash(get<Words>(cpu, n), get<Words>(cpu, d), get<Words>(cpu, m)).y);
}
uint64_t sha256su0(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t, uint64_t) {
  const auto a = get<Words>(cpu, d);
  const Words t = {a[1], a[2], a[3], get<Words>(cpu, n)[0]};
  Words result;
  for (size_t i = 0; i < 4; ++i) result[i] = a[i] + (ror(t[i], 7) ^ ror(t[i], 18) ^ t[i] >> 3);
  return set(cpu, d, result);
}
uint64_t sha256su1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto a = get<Words>(cpu, d);
  const auto b = get<Words>(cpu, n);
  const auto c = get<Words>(cpu, m);
  const Words t = {b[1], b[2], b[3], c[0]};
  Words result;
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t from = i < 2 ? c[i + 2] : result[i - 2];
    result[i] = a[i] + t[i] + (ror(from, 17) ^ ror(from, 19) ^ from >> 10);
  }
  return set(cpu, d, result);
}

// --- SHA-512

namespace {

uint64_t sum512_1(uint64_t x) { return ror(x, 14) ^ ror(x, 18) ^ ror(x, 41); }
uint64_t sum512_0(uint64_t x) { return ror(x, 28) ^ ror(x, 34) ^ ror(x, 39); }

}  // namespace

uint64_t sha512h(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto x = get<Doublewords>(cpu, n);
  const auto y = get<Doublewords>(cpu, m);
  const auto w = get<Doublewords>(cpu, d);
  const uint64_t high = choose(y[1], x[0], x[1]) + sum512_1(y[1]) + w[1];
  const uint64_t tmp = high + y[0];
  return set(cpu, d, Doublewords{choose(tmp, y[1], x[0]) + sum512_1(tmp) + w[0], high});
}
uint64_t sha512h2(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto x = get<Doublewords>(cpu, n);
  const auto y = get<Doublewords>(cpu, m);
  const auto w = get<Doublewords>(cpu, d);
  const uint64_t high = majority(x[0], y[1], y[0]) + sum512_0(y[0]) + w[1];
  return set(cpu, d, Doublewords{majority(high, y[0], y[1]) + sum512_0(high) + w[0], high});
}
uint64_t sha512su0(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t, uint64_t) {
  const auto sigma = [](uint64_t x) { return ror(x, 1) ^ ror(x, 8) ^ x >> 7; };
  const auto w = get<Doublewords>(cpu, d);
  return set(cpu, d, Doublewords{w[0] + sigma(w[1]), w[1] + sigma(get<Doublewords>(cpu, n)[0])});
}
uint64_t sha512su1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto sigma = [](uint64_t x) { return ror(x, 19) ^ ror(x, 61) ^ x >> 6; };
  const auto x = get<Doublewords>(cpu, n);
  const auto y = get<Doublewords>(cpu, m);
  const auto w = get<Doublewords>(cpu, d);
  return set(cpu, d, Doublewords{w[0] + sigma(x[0]) + y[0], w[1] + sigma(x[1]) + y[1]});
}

// --- SM3

uint64_t sm3ss1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a) {
  const uint32_t sum = rol(get<Words>(cpu, n)[3], 12) + get<Words>(cpu, m)[3] + get<Words>(cpu, a)[3];
  return set(cpu, d, Words{0, 0, 0, rol(sum, 7)});
}

namespace {

// SM3TT1A and SM3TT1B.
template <typename Function>
uint64_t sm3_tt1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index, Function function) {
  const auto x = get<Words>(cpu, d);
  const uint32_t ss2 = get<Words>(cpu, n)[3] ^ rol(x[3], 12);
  const uint32_t tt1 = function(x[1], x[3], x[2]) + x[0] + ss2 + get<Words>(cpu, m)[index];
  return set(cpu, d, Words{x[1], rol(x[2], 9), x[3], tt1});
}

}  // namespace

uint64_t sm3tt1a(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index) {
  return sm3_tt1(cpu, d, n, m, index, parity);
}
uint64_t sm3tt1b(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index) {
  return sm3_tt1(cpu, d, n, m, index, majority<uint32_t>);
}

namespace {

// SM3TT2A and SM3TT2B.
template <typename Function>
uint64_t sm3_tt2(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index, Function function) {
  const auto x = get<Words>(cpu, d);
  const uint32_t tt2 = function(x[3], x[2], x[1]) + x[0] + get<Words>(cpu, n)[3] + get<Words>(cpu, m)[index];
  return set(cpu, d, Words{x[1], rol(x[2], 19), x[3], tt2 ^ rol(tt2, 9) ^ rol(tt2, 17)});
}

}  // namespace

uint64_t sm3tt2a(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index) {
  return sm3_tt2(cpu, d, n, m, index, parity);
}
uint64_t sm3tt2b(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t index) {
  return sm3_tt2(cpu, d, n, m, index, choose<uint32_t>);
}

namespace {

// P1 of SM3.
uint32_t sm3_p1(uint32_t x) { return x ^ rol(x, 15) ^ rol(x, 23); }

}  // namespace

uint64_t sm3partw1(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto a = get<Words>(cpu, d);
  const auto b = get<Words>(cpu, n);
  const auto c = get<Words>(cpu, m);
  Words result;
  for (size_t i = 0; i < 4; ++i) result[i] = sm3_p1(a[i] ^ b[i] ^ rol(i < 3 ? c[i + 1] : result[0], 15));
  return set(cpu, d, result);
}
uint64_t sm3partw2(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  auto result = get<Words>(cpu, d);
  const auto b = get<Words>(cpu, n);
  const auto c = get<Words>(cpu, m);
  for (size_t i = 0; i < 4; ++i) result[i] ^= b[i] ^ rol(c[i], 7);
  result[3] ^= sm3_p1(rol(b[0] ^ rol(c[0], 7), 15));
  return set(cpu, d, result);
}

// --- SM4

namespace {

// GB/T 32907-2016, 6.2: the S-box, as the inversion in GF(2^8) modulo x^8+x^7+x^6+x^5+x^4+x^2+1 between two equal
// affine maps.
constexpr std::array<uint8_t, 256> kSm4Box = [] {
  std::array<uint8_t, 256> inverse = {};
  const auto product = [](unsigned a, unsigned b) {
    unsigned result = 0;
    for (; b != 0; b >>= 1) {
      if ((b & 1) != 0) result ^= a;
      a <<= 1;
      if ((a & 0x100) != 0) a ^= 0x1f5;
    }
    return result;
  };
  for (unsigned a = 1; a < 256; ++a) {
    // a^254, a's inverse: squared and multiplied.
    unsigned power = a;
    for (int i = 0; i < 6; ++i) power = product(product(power, power), a);
    inverse[a] = static_cast<uint8_t>(product(power, power));
  }
  const auto affine = [](uint8_t x) {
    unsigned result = 0;
    for (unsigned row = 0; row < 8; ++row) {
      const uint8_t mask = std::rotl(uint8_t{0xa7}, static_cast<int>(row));
      result |= (static_cast<unsigned>(std::popcount(static_cast<unsigned>(mask & x))) & 1) << row;
    }
    return static_cast<uint8_t>(result ^ 0xd3);
  };
  std::array<uint8_t, 256> box = {};
  for (unsigned x = 0; x < 256; ++x) box[x] = affine(inverse[affine(static_cast<uint8_t>(x))]);
  return box;
}();
static_assert(kSm4Box[0] == 0xd6 && kSm4Box[1] == 0x90 && kSm4Box[0xff] == 0x48);

uint32_t sm4_substitute(uint32_t x) {
  uint32_t result = 0;
  for (unsigned at = 0; at < 32; at += 8) result |= uint32_t{kSm4Box[x >> at & 0xff]} << at;
  return result;
}
// Four rounds; `linear` is what follows the S-boxes.
template <typename Linear>
Words sm4_rounds(Words x, const Words& keys, Linear linear) {
  for (const uint32_t key : keys) {
    const uint32_t next = linear(sm4_substitute(x[3] ^ x[2] ^ x[1] ^ key)) ^ x[0];
    x = {x[1], x[2], x[3], next};
  }
  return x;
}

}  // namespace

uint64_t sm4e(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t, uint64_t) {
  const auto linear = [](uint32_t x) { return x ^ rol(x, 2) ^ rol(x, 10) ^ rol(x, 18) ^ rol(x, 24); };
  return set(cpu, d, sm4_rounds(get<Words>(cpu, d), get<Words>(cpu, n), linear));
}
uint64_t sm4ekey(CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t) {
  const auto linear = [](uint32_t x) { return x ^ rol(x, 13) ^ rol(x, 23); };
  return set(cpu, d, sm4_rounds(get<Words>(cpu, n), get<Words>(cpu, m), linear));
}

}  // namespace menura::arm
