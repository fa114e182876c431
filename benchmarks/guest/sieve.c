// Integer: the sieve of Eratosthenes, byte array, repeated.
#include "bench.h"

enum { kLimit = 500000 };
static unsigned char composite[kLimit];

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 150); round > 0; --round) {
    for (int i = 0; i < kLimit; ++i) composite[i] = 0;
    for (int i = 2; i < kLimit; ++i) {
      if (composite[i]) continue;
      sum += (uint64_t)i * (uint64_t)round;
      for (int j = i + i; j < kLimit; j += i) composite[j] = 1;
    }
  }
  return bench_result(sum);
}
