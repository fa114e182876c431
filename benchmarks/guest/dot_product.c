// SIMD: dot products of float vectors, in sixteen sums so that the order of the additions is the same everywhere.
#include "bench.h"

enum { kCount = 4096, kLanes = 16 };
static float x[kCount], y[kCount];

static float dot(const float* a, const float* b) {
  float sums[kLanes] = {0};
  for (int i = 0; i < kCount; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  return sum;
}

int main(int argc, char** argv) {
  for (int i = 0; i < kCount; ++i) {
    x[i] = (float)(i % 31);
    y[i] = (float)(i % 7);
  }
  double sum = 0;
  for (long round = bench_scale(argc, argv, 12000); round > 0; --round) {
    x[round % kCount] = (float)(round % 29);
    sum += dot(x, y);
  }
  return bench_result((uint64_t)(int64_t)sum);
}
