// Processes: children that do nothing, one after the other.
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (long i = bench_scale(argc, argv, 1000); i > 0; --i) {
    const pid_t child = fork();
    if (child == 0) _exit(3);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    sum += (uint64_t)WEXITSTATUS(status);
  }
  return bench_result(sum);
}
