// SIMD: sums of absolute differences of 16x16 blocks, as a video encoder looks for motion; the compiler vectorizes it.
#include "bench.h"

enum { kWidth = 128, kBlock = 16 };
static uint8_t frame[kWidth * kWidth], block[kBlock * kBlock];

static unsigned difference(const uint8_t* at) {
  unsigned sum = 0;
  for (int y = 0; y < kBlock; ++y) {
// Unrolled, it would not be vectorized.
#pragma GCC unroll 1
    for (int x = 0; x < kBlock; ++x) {
      const int d = at[y * kWidth + x] - block[y * kBlock + x];
      sum += (unsigned)(d < 0 ? -d : d);
    }
  }
  return sum;
}

int main(int argc, char** argv) {
  uint64_t state = 3;
  for (int i = 0; i < kWidth * kWidth; ++i) frame[i] = (uint8_t)bench_random(&state);
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 80); round > 0; --round) {
    for (int i = 0; i < kBlock * kBlock; ++i) block[i] = (uint8_t)bench_random(&state);
    unsigned best = ~0u, place = 0;
    for (unsigned y = 0; y + kBlock <= kWidth; ++y) {
      for (unsigned x = 0; x + kBlock <= kWidth; ++x) {
        const unsigned found = difference(frame + y * kWidth + x);
        if (found < best) best = found, place = y * kWidth + x;
      }
    }
    sum = sum * 31 + best + place;
  }
  return bench_result(sum);
}
