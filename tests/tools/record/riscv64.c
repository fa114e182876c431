/* Runs on the reference: executes each job's code from a given state and reports the state that it ends in.
 * Jobs come on stdin, results go to stdout, both as in record.cpp. State is entered and read through signal frames: a
 * signal handler rewrites the interrupted context. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

enum { kPage = 4096, kRegisters = 65 };
static char* const kCodePage = (char*)0x10000000;
static uint64_t* const kData = (uint64_t*)0x20000000;

struct job {
  uint64_t code_bytes;
  uint8_t code[256];
  uint64_t registers[kRegisters]; /* ra..t6, ft0..ft11, fflags, frm */
  uint64_t data[kPage / 8];
};

struct result {
  uint64_t signal;
  uint64_t address;
  uint64_t pc;
  uint64_t registers[kRegisters];
  uint64_t data[kPage / 8];
};

static struct job job;
static struct result result;
static struct {
  uint64_t registers[32];
  struct __riscv_mc_d_ext_state floats;
} resume;

static void on_start(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  mcontext_t* m = &((ucontext_t*)context)->uc_mcontext;
  memcpy(resume.registers, m->__gregs, sizeof resume.registers);
  resume.floats = m->__fpregs.__d;
  m->__gregs[0] = (uint64_t)kCodePage + kPage / 2;
  for (int i = 1; i < 32; ++i) m->__gregs[i] = job.registers[i - 1];
  for (int i = 0; i < 32; ++i) m->__fpregs.__d.__f[i] = job.registers[31 + i];
  m->__fpregs.__d.__fcsr = (uint32_t)(job.registers[63] | job.registers[64] << 5);
}

/* May run with the job's gp and tp: uses neither (no thread-local data, no relaxed accesses). */
static void on_end(int signal, siginfo_t* info, void* context) {
  mcontext_t* m = &((ucontext_t*)context)->uc_mcontext;
  result.signal = (uint64_t)signal;
  result.address = (uint64_t)info->si_addr;
  result.pc = m->__gregs[0];
  for (int i = 1; i < 32; ++i) result.registers[i - 1] = m->__gregs[i];
  for (int i = 0; i < 32; ++i) result.registers[31 + i] = m->__fpregs.__d.__f[i];
  result.registers[63] = m->__fpregs.__d.__fcsr & 31;
  result.registers[64] = m->__fpregs.__d.__fcsr >> 5 & 7;
  /* Not all of *m: the reference's frames end behind the D state. */
  memcpy(m->__gregs, resume.registers, sizeof resume.registers);
  m->__fpregs.__d = resume.floats;
}

static int transfer(int writes, int fd, void* data, size_t size) {
  char* at = data;
  while (size != 0) {
    const ssize_t done = writes ? write(fd, at, size) : read(fd, at, size);
    if (done <= 0) return 0;
    at += done;
    size -= (size_t)done;
  }
  return 1;
}

int main(void) {
  static char stack[1 << 16];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
  action.sa_sigaction = on_start;
  sigaction(SIGUSR1, &action, NULL);
  action.sa_sigaction = on_end;
  const int ends[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS};
  for (unsigned i = 0; i < sizeof ends / sizeof *ends; ++i) sigaction(ends[i], &action, NULL);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (mmap(kCodePage, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == MAP_FAILED) return 2;
  if (mmap(kData, kPage, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) return 2;
  while (transfer(0, 0, &job, sizeof job)) {
    for (unsigned i = 0; i < kPage; i += 2) memcpy(kCodePage + i, "\x02\x90", 2); /* c.ebreak */
    memcpy(kCodePage + kPage / 2, job.code, job.code_bytes);
    memcpy(kData, job.data, kPage);
    __builtin___clear_cache(kCodePage, kCodePage + kPage);
    raise(SIGUSR1);
    memcpy(result.data, kData, kPage);
    if (!transfer(1, 1, &result, sizeof result)) return 1;
  }
  return 0;
}
