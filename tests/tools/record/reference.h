/* Runs on the reference: executes each job's code from a given state and reports the state that it ends in.
 * Jobs come on stdin, results go to stdout. State is entered and read through signal frames: a signal handler rewrites
 * the interrupted context. A guest's program defines REGISTERS and BREAKPOINT (the bytes of one, a string), includes
 * this, and has enter() and leave(). They may run with the job's thread pointer: no thread-local data there. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "job.h"

/* Keeps the context, and replaces its registers and pc by the job's. */
static void enter(mcontext_t* context);
/* Puts registers and pc into the result, and takes the kept context back. */
static void leave(mcontext_t* context);

static void on_start(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)info;
  enter(&((ucontext_t*)context)->uc_mcontext);
}

static void on_end(int signal, siginfo_t* info, void* context) {
  result.signal = (uint64_t)signal;
  result.address = (uint64_t)info->si_addr;
  leave(&((ucontext_t*)context)->uc_mcontext);
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
  if (mmap(CODE_PAGE, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == MAP_FAILED) return 2;
  if (mmap(DATA_PAGE, kPage, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) return 2;
  while (transfer(0, 0, &job, sizeof job)) {
    for (unsigned i = 0; i < kPage; i += sizeof BREAKPOINT - 1)
      memcpy(CODE_PAGE + i, BREAKPOINT, sizeof BREAKPOINT - 1);
    memcpy(CODE_PAGE + kPage / 2, job.code, job.code_bytes);
    memcpy(DATA_PAGE, job.data, kPage);
    __builtin___clear_cache(CODE_PAGE, CODE_PAGE + kPage);
    raise(SIGUSR1);
    memcpy(result.data, DATA_PAGE, kPage);
    if (!transfer(1, 1, &result, sizeof result)) return 1;
  }
  return 0;
}
