// Memory: loops of our own that copy, fill and sum words.
#include "bench.h"

enum { kWords = 1 << 16 };
static uint64_t from[kWords], to[kWords];

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (int i = 0; i < kWords; ++i) from[i] = (uint64_t)i * 2654435761u;
  for (long round = bench_scale(argc, argv, 4000); round > 0; --round) {
    for (int i = 0; i < kWords; ++i) to[i] = from[i];
    __asm__ volatile("" ::: "memory");
    for (int i = 0; i < kWords; ++i) sum += to[i];
    from[round % kWords] ^= sum;
  }
  return bench_result(sum);
}
