// SIMD: a finite impulse response filter over 16-bit samples with 32-bit sums; the compiler vectorizes it.
#include "bench.h"

enum { kTaps = 16, kCount = 4096 };
static int16_t samples[kCount + kTaps], taps[kTaps], out[kCount];

static int16_t saturate(int32_t value) { return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value); }

static void filter(void) {
  static int32_t sums[kCount];
  for (int i = 0; i < kCount; ++i) sums[i] = 1 << 13;
  for (int tap = 0; tap < kTaps; ++tap) {
    const int32_t factor = taps[tap];
    for (int i = 0; i < kCount; ++i) sums[i] += factor * samples[i + tap];
  }
  for (int i = 0; i < kCount; ++i) out[i] = saturate(sums[i] >> 14);
}

int main(int argc, char** argv) {
  uint64_t state = 7;
  for (int i = 0; i < kCount + kTaps; ++i) samples[i] = (int16_t)(bench_random(&state) >> 3);
  for (int tap = 0; tap < kTaps; ++tap) taps[tap] = (int16_t)((tap * 731) % 4096);
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 6000); round > 0; --round) {
    filter();
    samples[round % kCount] = out[(round * 3) % kCount];
    sum = sum * 31 + (uint16_t)out[round % kCount];
  }
  return bench_result(sum);
}
