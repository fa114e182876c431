// Floating point: spectral norm, integer to double conversions and divisions.
#include <math.h>
#include <string.h>

#include "bench.h"

enum { kSize = 300 };

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const double* v, double* out, int transposed) {
  for (int i = 0; i < kSize; ++i) {
    double sum = 0;
    for (int j = 0; j < kSize; ++j) sum += (transposed ? element(j, i) : element(i, j)) * v[j];
    out[i] = sum;
  }
}

int main(int argc, char** argv) {
  double u[kSize], v[kSize], t[kSize];
  for (int i = 0; i < kSize; ++i) u[i] = 1;
  for (long round = bench_scale(argc, argv, 100); round > 0; --round) {
    multiply(u, t, 0), multiply(t, v, 1);
    multiply(v, t, 0), multiply(t, u, 1);
  }
  double uv = 0, vv = 0;
  for (int i = 0; i < kSize; ++i) uv += u[i] * v[i], vv += v[i] * v[i];
  const double norm = sqrt(uv / vv);
  uint64_t bits;
  memcpy(&bits, &norm, 8);
  return bench_result(bits);
}
