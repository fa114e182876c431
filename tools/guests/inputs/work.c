// Compiled by a guest's compiler: floating point, strings, a sort, a signal.
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t caught;

static void on_signal(int number) { caught = number == SIGUSR1; }

static int by_hash(const void* a, const void* b) {
  const unsigned x = *(const unsigned*)a;
  const unsigned y = *(const unsigned*)b;
  return (x > y) - (x < y);
}

int main(int count, char** arguments) {
  unsigned hashes[1000];
  for (unsigned i = 0; i < 1000; i++) hashes[i] = i * 2654435761u;
  qsort(hashes, 1000, sizeof hashes[0], by_hash);
  double sum = 0;
  for (int i = 0; i < 1000; i++) sum += sqrt(hashes[i]) * (i % 2 ? -1 : 1);
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  printf("%d %s %zu %u %.6f %d\n", count, arguments[1], strlen(arguments[1]), hashes[500], sum, caught);
  return 3;
}
