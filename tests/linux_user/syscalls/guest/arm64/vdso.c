// The vDSO: its functions are found as C libraries find them, and answer what the system calls answer.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *base, *strings, *versions;
static const Elf64_Sym *symbols;
static uint32_t symbol_count;

static void *find(const char *name) {
  for (uint32_t i = 0; i < symbol_count; ++i) {
    if (symbols[i].st_shndx != SHN_UNDEF && strcmp(strings + symbols[i].st_name, name) == 0) return (void *)(base + symbols[i].st_value);
  }
  return NULL;
}
static int64_t ns(struct timespec time) { return time.tv_sec * 1000000000L + time.tv_nsec; }

int main(void) {
  base = (const char *)getauxval(AT_SYSINFO_EHDR);
  const Elf64_Ehdr *head = (const void *)base;
  printf("ELF %d, machine %d, type %d\n", memcmp(base, ELFMAG, SELFMAG) == 0, head->e_machine, head->e_type);
  const Elf64_Phdr *segments = (const void *)(base + head->e_phoff);
  for (int i = 0; i < head->e_phnum; ++i) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    for (const Elf64_Dyn *entry = (const void *)(base + segments[i].p_offset); entry->d_tag != DT_NULL; ++entry) {
      const void *at = base + entry->d_un.d_ptr;
      if (entry->d_tag == DT_STRTAB) strings = at;
      if (entry->d_tag == DT_SYMTAB) symbols = at;
      if (entry->d_tag == DT_HASH) symbol_count = ((const uint32_t *)at)[1];
      if (entry->d_tag == DT_SONAME) printf("has a name\n");
    }
  }
  int (*get)(clockid_t, struct timespec *) = find("__kernel_clock_gettime");
  int (*res)(clockid_t, struct timespec *) = find("__kernel_clock_getres");
  int (*day)(struct timeval *, void *) = find("__kernel_gettimeofday");
  const uint32_t *ret = find("__kernel_rt_sigreturn");
  printf("sigreturn %08x %08x\n", ret[0], ret[1]);
  const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
  for (int i = 0; i < 7; ++i) {
    struct timespec before, middle, after, resolution, other;
    syscall(SYS_clock_gettime, clocks[i], &before);
    int got = get(clocks[i], &middle);
    syscall(SYS_clock_gettime, clocks[i], &after);
    printf("clock %d: %d, in order %d, below a second %d", clocks[i], got, ns(before) <= ns(middle) && ns(middle) <= ns(after),
           middle.tv_nsec >= 0 && middle.tv_nsec < 1000000000);
    got = res(clocks[i], &resolution);
    syscall(SYS_clock_getres, clocks[i], &other);
    printf(", resolution %d %d\n", got, ns(resolution) == ns(other));
  }
  struct timespec time;
  printf("no clock: %d\n", get(4711, &time));
  struct timeval before, middle, after;
  syscall(SYS_gettimeofday, &before, NULL);
  int got = day(&middle, NULL);
  syscall(SYS_gettimeofday, &after, NULL);
  printf("gettimeofday: %d, in order %d\n", got, !timercmp(&before, &middle, >) && !timercmp(&middle, &after, >));
  printf("time passes: %d\n", ({ struct timespec a, b; get(CLOCK_MONOTONIC, &a); do get(CLOCK_MONOTONIC, &b); while (ns(a) == ns(b)); ns(b) > ns(a); }));
  return 0;
}
