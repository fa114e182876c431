// A 64-bit checksum of bytes: two products a step, each folded. It finds damage; it is no protection from malice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace menura::runtime {

constexpr uint64_t fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t checksum(std::span<const uint8_t> bytes, uint64_t seed = 0) {
  constexpr uint64_t kOdd[3] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0xd6e8feb86659fd93};
  const uint8_t* at = bytes.data();
  const auto word = [&at](std::size_t index) {
    uint64_t value = 0;
    std::memcpy(&value, at + 8 * index, sizeof value);
    return value;
  };
  uint64_t a = seed ^ kOdd[0];
  uint64_t b = bytes.size() ^ kOdd[1];
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    a = fold(word(0) ^ a, word(1) ^ kOdd[1]) + kOdd[2];
    b = fold(word(2) ^ b, word(3) ^ kOdd[2]) + kOdd[0];
  }
  for (; left >= 8; left -= 8, at += 8) a = fold(word(0) ^ a, kOdd[1]) + kOdd[2];
  uint64_t rest = 0;
  if (left != 0) std::memcpy(&rest, at, left);
  return fold(fold(rest ^ a, kOdd[1]) ^ b, kOdd[2] ^ a);
}

}  // namespace menura::runtime
