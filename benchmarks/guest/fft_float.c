// Floating point, single precision: a radix-2 FFT.
#include <math.h>
#include <string.h>

#include "bench.h"

enum { kSize = 4096 };
static float re[kSize], im[kSize], cosine[kSize / 2], sine[kSize / 2];

static void fft(void) {
  for (int i = 1, j = 0; i < kSize; ++i) {
    int bit = kSize >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      float t = re[i];
      re[i] = re[j], re[j] = t;
      t = im[i], im[i] = im[j], im[j] = t;
    }
  }
  for (int length = 2; length <= kSize; length <<= 1) {
    const int step = kSize / length;
    for (int i = 0; i < kSize; i += length) {
      for (int j = 0; j < length / 2; ++j) {
        const float wr = cosine[j * step], wi = sine[j * step];
        const int p = i + j, q = p + length / 2;
        const float xr = re[q] * wr - im[q] * wi, xi = re[q] * wi + im[q] * wr;
        re[q] = re[p] - xr, im[q] = im[p] - xi;
        re[p] += xr, im[p] += xi;
      }
    }
  }
}

int main(int argc, char** argv) {
  for (int i = 0; i < kSize / 2; ++i) cosine[i] = cosf(6.2831853f * i / kSize), sine[i] = -sinf(6.2831853f * i / kSize);
  for (int i = 0; i < kSize; ++i) re[i] = (float)(i % 17) - 8.0f, im[i] = 0;
  for (long round = bench_scale(argc, argv, 200); round > 0; --round) {
    fft();
    for (int i = 0; i < kSize; ++i) re[i] *= 1.0f / 64, im[i] *= 1.0f / 64;
  }
  uint64_t checksum = 0;
  uint32_t bits;
  for (int i = 0; i < kSize; i += 64) memcpy(&bits, &re[i], 4), checksum = checksum * 31 + bits;
  return bench_result(checksum);
}
