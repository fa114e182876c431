// Signals of instructions that cannot be executed: numbers, codes, addresses.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static siginfo_t seen;
static uint64_t seen_pc;
static void on_fault(int signal, siginfo_t *info, void *context) {
  seen = *info;
  seen_pc = ((ucontext_t *)context)->uc_mcontext.pc;
  siglongjmp(back, 1);
}

static uint32_t *code;
// Runs one instruction with x0 = argument.
static void run(const char *name, uint32_t instruction, uint64_t argument) {
  code[0] = instruction;
  code[1] = 0xd65f03c0;  // ret
  __builtin___clear_cache((char *)code, (char *)(code + 2));
  seen.si_signo = 0;
  if (sigsetjmp(back, 1) == 0) {
    ((void (*)(uint64_t))code)(argument);
    printf("%s: nothing\n", name);
    return;
  }
  printf("%s: signal %d code %d, pc %s, address %s\n", name, seen.si_signo, seen.si_code, seen_pc == (uint64_t)code ? "right" : "wrong",
         (uint64_t)seen.si_addr == (uint64_t)code ? "of the instruction" : (uint64_t)seen.si_addr == argument ? "of the access" : "other");
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGSEGV};
  for (int i = 0; i < 4; ++i) sigaction(signals[i], &action, NULL);
  static uint64_t memory[4] __attribute__((aligned(64)));
  const uint64_t aligned = (uint64_t)memory;
  run("udf #0", 0x00000000, 0);
  run("udf #1234", 0x000004d2, 0);
  run("brk #0", 0xd4200000, 0);
  run("brk #1000", 0xd4207d00, 0);
  run("hlt #0", 0xd4400000, 0);
  run("hvc #0", 0xd4000002, 0);
  run("smc #0", 0xd4000003, 0);
  run("dcps1", 0xd4a00001, 0);
  run("eret", 0xd69f03e0, 0);
  run("wfi", 0xd503207f, 0);
  run("msr daifset, #1", 0xd50341df, 0);
  run("mrs x0, sctlr_el1", 0xd5381000, 0);
  run("mrs x0, tpidr_el1", 0xd538d080, 0);
  run("ldxr, aligned", 0xc85f7c00, aligned);
  run("ldxr, misaligned", 0xc85f7c00, aligned + 4);
  run("ldadd, aligned", 0xf8200000, aligned);
  run("ldadd across 16 bytes", 0xf8200000, aligned + 12);
  run("ldar, aligned", 0xc8dffc00, aligned);
  run("ldr, misaligned", 0xf9400000, aligned + 3);
  run("ldr of null", 0xf9400000, 0);
  run("str of null", 0xf900001f, 0);
  run("ldr of a kernel address", 0xf9400000, 0xffff800000000000);
  run("ldr above the user's addresses", 0xf9400000, 0x0008000000000000);
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))((char *)code + 2))();
  printf("a branch to an odd place: signal %d code %d, address %s\n", seen.si_signo, seen.si_code,
         (uint64_t)seen.si_addr == (uint64_t)code + 2 ? "right" : "wrong");
  if (sigsetjmp(back, 1) == 0) ((void (*)(void))0x123450)();
  printf("a branch to nowhere: signal %d code %d, address %lx\n", seen.si_signo, seen.si_code, (uint64_t)seen.si_addr);
  return 0;
}
