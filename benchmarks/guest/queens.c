// Calls: N queens by backtracking over bit masks.
#include "bench.h"

static uint64_t solve(unsigned all, unsigned columns, unsigned left, unsigned right) {
  if (columns == all) return 1;
  uint64_t found = 0;
  unsigned free = all & ~(columns | left | right);
  while (free) {
    const unsigned bit = free & -free;
    free ^= bit;
    found += solve(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return found;
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 60); round > 0; --round) sum += solve((1u << 11) - 1, 0, 0, 0);
  return bench_result(sum);
}
