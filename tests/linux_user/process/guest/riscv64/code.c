// Code that changes: written in place, mapped twice, replaced by mmap and mprotect, read from a file.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static void on_fault(int signal, siginfo_t *info, void *context) { siglongjmp(back, info->si_code); }
static int call(void *code) {
  const int fault = sigsetjmp(back, 1);
  if (fault != 0) return -fault;
  return ((int (*)(void))code)();
}
// li a0, value; ret
static void put(uint32_t *at, int value) {
  at[0] = 0x00000513 | (uint32_t)value << 20;
  at[1] = 0x00008067;
}
static void sync_code(void *at) { __builtin___clear_cache((char *)at, (char *)at + 8); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int sum = 0;
  for (int i = 0; i < 300; ++i) {
    put(code, i);
    sync_code(code);
    for (int n = 0; n < 3; ++n) sum += call(code);
  }
  printf("in place: %d\n", sum);

  const int fd = memfd_create("code", 0);
  ftruncate(fd, 4096);
  uint32_t *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  uint32_t *executable = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  sum = 0;
  for (int i = 0; i < 100; ++i) {
    put(writable, i);
    sync_code(executable);
    sum += call(executable);
  }
  printf("mapped twice: %d\n", sum);
  uint32_t *late = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  put(late, 77);
  sync_code(executable);
  printf("mapped later: %d\n", call(executable));

  mprotect(code, 4096, PROT_READ | PROT_WRITE);
  printf("not executable: %d\n", call(code));
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  printf("again: %d\n", call(code));
  mprotect(code, 4096, PROT_READ | PROT_WRITE);
  put(code, 12);
  mprotect(code, 4096, PROT_READ | PROT_EXEC);
  sync_code(code);
  printf("rewritten: %d\n", call(code));
  uint32_t *same = mmap(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  put(same, 13);
  sync_code(code);
  printf("replaced: %d\n", call(code));

  // The kernel writes to a page that is being executed.
  uint32_t words[2];
  int pipes[2];
  pipe(pipes);
  put(words, 14);
  write(pipes[1], words, sizeof words);
  printf("read: %zd", read(pipes[0], code, sizeof words));
  sync_code(code);
  printf(", then %d\n", call(code));
  uint32_t *moved = mremap(code, 4096, 8192, MREMAP_MAYMOVE);
  printf("moved: %d\n", call(moved));
  munmap(moved, 8192);
  printf("unmapped: %d\n", call(moved));
  return 0;
}
