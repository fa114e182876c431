// Floating point: product of two matrices of doubles.
#include <string.h>

#include "bench.h"

enum { kSize = 200 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

int main(int argc, char** argv) {
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) a[i][j] = i * 0.5 + j, b[i][j] = i - j * 0.25;
  }
  for (long round = bench_scale(argc, argv, 12); round > 0; --round) {
    for (int i = 0; i < kSize; ++i) {
      for (int j = 0; j < kSize; ++j) {
        double sum = 0;
        for (int k = 0; k < kSize; ++k) sum += a[i][k] * b[k][j];
        c[i][j] += sum * 1e-3;
      }
    }
    a[round % kSize][3] = c[5][round % kSize];
  }
  uint64_t checksum = 0, bits;
  for (int i = 0; i < kSize; ++i) memcpy(&bits, &c[i][i], 8), checksum = checksum * 31 + bits;
  return bench_result(checksum);
}
