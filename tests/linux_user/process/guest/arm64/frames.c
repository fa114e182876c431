// Signal frames of arm64: the records, what they hold, changes that a handler makes, frames that go on in an extra space.
#define _GNU_SOURCE
#include <asm/sigcontext.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static struct sigcontext *context_of(void *context) { return (struct sigcontext *)&((ucontext_t *)context)->uc_mcontext; }

static struct _aarch64_ctx *record(void *context, uint32_t magic) {
  struct sigcontext *sc = context_of(context);
  for (size_t at = 0; at + 8 <= sizeof sc->__reserved;) {
    struct _aarch64_ctx *head = (void *)(sc->__reserved + at);
    if (head->magic == magic) return head;
    if (head->magic == 0) return NULL;
    at += head->size;
  }
  return NULL;
}

static volatile int way;
static siginfo_t seen;
static uint64_t seen_fault, seen_esr, seen_x29;
static int has_esr, fpsimd_size;

static void on_signal(int signal, siginfo_t *info, void *context) {
  struct sigcontext *sc = context_of(context);
  struct fpsimd_context *fp = (void *)record(context, FPSIMD_MAGIC);
  struct esr_context *esr = (void *)record(context, ESR_MAGIC);
  seen = *info;
  seen_fault = sc->fault_address;
  has_esr = esr != NULL;
  seen_esr = esr != NULL ? esr->esr : 0;
  fpsimd_size = fp->head.size;
  uint64_t *frame = __builtin_frame_address(0);
  seen_x29 = ((uint64_t *)frame[0])[0];  // the record that the kernel made: x29 of the interrupted code
  if (signal != SIGUSR1) sc->pc += 4;
  if (way == 1) {
    sc->regs[5] = 0x1234567890abcdef;
    fp->vregs[9] = (__uint128_t)0x1111222233334444 << 64 | 0x5555666677778888;
    fp->fpcr = 1 << 22 | 1 << 24;
    fp->fpsr = 0x0800001f;
    sc->pstate = (sc->pstate & 0x0fffffff) | 0xa0000000;
  }
  if (way == 2) {  // the list goes on behind its end
    struct fpsimd_context copy = *fp;
    uint8_t *at = sc->__reserved;
    memset(at, 0, sizeof sc->__reserved);
    struct extra_context extra = {{EXTRA_MAGIC, sizeof extra}, (uint64_t)(at + 48), 1024, {0}};
    copy.vregs[9] = 77;
    memcpy(at, &extra, sizeof extra);
    memcpy(at + 48, &copy, sizeof copy);
  }
  if (way == 3) ((struct fpsimd_context *)fp)->head.size = 24;  // damaged
}

static uint64_t call(uint64_t x5, uint64_t v9[2], uint64_t *fpcr, uint64_t *fpsr, uint64_t *nzcv, uint32_t how) {
  register uint64_t r5 asm("x5") = x5;
  register uint64_t r6 asm("x6") = how;
  asm volatile(
      "ldr q9, [%[v]]\n msr fpcr, xzr\n msr fpsr, xzr\n cmp xzr, xzr\n"
      "cbnz %[how], 1f\n udf #0\n b 2f\n"
      "1: mov x7, #0\n str xzr, [x7, #8]\n"
      "2: str q9, [%[v]]\n mrs x7, fpcr\n str x7, [%[c]]\n mrs x7, fpsr\n str x7, [%[s]]\n mrs x7, nzcv\n str x7, [%[n]]\n"
      "msr fpcr, xzr\n msr fpsr, xzr\n"
      : "+r"(r5)
      : [v] "r"(v9), [c] "r"(fpcr), [s] "r"(fpsr), [n] "r"(nzcv), [how] "r"(r6)
      : "x7", "v9", "memory", "cc");
  return r5;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  uint64_t v[2] = {1, 2}, fpcr, fpsr, nzcv;

  uint64_t x5 = call(5, v, &fpcr, &fpsr, &nzcv, 0);
  printf("kept: x5 %lx v9 %lx %lx fpcr %lx fpsr %lx nzcv %lx\n", x5, v[0], v[1], fpcr, fpsr, nzcv);
  printf("SIGILL %d code %d, fpsimd of %d bytes, frame record %s\n", seen.si_signo, seen.si_code, fpsimd_size,
         seen_x29 == (uint64_t)__builtin_frame_address(0) ? "right" : "wrong");
  way = 1;
  x5 = call(5, v, &fpcr, &fpsr, &nzcv, 0);
  printf("changed: x5 %lx v9 %lx %lx fpcr %lx fpsr %lx nzcv %lx\n", x5, v[0], v[1], fpcr, fpsr, nzcv);
  way = 2;
  x5 = call(5, v, &fpcr, &fpsr, &nzcv, 0);
  printf("extra: x5 %lx v9 %lx %lx\n", x5, v[0], v[1]);

  // A fault tells its address, and how it was accessed.
  way = 0;
  call(5, v, &fpcr, &fpsr, &nzcv, 1);
  printf("fault: address %lx %p, esr %d class %lx write %lx status %lx\n", seen_fault, seen.si_addr, has_esr, seen_esr >> 26,
         seen_esr >> 6 & 1, seen_esr & 63);
  volatile int *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  asm volatile("str wzr, [%0, #12]" ::"r"(page) : "memory");
  printf("read-only: offset %lx, esr %d class %lx write %lx status %lx\n", seen_fault - (uint64_t)page, has_esr, seen_esr >> 26,
         seen_esr >> 6 & 1, seen_esr & 63);
  mprotect((void *)page, 4096, PROT_NONE);
  asm volatile("ldr wzr, [%0, #20]" ::"r"(page) : "memory");
  printf("no access: offset %lx, esr %d class %lx write %lx status %lx\n", seen_fault - (uint64_t)page, has_esr, seen_esr >> 26,
         seen_esr >> 6 & 1, seen_esr & 63);
  printf("AT_MINSIGSTKSZ %lu\n", getauxval(AT_MINSIGSTKSZ));

  // A frame without a good FPSIMD record: SIGSEGV, which is blocked by nothing here and kills.
  fflush(stdout);
  signal(SIGSEGV, SIG_DFL);
  way = 3;
  call(5, v, &fpcr, &fpsr, &nzcv, 0);
  printf("came back\n");
  return 0;
}
