// Floating point: planets under gravity, with square roots and divisions.
#include <math.h>
#include <string.h>

#include "bench.h"

enum { kBodies = 5 };
struct Body { double x[3], v[3], mass; };

int main(int argc, char** argv) {
  struct Body bodies[kBodies];
  for (int i = 0; i < kBodies; ++i) {
    for (int d = 0; d < 3; ++d) bodies[i].x[d] = (i + 1) * (d + 1.5), bodies[i].v[d] = 0.01 * (i - d);
    bodies[i].mass = 1.0 / (i + 1);
  }
  for (long step = bench_scale(argc, argv, 400000); step > 0; --step) {
    for (int i = 0; i < kBodies; ++i) {
      for (int j = i + 1; j < kBodies; ++j) {
        double delta[3], square = 0.01;
        for (int d = 0; d < 3; ++d) delta[d] = bodies[i].x[d] - bodies[j].x[d], square += delta[d] * delta[d];
        const double pull = 0.001 / (square * sqrt(square));
        for (int d = 0; d < 3; ++d) bodies[i].v[d] -= delta[d] * bodies[j].mass * pull, bodies[j].v[d] += delta[d] * bodies[i].mass * pull;
      }
    }
    for (int i = 0; i < kBodies; ++i) {
      for (int d = 0; d < 3; ++d) bodies[i].x[d] += 0.001 * bodies[i].v[d];
    }
  }
  uint64_t checksum = 0, bits;
  for (int i = 0; i < kBodies; ++i) memcpy(&bits, &bodies[i].x[0], 8), checksum = checksum * 31 + bits;
  return bench_result(checksum);
}
