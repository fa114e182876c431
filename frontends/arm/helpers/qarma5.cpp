#include "frontends/arm/helpers/qarma5.h"

#include <array>

namespace menura::arm {
namespace {

// The state is 16 cells of 4 bits; cell 0 is the lowest here (the paper counts from the highest).
constexpr unsigned kCells = 16;
using Table = std::array<uint8_t, kCells>;

constexpr Table kSbox = {11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10};
// Which cell of the input each cell of the output is: tau and h of the paper.
constexpr Table kShuffle = {13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15};
constexpr Table kTweakShuffle = {4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9};
// Cells of the tweak that step their shift register on the way.
constexpr uint32_t kTweakSteps = 1U << 2 | 1U << 4 | 1U << 7 | 1U << 11 | 1U << 12 | 1U << 14 | 1U << 15;

constexpr unsigned kIterations = 4;
constexpr uint64_t kAlpha = 0xc0ac29b7c97c50dd;
constexpr std::array<uint64_t, kIterations + 1> kRoundConstants = {0, 0x13198a2e03707344, 0xa4093822299f31d0,
                                                                   0x082efa98ec4e6c89, 0x452821e638d01377};

constexpr unsigned cell(uint64_t state, unsigned index) { return state >> (4 * index) & 15; }

constexpr Table inverse(const Table& table) {
  Table result = {};
  for (unsigned i = 0; i < kCells; ++i) result[table[i]] = static_cast<uint8_t>(i);
  return result;
}
constexpr uint64_t substitute(uint64_t state, const Table& box) {
  uint64_t result = 0;
  for (unsigned i = 0; i < kCells; ++i) result |= uint64_t{box[cell(state, i)]} << (4 * i);
  return result;
}
constexpr uint64_t shuffle(uint64_t state, const Table& from) {
  uint64_t result = 0;
  for (unsigned i = 0; i < kCells; ++i) result |= uint64_t{cell(state, from[i])} << (4 * i);
  return result;
}

constexpr unsigned rotate(unsigned value, unsigned amount) { return (value << amount | value >> (4 - amount)) & 15; }

// Columns times the matrix circ(0, rho, rho^2, rho).
constexpr uint64_t multiply(uint64_t state) {
  uint64_t result = 0;
  for (unsigned column = 0; column < 4; ++column) {
    for (unsigned row = 0; row < 4; ++row) {
      unsigned sum = 0;
      for (unsigned other = 1; other < 4; ++other) {
        sum ^= rotate(cell(state, 4 * ((row + other) % 4) + column), other == 2 ? 2 : 1);
      }
      result |= uint64_t{sum} << (4 * (4 * row + column));
    }
  }
  return result;
}

constexpr unsigned step(unsigned value) { return value >> 1 | ((value ^ value >> 1) & 1) << 3; }
constexpr unsigned step_back(unsigned value) { return (value << 1 & 15) | ((value >> 3 ^ value) & 1); }

constexpr uint64_t next_tweak(uint64_t tweak) {
  tweak = shuffle(tweak, kTweakShuffle);
  uint64_t result = 0;
  for (unsigned i = 0; i < kCells; ++i) {
    const unsigned value = cell(tweak, i);
    result |= uint64_t{(kTweakSteps >> i & 1) != 0 ? step(value) : value} << (4 * i);
  }
  return result;
}
constexpr uint64_t previous_tweak(uint64_t tweak) {
  uint64_t result = 0;
  for (unsigned i = 0; i < kCells; ++i) {
    const unsigned value = cell(tweak, i);
    result |= uint64_t{(kTweakSteps >> i & 1) != 0 ? step_back(value) : value} << (4 * i);
  }
  return shuffle(result, inverse(kTweakShuffle));
}

}  // namespace

uint64_t qarma5(uint64_t data, uint64_t modifier, uint64_t key0, uint64_t key1) {
  constexpr Table kInverseSbox = inverse(kSbox);
  constexpr Table kInverseShuffle = inverse(kShuffle);
  const uint64_t modified_key0 = key0 << 63 | (key0 >> 1 ^ key0 >> 63);
  uint64_t tweak = modifier;
  uint64_t state = data ^ key0;
  for (unsigned i = 0; i <= kIterations; ++i) {
    state ^= key1 ^ tweak ^ kRoundConstants[i];
    if (i > 0) state = multiply(shuffle(state, kShuffle));
    state = substitute(state, kSbox);
    tweak = next_tweak(tweak);
  }
  // The reflector.
  state ^= modified_key0 ^ tweak;
  state = substitute(multiply(shuffle(state, kShuffle)), kSbox);
  state = multiply(shuffle(state, kShuffle)) ^ key1;
  state = substitute(shuffle(state, kInverseShuffle), kInverseSbox);
  state = shuffle(multiply(state), kInverseShuffle);
  state ^= key0 ^ tweak;
  for (unsigned i = 0; i <= kIterations; ++i) {
    state = substitute(state, kInverseSbox);
    if (i < kIterations) state = shuffle(multiply(state), kInverseShuffle);
    tweak = previous_tweak(tweak);
    state ^= kRoundConstants[kIterations - i] ^ key1 ^ tweak ^ kAlpha;
  }
  return state ^ modified_key0;
}

}  // namespace menura::arm
