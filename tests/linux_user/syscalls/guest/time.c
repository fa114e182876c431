// Clocks, sleeping, timers.
#include "show.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>

static volatile int caught, value;
static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)context;
  caught = signal;
  value = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
}

static long passed(clockid_t clock, const struct timespec* since) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (now.tv_sec - since->tv_sec) * 1000000000L + now.tv_nsec - since->tv_nsec;
}

int main(void) {
  struct timespec t, start;
  const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_BOOTTIME,
                              CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_TAI, 99, -1};
  for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; ++i) {
    SHOW(syscall(SYS_clock_gettime, clocks[i], &t));
    printf("  %d\n", t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
    SHOW(syscall(SYS_clock_getres, clocks[i], &t));
    printf("  %ld.%09ld\n", (long)t.tv_sec, t.tv_nsec);
  }
  struct timeval v;
  SHOW(syscall(SYS_gettimeofday, &v, NULL));
  SHOW(syscall(SYS_gettimeofday, NULL, NULL));
  time_t now = time(NULL);
  printf("same minute %d\n", now - v.tv_sec <= 60);
  clock_gettime(CLOCK_MONOTONIC, &start);
  struct timespec wait = {0, 3000000}, left;
  SHOW(nanosleep(&wait, &left));
  printf("slept %d\n", passed(CLOCK_MONOTONIC, &start) >= 3000000);
  wait.tv_nsec = 1000000000;
  SHOW(nanosleep(&wait, NULL));
  wait = (struct timespec){-1, 0};
  SHOW(nanosleep(&wait, NULL));
  clock_gettime(CLOCK_MONOTONIC, &start);
  t = start;
  t.tv_nsec += 2000000;
  if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
  SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
  printf("slept %d\n", passed(CLOCK_MONOTONIC, &start) >= 2000000);
  SHOW(syscall(SYS_clock_nanosleep, 99, 0, &t, NULL));
  SHOW(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL));

  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  // Again and again: the first may come before the sleep has begun.
  struct itimerval it = {{0, 200000}, {0, 2000}}, old;
  SHOW(setitimer(ITIMER_REAL, &it, &old));
  wait = (struct timespec){7200, 0};
  SHOW(nanosleep(&wait, &left));
  printf("  caught %d left %d\n", caught == SIGALRM, left.tv_sec >= 3600);
  it = (struct itimerval){{0, 0}, {0, 0}};
  SHOW(setitimer(ITIMER_REAL, &it, &old));
  printf("  again %ld\n", (long)old.it_interval.tv_usec);
  SHOW(getitimer(ITIMER_REAL, &it));
  printf("  %ld %ld\n", (long)it.it_value.tv_sec, (long)it.it_value.tv_usec);
  SHOW(setitimer(9, &it, NULL));
  it.it_value.tv_usec = 1000000;
  SHOW(setitimer(ITIMER_REAL, &it, NULL));

  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 4711};
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec spec = {{0, 0}, {0, 2000000}}, before;
  SHOW(timer_settime(timer, 0, &spec, &before));
  wait = (struct timespec){0, 10000000};
  while (caught != SIGUSR2) nanosleep(&wait, NULL);
  printf("  caught %d value %d\n", caught == SIGUSR2, value);
  SHOW(timer_gettime(timer, &before));
  printf("  %ld %ld\n", (long)before.it_value.tv_sec, before.it_value.tv_nsec);
  SHOW(timer_getoverrun(timer));
  SHOW(timer_delete(timer));
  SHOW(syscall(SYS_timer_delete, 12345));
  event.sigev_signo = 99;
  SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct tms tms;
  SHOW_OK(times(&tms));
  struct timex timex = {.modes = 0};
  SHOW(adjtimex(&timex) >= 0);
  printf("  tick %ld\n", timex.tick);
  SHOW(clock_adjtime(CLOCK_REALTIME, &timex) >= 0);
  return 0;
}
