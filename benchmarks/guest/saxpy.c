// SIMD: y += a * x over floats that fit the first-level cache; the compiler vectorizes it.
#include "bench.h"

enum { kCount = 4096 };
static float x[kCount], y[kCount];

int main(int argc, char** argv) {
  for (int i = 0; i < kCount; ++i) {
    x[i] = (float)(i % 113) / 64;
    y[i] = (float)(i % 57);
  }
  for (long round = bench_scale(argc, argv, 12000); round > 0; --round) {
    const float a = (float)(round % 3 - 1) / 8;
    for (int i = 0; i < kCount; ++i) y[i] += a * x[i];
  }
  double sum = 0;
  for (int i = 0; i < kCount; ++i) sum += y[i];
  return bench_result((uint64_t)(int64_t)(sum * 1024));
}
