// Shared by the benchmark programs: a scale from the command line, and a checksum printed so that every run can be compared.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// How much work to do: argv[1] percent of the default, 100 if absent.
static inline long bench_scale(int argc, char** argv, long work) {
  const long percent = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
  const long scaled = work * percent / 100;
  return scaled > 0 ? scaled : 1;
}

static inline uint64_t bench_random(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static inline int bench_result(uint64_t checksum) {
  printf("%016llx\n", (unsigned long long)checksum);
  return 0;
}
