// Random memory calls in an arena of 32 pages; results, errors and every page's contents and rights afterwards.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 32
static sigjmp_buf back;
static uint64_t state = 88172645463325252u;
static void on_fault(int signal) { siglongjmp(back, signal); }
static unsigned pick(unsigned count) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 33) % count;
}
static int byte_at(volatile unsigned char *p) { return sigsetjmp(back, 1) == 0 ? *p : -1; }
static int can_write(volatile unsigned char *p) {
  if (sigsetjmp(back, 1) != 0) return 0;
  *p = *p + 1;
  return 1;
}

int main(void) {
  struct sigaction action = {.sa_handler = on_fault};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  const int fd = memfd_create("arena", 0);
  unsigned char page[PAGE];
  for (int i = 0; i < 20; ++i) {
    memset(page, 100 + i, sizeof page);
    write(fd, page, sizeof page);
  }
  // Neighbours that nothing merges with.
  unsigned char *around = mmap(NULL, (PAGES + 64) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  unsigned char *arena = around + 32 * PAGE;
  munmap(arena, PAGES * PAGE);
  const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};
  for (int step = 0; step < 1500; ++step) {
    unsigned char *at = arena + pick(PAGES) * PAGE;
    const long left = (arena + PAGES * PAGE - at) / PAGE;
    const long length = (1 + pick(left < 6 ? left : 6)) * PAGE;
    const int protection = protections[pick(5)];
    long result = 0;
    errno = 0;
    const unsigned call = pick(12);
    if (call < 3) {
      result = (long)mmap(at, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | (pick(4) == 0 ? MAP_FIXED_NOREPLACE : MAP_FIXED), -1, 0);
    } else if (call < 5) {
      const int type = pick(2) ? MAP_SHARED : MAP_PRIVATE;
      result = (long)mmap(at, length, protection, MAP_FIXED | type, fd, pick(22) * PAGE);
    } else if (call < 6) {
      result = munmap(at, length);
    } else if (call < 9) {
      result = mprotect(at, length, protection);
    } else if (call < 10) {
      result = madvise(at, length, MADV_DONTNEED);
    } else {
      unsigned char *to = arena + pick(PAGES) * PAGE;
      long size = (1 + pick(6)) * PAGE;
      if (to + size > arena + PAGES * PAGE) size = arena + PAGES * PAGE - to;
      // Of one page: since Linux 6.17, several mappings move at once.
      if (pick(3) == 0) result = (long)mremap(at, PAGE, (1 + pick(6)) * PAGE, 0);
      else result = (long)mremap(at, PAGE, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    }
    if (result == -1) printf("%d: call %u %ld+%ld: %s\n", step, call, (long)(at - arena) / PAGE, length / PAGE, strerrorname_np(errno));
    else printf("%d: call %u %ld+%ld: %ld\n", step, call, (long)(at - arena) / PAGE, length / PAGE, result == 0 ? 0 : (result - (long)arena) / PAGE);
    unsigned char *touched = arena + pick(PAGES) * PAGE;
    printf("  page %ld writable %d\n", (long)(touched - arena) / PAGE, can_write(touched + 9));
    if (step % 10 == 0) {
      for (int i = 0; i < PAGES; ++i) printf(" %d", byte_at(arena + i * PAGE + 9));
      puts("");
    }
  }
  return 0;
}
