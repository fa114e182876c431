/* riscv64.c for RV32, without a C library (Debian has none): the same jobs and results, registers zero-extended. */
#define REGISTERS 65 /* ra..t6, ft0..ft11, fflags, frm */
#include "job.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

/* As the kernel lays it out: sigcontext is 160 bytes into the ucontext. */
struct context {
  u8 before[160];
  u32 registers[32]; /* pc, then x1 to x31 */
  u64 floats[32];
  u32 fcsr;
};

static struct {
  u32 registers[32];
  u64 floats[32];
  u32 fcsr;
} resume;
static u8 stack[1 << 16] __attribute__((aligned(16)));

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  register long a5 __asm__("a5") = f;
  register long a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
  return a0;
}
enum {
  kRead = 63,
  kWrite = 64,
  kExit = 94,
  kSigaltstack = 132,
  kTgkill = 131,
  kSigaction = 134,
  kGetpid = 172,
  kMmap = 222
};

static void copy(volatile u8* to, const volatile u8* from, unsigned size) {
  while (size--) *to++ = *from++;
}

static void on_start(int signal, void* info, struct context* context) {
  (void)signal;
  (void)info;
  for (int i = 0; i < 32; ++i) {
    resume.registers[i] = context->registers[i];
    resume.floats[i] = context->floats[i];
    if (i != 0) context->registers[i] = (u32)job.registers[i - 1].low;
    context->floats[i] = job.registers[31 + i].low;
  }
  resume.fcsr = context->fcsr;
  context->registers[0] = (u32)CODE_PAGE + kPage / 2;
  context->fcsr = (u32)(job.registers[63].low | job.registers[64].low << 5);
}

static void on_end(int signal, void* info, struct context* context) {
  result.signal = (u64)signal;
  result.address = ((u32*)info)[3];
  result.pc = context->registers[0];
  for (int i = 0; i < 32; ++i) {
    if (i != 0) result.registers[i - 1].low = context->registers[i];
    result.registers[31 + i].low = context->floats[i];
    context->registers[i] = resume.registers[i];
    context->floats[i] = resume.floats[i];
  }
  result.registers[63].low = context->fcsr & 31;
  result.registers[64].low = context->fcsr >> 5 & 7;
  context->fcsr = resume.fcsr;
}

static void handle(int signal, void* handler) {
  struct {
    void* handler;
    u32 flags;
    u32 mask[2];
  } action = {handler, 0x08000004, {0, 0}}; /* SA_ONSTACK | SA_SIGINFO */
  call(kSigaction, signal, (long)&action, 0, 8, 0, 0);
}

static int transfer(long number, int fd, void* data, unsigned size) {
  char* at = data;
  while (size != 0) {
    const long done = call(number, fd, (long)at, (long)size, 0, 0, 0);
    if (done <= 0) return 0;
    at += done;
    size -= (unsigned)done;
  }
  return 1;
}

void _start(void) {
  const u32 alternate[3] = {(u32)stack, 0, sizeof stack};
  call(kSigaltstack, (long)alternate, 0, 0, 0, 0, 0);
  handle(10, on_start); /* SIGUSR1; then SIGTRAP, SIGILL, SIGSEGV, SIGBUS */
  handle(5, on_end);
  handle(4, on_end);
  handle(11, on_end);
  handle(7, on_end);
  call(kMmap, (long)CODE_PAGE, kPage, 7, 0x32, -1, 0);
  call(kMmap, (long)DATA_PAGE, kPage, 3, 0x32, -1, 0);
  const long self = call(kGetpid, 0, 0, 0, 0, 0, 0);
  while (transfer(kRead, 0, &job, sizeof job)) {
    for (unsigned i = 0; i < kPage; i += 2) copy((u8*)CODE_PAGE + i, (const u8*)"\x02\x90", 2); /* c.ebreak */
    copy((u8*)CODE_PAGE + kPage / 2, job.code, (unsigned)job.code_bytes);
    copy((u8*)DATA_PAGE, (u8*)job.data, kPage);
    __asm__ volatile("fence.i" ::: "memory");
    call(kTgkill, self, self, 10, 0, 0, 0);
    copy((u8*)result.data, (u8*)DATA_PAGE, kPage);
    if (!transfer(kWrite, 1, &result, sizeof result)) break;
  }
  call(kExit, 0, 0, 0, 0, 0, 0);
  for (;;) {
  }
}
