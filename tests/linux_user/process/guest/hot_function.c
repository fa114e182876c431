// Spends most of its time in hot(), a fifth as much in warm(), for so long that starting is little beside it, also where
// sanitizers make translation slow.
#include <stdio.h>

static volatile unsigned sink;

__attribute__((noinline, noclone)) static unsigned hot(unsigned seed, unsigned times) {
  for (unsigned i = 0; i < times; ++i) seed = seed * 1664525 + (seed >> 7) + 1013904223;
  return seed;
}

__attribute__((noinline, noclone)) static unsigned warm(unsigned seed) { return hot(seed ^ 1, 1) + hot(seed, 2); }

int main(void) {
  for (unsigned i = 0; i < 40000; ++i) {
    sink = hot(sink + i, 20000);
    for (unsigned k = 0; k < 20; ++k) sink = warm(sink);
  }
  printf("%u\n", sink);
  return 0;
}
