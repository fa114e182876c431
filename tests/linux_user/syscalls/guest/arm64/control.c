// What only arm64 programs ask: prctl options of the CPU, the auxiliary vector, /proc/cpuinfo, uname, ID registers.
#define _GNU_SOURCE
#include "../show.h"

#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <ucontext.h>

#define SHOW_CALL(call) (errno = 0, printf("%s = %ld %s\n", #call, (long)(call), errno ? strerrorname_np(errno) : ""))

static uint64_t sign(uint64_t pointer) {
  register uint64_t x17 asm("x17") = pointer;
  register uint64_t x16 asm("x16") = 42;
  asm volatile("hint #8" : "+r"(x17) : "r"(x16));  // pacia1716
  return x17;
}

int main(void) {
  struct utsname names;
  uname(&names);
  printf("machine %s\n", names.machine);
  printf("platform %s\n", (const char *)getauxval(AT_PLATFORM));
  printf("page %lu, clock %lu, least stack %lu\n", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK), getauxval(AT_MINSIGSTKSZ));

  SHOW_CALL(prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0));
  SHOW_CALL(prctl(PR_PAC_RESET_KEYS, PR_PAC_APIAKEY | PR_PAC_APGAKEY, 0, 0, 0));
  SHOW_CALL(prctl(PR_PAC_RESET_KEYS, 32, 0, 0, 0));
  SHOW_CALL(prctl(PR_PAC_RESET_KEYS, 0, 1, 0, 0));
  SHOW_CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
  const uint64_t signed_once = sign((uint64_t)&names);
  printf("signed the same twice %d, the pointer is kept %d\n", sign((uint64_t)&names) == signed_once,
         (signed_once & 0xffffffffffff) == (uint64_t)&names);
  SHOW_CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIAKEY, PR_PAC_APIBKEY, 0, 0));
  SHOW_CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APGAKEY, 0, 0, 0));
  SHOW_CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIAKEY | PR_PAC_APDBKEY, 0, 0, 0));
  SHOW_CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
  printf("signed with a key that is off: %s\n", sign((uint64_t)&names) == (uint64_t)&names ? "unchanged" : "changed");
  SHOW_CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIAKEY | PR_PAC_APDBKEY, PR_PAC_APIAKEY, 0, 0));
  SHOW_CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
  printf("signed again as before: %d\n", sign((uint64_t)&names) == signed_once);
  SHOW_CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 1, 0, 0, 0));
  SHOW_CALL(prctl(PR_SVE_GET_VL, 0, 0, 0, 0));
  SHOW_CALL(prctl(PR_SVE_SET_VL, 16, 0, 0, 0));
  SHOW_CALL(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
  SHOW_CALL(prctl(PR_SET_TAGGED_ADDR_CTRL, 2, 0, 0, 0));

  // /proc/cpuinfo names what AT_HWCAP has, and the part that MIDR_EL1 has.
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[4096];
  unsigned part = 0, implementer = 0, words = 0;
  while (fgets(line, sizeof line, file) != NULL && line[0] != '\n') {
    line[strcspn(line, "\t\n")] = 0;
    printf("cpuinfo has '%s'\n", line);
    const char *value = line + strlen(line) + 1;
    if (strcmp(line, "CPU part") == 0) sscanf(value, ": %x", &part);
    if (strcmp(line, "CPU implementer") == 0) sscanf(value, ": %x", &implementer);
    if (strcmp(line, "Features") == 0) for (const char *at = value; (at = strchr(at, ' ')) != NULL; ++at) ++words;
  }
  uint64_t midr;
  asm("mrs %0, midr_el1" : "=r"(midr));
  printf("midr: implementer %d part %d\n", (midr >> 24 & 255) == implementer, (midr >> 4 & 0xfff) == part);
  printf("as many features as bits: %d\n",
         __builtin_popcountl(getauxval(AT_HWCAP)) + __builtin_popcountl(getauxval(AT_HWCAP2)) == (int)words);
  return 0;
}
