// Waiting: poll, select, epoll, and the descriptors that events come from.
#include "show.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

static volatile int caught, handled;
static void on_signal(int signal) {
  caught = signal;
  ++handled;
}

static void polling(int r, int w) {
  struct pollfd fds[] = {{r, POLLIN, 0}, {w, POLLOUT, 0}, {-1, POLLIN, 0}, {999, POLLIN, 0}};
  SHOW(poll(fds, 4, 0));
  for (int i = 0; i < 4; ++i) printf("  %x\n", fds[i].revents);
  SHOW(write(w, "x", 1));
  SHOW(poll(fds, 1, -1));
  printf("  %x\n", fds[0].revents);
  SHOW(poll(NULL, 0, 5));
  SHOW(poll(fds, 1 << 30, 0));
  struct timespec bad = {0, -1};
  SHOW(ppoll(fds, 1, &bad, NULL));
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(r, &in);
  FD_SET(w, &out);
  struct timeval second = {1, 0};
  SHOW(select(w + 1, &in, &out, NULL, &second));
  printf("  %d %d\n", FD_ISSET(r, &in), FD_ISSET(w, &out));
  SHOW(select(-1, NULL, NULL, NULL, &second));
  FD_ZERO(&in);
  FD_SET(998, &in);
  SHOW(select(999, &in, NULL, NULL, &second));
}

// A blocked signal that only the wait lets through.
static void masks(int r) {
  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  printf("caught %d\n", caught);
  struct pollfd fd = {r, POLLPRI, 0};
  struct timespec second = {5, 0};
  SHOW(ppoll(&fd, 1, &second, &none));
  printf("caught %d\n", caught == SIGUSR1);
  caught = 0;
  raise(SIGUSR1);
  SHOW(pselect(0, NULL, NULL, NULL, &second, &none));
  printf("caught %d\n", caught == SIGUSR1);
  caught = 0;
  raise(SIGUSR1);
  int ep = epoll_create1(0);
  struct epoll_event event;
  SHOW(epoll_pwait(ep, &event, 1, 5000, &none));
  printf("caught %d\n", caught == SIGUSR1);
  sigset_t now;
  sigprocmask(SIG_SETMASK, NULL, &now);
  printf("blocked again %d\n", sigismember(&now, SIGUSR1));
  // Both are let through by one wait, and blocked again after it.
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  sigaction(SIGUSR2, &action, NULL);
  handled = 0;
  raise(SIGUSR2);
  raise(SIGUSR1);
  SHOW(ppoll(&fd, 1, &second, &none));
  printf("handled %d, last %d\n", handled, caught == SIGUSR1 ? 1 : 2);
  raise(SIGUSR1);
  printf("handled %d\n", handled);
  SHOW(sigsuspend(&none));
  printf("handled %d\n", handled);
  sigdelset(&blocked, SIGUSR2);
  SHOW(syscall(SYS_ppoll, &fd, 1, &second, &none, 4));
  close(ep);
  int sfd = signalfd(-1, &blocked, SFD_NONBLOCK);
  struct signalfd_siginfo info;
  SHOW(read(sfd, &info, sizeof info));
  raise(SIGUSR1);
  SHOW(read(sfd, &info, sizeof info));
  printf("  signal %u code %d pid %d\n", info.ssi_signo, info.ssi_code, info.ssi_pid == (unsigned)getpid());
  close(sfd);
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void epolling(int r, int w) {
  int ep = epoll_create1(EPOLL_CLOEXEC);
  SHOW(epoll_create1(1));
  struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}};
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, r, &event));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, r, &event));
  event.events = EPOLLOUT | EPOLLET;
  event.data.u64 = 0x99aabbccddeeff00;
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, w, &event));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event));
  SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, 999, &event));
  SHOW(epoll_ctl(ep, 17, r, &event));
  struct epoll_event events[80];
  memset(events, 0x55, sizeof events);
  int count = SHOW(epoll_wait(ep, events, 80, 1000));
  unsigned long sum = 0;
  unsigned kinds = 0;
  for (int i = 0; i < count; ++i) {
    sum ^= events[i].data.u64;
    kinds |= events[i].events;
  }
  printf("  %lx %x\n", sum, kinds);
  SHOW(epoll_wait(ep, events, 0, 0));
  SHOW(epoll_wait(ep, events, -1, 0));
  SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, w, NULL));
  SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, w, NULL));
  event.events = EPOLLPRI;
  SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, r, &event));
  SHOW(epoll_wait(ep, events, 80, 10));
  struct timespec wait = {0, 1000000};
  SHOW(syscall(441 /* epoll_pwait2 */, ep, events, 80, &wait, NULL, 0));
  // More than one batch of conversions.
  int fds[100];
  for (int i = 0; i < 100; ++i) {
    fds[i] = eventfd(1, 0);
    struct epoll_event one = {EPOLLIN, {.u64 = 1000 + i}};
    epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &one);
  }
  struct epoll_event many[200];
  count = SHOW(epoll_wait(ep, many, 200, 0));
  sum = 0;
  for (int i = 0; i < count; ++i) sum += many[i].data.u64;
  printf("  %lu\n", sum);
  for (int i = 0; i < 100; ++i) close(fds[i]);
  close(ep);
}

int main(void) {
  int p[2];
  pipe(p);
  polling(p[0], p[1]);
  masks(p[0]);
  epolling(p[0], p[1]);
  int fd = eventfd(5, EFD_SEMAPHORE | EFD_NONBLOCK);
  unsigned long value = 0;
  SHOW(read(fd, &value, 8));
  printf("  %lu\n", value);
  value = 3;
  SHOW(write(fd, &value, 8));
  SHOW(read(fd, &value, 7));
  SHOW(eventfd(0, 0x777));
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct itimerspec spec = {{0, 0}, {0, 1000000}}, old;
  SHOW(timerfd_settime(timer, 0, &spec, &old));
  struct pollfd wait = {timer, POLLIN, 0};
  SHOW(poll(&wait, 1, 60000));
  SHOW(read(timer, &value, 8));
  printf("  %lu\n", value);
  SHOW(timerfd_gettime(timer, &old));
  printf("  %ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec);
  SHOW(timerfd_create(77, 0));
  int watch = inotify_init1(IN_NONBLOCK);
  SHOW(inotify_add_watch(watch, ".", IN_CREATE | IN_DELETE));
  SHOW(inotify_add_watch(watch, "nowhere", IN_CREATE));
  close(open("created", O_CREAT | O_WRONLY, 0600));
  unlink("created");
  char events[1000];
  long got = SHOW(read(watch, events, sizeof events));
  for (long at = 0; at < got;) {
    struct inotify_event* event = (struct inotify_event*)(events + at);
    printf("  %x %s\n", event->mask, event->name);
    at += sizeof *event + event->len;
  }
  SHOW(inotify_rm_watch(watch, 1));
  SHOW(inotify_rm_watch(watch, 99));
  return 0;
}
