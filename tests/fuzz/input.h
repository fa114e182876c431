// What a fuzz target takes from its bytes, and how it says that something is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace menura::fuzz {

struct Input {
  const uint8_t* at;
  std::size_t left;
  // Big-endian; where the bytes end, what there is.
  uint64_t number(unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && left != 0; ++i, --left) value = value << 8 | *at++;
    return value;
  }
};

inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace menura::fuzz
