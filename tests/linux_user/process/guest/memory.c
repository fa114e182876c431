// mmap, munmap, mprotect, mremap, brk: results and errors, checked against the host's kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#define PAGE 4096UL
static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

// 'r', 'w', or the signal that the access raises.
static int touch(volatile char *p, int write) {
  const int signal = sigsetjmp(back, 1);
  if (signal != 0) return signal;
  if (write) *p = 1;
  else (void)*p;
  return 0;
}
static void show(const char *what, long result) {
  if (result == -1) printf("%s: %s\n", what, strerrorname_np(errno));
  else printf("%s: ok\n", what);
}
static void show_map(const char *what, void *result) { show(what, (long)result); }

int main(void) {
  struct sigaction action = {.sa_handler = on_fault};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  const int rw = PROT_READ | PROT_WRITE, priv = MAP_PRIVATE | MAP_ANONYMOUS;

  show_map("length 0", mmap(NULL, 0, rw, priv, -1, 0));
  show_map("no type", mmap(NULL, PAGE, rw, MAP_ANONYMOUS, -1, 0));
  show_map("bad fd", mmap(NULL, PAGE, rw, MAP_PRIVATE, -1, 0));
  show_map("huge", mmap(NULL, 1UL << 62, rw, priv, -1, 0));
  show_map("wrapping", mmap(NULL, -1UL, rw, priv, -1, 0));
  show_map("unaligned fixed", mmap((void *)0x200001, PAGE, rw, priv | MAP_FIXED, -1, 0));

  char *a = mmap(NULL, 16 * PAGE, rw, priv, -1, 0);
  show_map("16 pages", a);
  show_map("noreplace over it", mmap(a + PAGE, PAGE, rw, priv | MAP_FIXED_NOREPLACE, -1, 0));
  printf("a used hint moves: %d\n", mmap(a, PAGE, rw, priv, -1, 0) != a);
  a[PAGE] = 7;
  const int replaced = mmap(a + PAGE, PAGE, rw, priv | MAP_FIXED, -1, 0) == a + PAGE;
  printf("fixed replaces: %d %d\n", replaced, a[PAGE]);

  show("munmap unaligned", munmap(a + 1, PAGE));
  show("munmap 0", munmap(a, 0));
  show("munmap a hole", munmap(a + 4 * PAGE, PAGE));
  show("munmap it again", munmap(a + 4 * PAGE, PAGE));
  printf("hole: %d %d\n", touch(a + 4 * PAGE, 0), touch(a + 5 * PAGE, 1));
  printf("a free hint is taken: %d\n", mmap(a + 4 * PAGE, PAGE, rw, priv, -1, 0) == a + 4 * PAGE);
  munmap(a + 4 * PAGE, PAGE);

  show("mprotect unaligned", mprotect(a + 1, PAGE, PROT_READ));
  show("mprotect 0", mprotect(a, 0, PROT_READ));
  show("mprotect bad bits", mprotect(a, PAGE, 0x400));
  show("mprotect over a hole", mprotect(a + 3 * PAGE, 3 * PAGE, PROT_READ));
  printf("before the hole it counts: %d %d\n", touch(a + 3 * PAGE, 1), touch(a + 5 * PAGE, 1));
  show("none", mprotect(a + 6 * PAGE, PAGE, PROT_NONE));
  printf("none: %d, next %d\n", touch(a + 6 * PAGE, 0), touch(a + 7 * PAGE, 1));

  show_map("mremap bad flags", mremap(a, PAGE, PAGE, 0x100));
  show_map("mremap fixed alone", mremap(a, PAGE, PAGE, MREMAP_FIXED, a));
  show_map("mremap to 0", mremap(a, PAGE, 0, 0));
  show_map("mremap unaligned", mremap(a + 1, PAGE, PAGE, 0));
  show_map("mremap a hole", mremap(a + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
  show_map("mremap over two", mremap(a + 2 * PAGE, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
  show_map("mremap cannot grow", mremap(a + 7 * PAGE, PAGE, 2 * PAGE, 0));
  show_map("mremap onto itself", mremap(a, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a + PAGE));
  a[0] = 42;
  char *b = mremap(a, PAGE, 5 * PAGE, MREMAP_MAYMOVE);
  printf("moved: %d %d %d, old %d\n", b != a, b[0], b[4 * PAGE], touch(a, 0));
  char *same = mremap(b, 5 * PAGE, 2 * PAGE, 0);
  printf("shrinks in place: %d %d\n", same == b, touch(b + 2 * PAGE, 0));
  same = mremap(b, 2 * PAGE, 3 * PAGE, 0);
  printf("grows in place: %d %d\n", same == b, touch(b + 2 * PAGE, 1));
  same = mremap(b, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a + 10 * PAGE);
  printf("to a given place: %d %d\n", same == a + 10 * PAGE, a[10 * PAGE]);

  FILE *file = tmpfile();
  const int fd = fileno(file);
  char text[2 * PAGE];
  memset(text, 'x', sizeof text);
  write(fd, text, sizeof text);
  show_map("file, odd offset", mmap(NULL, PAGE, rw, MAP_SHARED, fd, 1));
  char *s = mmap(NULL, 4 * PAGE, rw, MAP_SHARED, fd, 0), *p = mmap(NULL, PAGE, rw, MAP_PRIVATE, fd, PAGE);
  s[PAGE] = 'y';
  printf("shared seen: %c, past the end %d\n", p[0], touch(s + 2 * PAGE, 0) == SIGBUS);
  p[1] = 'z';
  pread(fd, text, 2, PAGE);
  printf("private kept apart: %c%c\n", text[0], text[1]);
  char *twice = mremap(s, 0, PAGE, MREMAP_MAYMOVE);
  twice[5] = 'q';
  printf("duplicated: %c\n", s[5]);
  show("msync", msync(s, PAGE, MS_SYNC));
  show("msync bad", msync(s, PAGE, MS_SYNC | MS_ASYNC));
  const int ro = open("/proc/self/exe", O_RDONLY);
  show_map("shared writable of a read-only file", mmap(NULL, PAGE, rw, MAP_SHARED, ro, 0));
  char *r = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
  show("mprotect of it", mprotect(r, PAGE, rw));

  char *c = mmap(NULL, 2 * PAGE, rw, priv, -1, 0);
  c[0] = 1;
  show("dontneed", madvise(c, PAGE, MADV_DONTNEED));
  printf("zero again: %d\n", c[0]);
  show("madvise a hole", (munmap(c + PAGE, PAGE), madvise(c, 2 * PAGE, MADV_DONTNEED)));
  show("madvise nonsense", madvise(c, PAGE, 999));
  unsigned char resident[2] = {9, 9};
  show("mincore", mincore(c, PAGE, resident));
  show("mincore of a hole", mincore(c + PAGE, PAGE, resident));

  char *heap = sbrk(0);
  show("brk up", brk(heap + 3 * PAGE));
  heap[2 * PAGE] = 5;
  show("brk down", brk(heap));
  show("brk up", brk(heap + 3 * PAGE));
  printf("fresh: %d\n", heap[2 * PAGE]);
  show("brk too far", brk((void *)(1UL << 60)));

  const int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
  char *m = shmat(id, NULL, 0), *n = shmat(id, NULL, SHM_RDONLY);
  m[PAGE] = 11;
  printf("shm: %d %d\n", n[PAGE], touch(n, 1));
  show("shmdt", shmdt(m));
  printf("gone: %d\n", touch(m, 0));
  show("shmdt again", shmdt(m));
  shmctl(id, IPC_RMID, NULL);

  // The map of the process names what was mapped.
  char line[512], found[64] = "";
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long begin = 0, end = 0;
    char rights[8] = "";
    sscanf(line, "%lx-%lx %7s", &begin, &end, rights);
    if (begin <= (uintptr_t)(a + 10 * PAGE) && (uintptr_t)(a + 10 * PAGE) < end) strcat(found, rights);
    if (begin <= (uintptr_t)&line && (uintptr_t)&line < end) strcat(found, strstr(line, "[stack]") ? " stack" : " ?");
    if (begin <= (uintptr_t)heap && (uintptr_t)heap < end) strcat(found, strstr(line, "[heap]") ? " heap" : " ?");
    if (begin <= (uintptr_t)s && (uintptr_t)s < end) strcat(found, rights);
  }
  printf("maps: %zu %s\n", strlen(found), strstr(found, "rw-s") && strstr(found, " stack") && strstr(found, " heap") ? "ok" : found);
  return 0;
}
