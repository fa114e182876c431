// riscv_hwprobe and riscv_flush_icache: calls that only riscv64 has. Prints what a CPU with all that Menura knows answers.
#include "../show.h"

#include <sys/syscall.h>

struct pair {
  long key;
  unsigned long value;
};

int main(void) {
  struct pair pairs[] = {{3, 9}, {4, 9}, {5, 9}, {6, 9}, {0, 9}, {12345, 9}, {-1, 9}};
  SHOW(syscall(258, pairs, 7, 0, NULL, 0));
  for (int i = 0; i < 7; ++i) printf("  %ld %lx\n", pairs[i].key, pairs[i].value);
  SHOW(syscall(258, pairs, 1, 0, NULL, 2));
  SHOW(syscall(258, (void*)8, 1, 0, NULL, 0));
  SHOW(syscall(258, pairs, 1, 8, NULL, 0));
  unsigned long cpus = 3;
  struct pair wanted = {3, 1};
  SHOW(syscall(258, &wanted, 1, 8, &cpus, 1));
  printf("  %lx\n", cpus);
  wanted.value = 0x80;
  SHOW(syscall(258, &wanted, 1, 8, &cpus, 1));
  printf("  %lx\n", cpus);
  SHOW(syscall(259, 0, 0, 0));
  SHOW(syscall(259, 0, 0, 1));
  SHOW(syscall(259, 0, 0, 2));
  // What Menura does not have says so.
  SHOW(syscall(293, &cpus, 32, 0, 0));
  SHOW(syscall(425, 1, &cpus));
  SHOW(syscall(444, NULL, 0, 1));
  SHOW(syscall(9999));
  SHOW(syscall(-1));
  return 0;
}
