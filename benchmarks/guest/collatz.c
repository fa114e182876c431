// Integer: data-dependent branches, multiplication and division.
#include "bench.h"

int main(int argc, char** argv) {
  const long limit = bench_scale(argc, argv, 1800000);
  uint64_t sum = 0;
  for (long start = 1; start < limit; ++start) {
    uint64_t n = (uint64_t)start;
    unsigned steps = 0;
    while (n != 1) {
      n = n & 1 ? 3 * n + 1 : n / 2;
      ++steps;
    }
    sum += steps * (uint64_t)(start % 1009);
  }
  return bench_result(sum);
}
