// Indirect calls: the C library's qsort through a comparison callback.
#include "bench.h"

static int compare(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char** argv) {
  enum { kCount = 50000 };
  static uint64_t data[kCount];
  uint64_t seed = 42, sum = 0;
  for (long round = bench_scale(argc, argv, 25); round > 0; --round) {
    for (int i = 0; i < kCount; ++i) data[i] = bench_random(&seed);
    qsort(data, kCount, sizeof data[0], compare);
    for (int i = 0; i < kCount; i += 997) sum = sum * 31 + data[i];
  }
  return bench_result(sum);
}
