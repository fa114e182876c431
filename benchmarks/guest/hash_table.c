// Memory and integer: an open-addressing hash table under insertions and look-ups.
#include "bench.h"

enum { kSlots = 1 << 16 };
static uint64_t keys[kSlots], values[kSlots];

int main(int argc, char** argv) {
  uint64_t seed = 5, sum = 0;
  for (long step = bench_scale(argc, argv, 60000000); step > 0; --step) {
    const uint64_t key = bench_random(&seed) % 40000 + 1;
    uint64_t slot = key * 0x9e3779b97f4a7c15u >> 48;
    while (keys[slot] != 0 && keys[slot] != key) slot = (slot + 1) & (kSlots - 1);
    keys[slot] = key;
    values[slot] += (uint64_t)step;
    sum ^= values[slot];
  }
  return bench_result(sum);
}
