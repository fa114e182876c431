// System calls: cheap ones, many of them.
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (long i = bench_scale(argc, argv, 1000000); i > 0; --i) sum += (uint64_t)(syscall(SYS_getppid) > 0);
  return bench_result(sum);
}
