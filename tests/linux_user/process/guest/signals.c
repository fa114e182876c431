// Handlers, masks, restarts, waits, default actions, faults with their codes and addresses.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile sig_atomic_t count, last, depth, deepest;
static siginfo_t seen;

static void on_fault(int signal, siginfo_t *info, void *context) {
  seen = *info;
  siglongjmp(back, 1);
}
static void on_count(int signal) {
  ++count;
  last = signal;
}
static void on_nested(int signal) {
  if (++depth > deepest) deepest = depth;
  if (count++ < 3) raise(SIGUSR1);
  --depth;
}
static int told[2];
static void on_alarm(int signal) {
  on_count(signal);
  write(told[1], "", 1);
}
static void do_read(volatile char *p) { (void)*p; }
static void do_write(volatile char *p) { *p = 1; }
static void do_call(volatile char *p) { ((void (*)(void))p)(); }
static void fault(const char *name, void (*access)(volatile char *), volatile char *at) {
  if (sigsetjmp(back, 1) == 0) {
    access(at);
    printf("%s: no fault\n", name);
  } else {
    printf("%s: signal %d code %d address %s\n", name, seen.si_signo, seen.si_code, seen.si_addr == at ? "right" : "wrong");
  }
}
static void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(signal, &action, NULL);
}
static int recurse(int n) {
  volatile char room[4096];
  room[n & 4095] = 1;
  return recurse(n + 1) + room[0];
}
static int status_of(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return status;
}
static void die(const char *name, int signal) {
  const pid_t pid = fork();
  if (pid == 0) {
    raise(signal);
    _exit(0);
  }
  const int status = status_of(pid);
  printf("%s: %d %d\n", name, WIFSIGNALED(status), WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
static void *waiter(void *argument) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  volatile unsigned long *stop = argument;
  while (*stop == 0) {
  }
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  ssize_t result = 0;
  char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  fault("read of null", do_read, NULL);
  fault("write of null", do_write, NULL);
  fault("write of read-only", do_write, page + 17);
  fault("call of data", do_call, page + 64);
  fault("call of null", do_call, NULL);
  // Where no code can be: tables of code must not know it. Which signal it is depends on the guest.
  char *volatile nowhere = (char *)~0UL;
  if (sigsetjmp(back, 1) == 0) do_call(nowhere);
  else puts("call of the last address: a fault");
  munmap(page, 8192);
  fault("read of a hole", do_read, page + 5);
  FILE *file = tmpfile();
  ftruncate(fileno(file), 100);
  char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  fault("read past the end", do_read, mapped + 4096);
  fault("write past the end", do_write, mapped + 4100);

  // A handler on the alternate stack survives the end of the stack.
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536}, old;
  sigaltstack(&stack, NULL);
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, NULL);
  if (sigsetjmp(back, 1) == 0) recurse(0);
  else printf("stack overflow: signal %d\n", seen.si_signo);
  sigaltstack(NULL, &old);
  printf("altstack: %d %zu\n", old.ss_flags, old.ss_size);
  stack.ss_size = 100;
  result = sigaltstack(&stack, NULL);
  printf("small altstack: %zd %s\n", result, strerrorname_np(errno));

  // A read goes on after a handler with SA_RESTART, and ends without.
  int pipes[2];
  char byte = 0;
  pipe(pipes);
  pipe(told);
  handle(SIGALRM, on_alarm, SA_RESTART);
  pid_t pid = fork();
  if (pid == 0) {
    read(told[0], &byte, 1);
    write(pipes[1], "x", 1);
    _exit(7);
  }
  ualarm(30000, 0);
  result = read(pipes[0], &byte, 1);
  printf("restarted read: %zd %c, handler ran %d\n", result, byte, count);
  printf("child: %d\n", WEXITSTATUS(status_of(pid)));
  // Again and again: the first may come before the call.
  handle(SIGALRM, on_count, 0);
  ualarm(30000, 100000);
  result = read(pipes[0], &byte, 1);
  printf("interrupted read: %zd %s, handler ran %d\n", result, strerrorname_np(errno), count > 1);
  struct timespec wanted = {3600, 0}, left = {0, 0};
  result = nanosleep(&wanted, &left);
  // The handler may have to be compiled first.
  printf("interrupted sleep: %zd %s, left %ld h\n", result, strerrorname_np(errno), (long)(left.tv_sec + 1800) / 3600);
  ualarm(0, 0);

  // Masks, pending signals, waits.
  sigset_t set, got;
  siginfo_t info;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle(SIGUSR1, on_count, 0);
  count = 0;
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigpending(&got);
  printf("pending %d, handler ran %d\n", sigismember(&got, SIGUSR1), count);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  printf("unblocked: handler ran %d\n", count);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
  result = sigwaitinfo(&set, &info);
  printf("waited for: %d value %d code %d from me %d\n", result == SIGUSR1, info.si_value.sival_int, info.si_code, info.si_pid == getpid());
  wanted.tv_sec = 0;
  wanted.tv_nsec = 1000000;
  result = sigtimedwait(&set, &info, &wanted);
  printf("timed out: %zd %s\n", result, strerrorname_np(errno));
  kill(getpid(), SIGUSR1);
  sigset_t none;
  sigemptyset(&none);
  result = sigsuspend(&none);
  sigprocmask(SIG_SETMASK, NULL, &got);
  printf("suspended: %zd %s, handler ran %d, still blocked %d\n", result, strerrorname_np(errno), count, sigismember(&got, SIGUSR1));
  sigprocmask(SIG_UNBLOCK, &set, NULL);

  // Real-time signals queue in order of their numbers.
  sigemptyset(&set);
  for (int i = 0; i < 3; ++i) sigaddset(&set, SIGRTMIN + i);
  sigprocmask(SIG_BLOCK, &set, NULL);
  for (int i = 2; i >= 0; --i) {
    sigqueue(getpid(), SIGRTMIN + i, (union sigval){.sival_int = i * 10});
    sigqueue(getpid(), SIGRTMIN + i, (union sigval){.sival_int = i * 10 + 1});
  }
  for (int i = 0; i < 6; ++i) {
    sigwaitinfo(&set, &info);
    printf("queued %d %d\n", info.si_signo - SIGRTMIN, info.si_value.sival_int);
  }

  // Nesting, one-shot handlers, ignored signals.
  count = 0;
  handle(SIGUSR1, on_nested, SA_NODEFER);
  raise(SIGUSR1);
  printf("nested: %d\n", deepest);
  depth = deepest = count = 0;
  handle(SIGUSR1, on_nested, 0);
  raise(SIGUSR1);
  printf("not nested: %d, ran %d\n", deepest, count);
  handle(SIGUSR2, on_count, SA_RESETHAND);
  raise(SIGUSR2);
  struct sigaction now;
  sigaction(SIGUSR2, NULL, &now);
  printf("one shot: %d\n", now.sa_handler == SIG_DFL);
  handle(SIGUSR2, SIG_IGN, 0);
  printf("ignored: %d\n", raise(SIGUSR2));
  result = sigaction(SIGKILL, &action, NULL);
  printf("SIGKILL cannot be caught: %zd %s\n", result, strerrorname_np(errno));

  // A blocked fault signal that someone sends stays pending.
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  sigprocmask(SIG_BLOCK, &set, NULL);
  handle(SIGSEGV, on_count, 0);
  count = 0;
  kill(getpid(), SIGSEGV);
  sigpending(&got);
  printf("sent SIGSEGV: pending %d ran %d\n", sigismember(&got, SIGSEGV), count);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  printf("then ran %d\n", count);

  // Deaths.
  handle(SIGSEGV, SIG_DFL, 0);
  die("SIGTERM", SIGTERM);
  die("SIGKILL", SIGKILL);
  die("SIGCHLD", SIGCHLD);
  pid = fork();
  if (pid == 0) *(volatile int *)8 = 1;
  printf("fault: %d\n", WTERMSIG(status_of(pid)));
  pid = fork();
  if (pid == 0) {
    sigprocmask(SIG_BLOCK, &set, NULL);
    handle(SIGSEGV, on_count, 0);
    *(volatile int *)8 = 1;
  }
  printf("blocked fault: %d\n", WTERMSIG(status_of(pid)));
  pid = fork();
  if (pid == 0) abort();
  printf("abort: %d\n", WTERMSIG(status_of(pid)));
  pid = fork();
  if (pid == 0) {
    raise(SIGSTOP);
    _exit(3);
  }
  int status = 0;
  waitpid(pid, &status, WUNTRACED);
  printf("stopped: %d %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  kill(pid, SIGCONT);
  printf("continued: %d\n", WEXITSTATUS(status_of(pid)));

  // A thread that only computes is reached, too.
  static volatile unsigned long stop = 0;
  pthread_t thread;
  handle(SIGUSR1, on_count, SA_RESTART);
  count = 0;
  pthread_create(&thread, NULL, waiter, (void *)&stop);
  for (int i = 1; i <= 20; ++i) {
    pthread_kill(thread, SIGUSR1);
    while (count < i) sched_yield();
  }
  stop = 1;
  pthread_join(thread, NULL);
  printf("reached: %d\n", count);
  return 0;
}
