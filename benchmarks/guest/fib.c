// Calls: doubly recursive Fibonacci.
#include "bench.h"

static __attribute__((noinline)) uint64_t fib(int n) {
  if (n < 2) return (uint64_t)n;
  const uint64_t left = fib(n - 1);
  __asm__ volatile("");  // keeps the compiler from turning the recursion inside out
  return left + fib(n - 2);
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 40); round > 0; --round) sum += fib(29);
  return bench_result(sum);
}
