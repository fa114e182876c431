// Floating point: the Mandelbrot set, a compare and a branch in every step.
#include "bench.h"

int main(int argc, char** argv) {
  const long rows = bench_scale(argc, argv, 600);
  uint64_t sum = 0;
  for (long row = 0; row < rows; ++row) {
    const long py = row % 200;  // again and again: all that lies beyond is left after a step
    for (int px = 0; px < 300; ++px) {
      const double cx = px / 150.0 - 1.5, cy = (double)py / 100.0 - 1.0;
      double x = 0, y = 0;
      int n = 0;
      while (n < 200 && x * x + y * y < 4) {
        const double next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        ++n;
      }
      sum += (uint64_t)(n * (px + 1));
    }
  }
  return bench_result(sum);
}
