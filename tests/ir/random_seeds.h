// Which seeds a test of random regions draws.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace menura::ir::test {

struct RandomSeeds {
  uint32_t first = 1;
  uint32_t count = 0;
};

// Those given, unless MENURA_RANDOM_SEED and MENURA_RANDOM_COUNT say others: a seed alone is one, a count begins there.
inline RandomSeeds random_seeds(RandomSeeds usual) {
  if (const char* only = std::getenv("MENURA_RANDOM_SEED")) {
    usual = {static_cast<uint32_t>(std::strtoul(only, nullptr, 0)), 1};
  }
  if (const char* many = std::getenv("MENURA_RANDOM_COUNT")) usual.count = static_cast<uint32_t>(std::atoi(many));
  return usual;
}

}  // namespace menura::ir::test
