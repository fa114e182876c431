// Pointers that no program should pass: every one of them answers EFAULT and the process lives on. The addresses: null, the first
// page, the kernel's half, and places far above anything a program maps.
#include "show.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>

static void* const kWild[] = {(void*)8, (void*)0x5123456780000, (void*)0x512345678000, (void*)0x7123456789ab, (void*)-4096L, (void*)-8L};

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);  // so that what is printed has no part in what happens
  int p[2], s[2];
  pipe(p);
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  write(p[1], "some bytes", 10);
  write(s[1], "some bytes", 10);
  int file = open("file", O_CREAT | O_RDWR, 0600);
  write(file, "0123456789", 10);
  int ep = epoll_create1(0), zero = open("/dev/zero", O_RDONLY);
  struct epoll_event event = {EPOLLIN, {0}};
  epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event);
  for (unsigned i = 0; i < sizeof kWild / sizeof *kWild; ++i) {
    void* wild = kWild[i];
    printf("--- %p\n", wild);
    SHOW(syscall(SYS_read, p[0], wild, 10));
    SHOW(syscall(SYS_write, p[1], wild, 10));
    SHOW(syscall(SYS_pread64, file, wild, 10, 0));
    SHOW(syscall(SYS_read, zero, wild, 10));
    SHOW(syscall(SYS_read, -1, wild, 10));
    SHOW(syscall(SYS_readv, p[0], wild, 1));
    struct iovec vec = {wild, 5};
    SHOW(syscall(SYS_writev, p[1], &vec, 1));
    SHOW(syscall(SYS_readv, p[0], &vec, 1));
    SHOW(syscall(SYS_openat, AT_FDCWD, wild, O_RDONLY, 0));
    SHOW(syscall(SYS_newfstatat, AT_FDCWD, "file", wild, 0));
    SHOW(syscall(SYS_newfstatat, AT_FDCWD, wild, &vec, 0));
    SHOW(syscall(SYS_fstat, file, wild));
    SHOW(syscall(SYS_statx, AT_FDCWD, "file", 0, 0x7ff, wild));
    SHOW(syscall(SYS_statfs, "file", wild));
    SHOW(syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", wild, 100));
    SHOW(syscall(SYS_faccessat, AT_FDCWD, wild, 0));
    SHOW(syscall(SYS_getcwd, wild, 100));
    SHOW(syscall(SYS_pipe2, wild, 0));
    SHOW(syscall(SYS_ppoll, wild, 1, NULL, NULL, 0));
    SHOW(syscall(SYS_ppoll, NULL, 0, wild, NULL, 0));
    SHOW(syscall(SYS_ppoll, NULL, 0, NULL, wild, 8));
    SHOW(syscall(SYS_pselect6, 10, wild, NULL, NULL, NULL, NULL));
    SHOW(syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, wild));
    SHOW(syscall(SYS_epoll_pwait, ep, wild, 10, 0, NULL, 0));
    SHOW(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, p[0], wild));
    SHOW(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, wild));
    SHOW(syscall(SYS_bind, s[0], wild, 10));
    SHOW(syscall(SYS_getsockname, s[0], wild, wild));
    int size = 4;
    SHOW(syscall(SYS_getsockopt, s[0], SOL_SOCKET, SO_TYPE, wild, &size));
    SHOW(syscall(SYS_getsockopt, s[0], SOL_SOCKET, SO_TYPE, &size, wild));
    SHOW(syscall(SYS_setsockopt, s[0], SOL_SOCKET, SO_KEEPALIVE, wild, 4));
    SHOW(syscall(SYS_sendto, s[0], wild, 10, 0, NULL, 0));
    SHOW(syscall(SYS_recvfrom, s[0], wild, 10, MSG_PEEK, NULL, NULL));
    SHOW(syscall(SYS_sendmsg, s[0], wild, 0));
    SHOW(syscall(SYS_recvmsg, s[0], wild, MSG_PEEK));
    struct iovec good = {&size, 4};
    struct msghdr message = {.msg_iov = wild, .msg_iovlen = 1};
    SHOW(syscall(SYS_recvmsg, s[0], &message, MSG_PEEK));
    message = (struct msghdr){.msg_iov = &vec, .msg_iovlen = 1};
    SHOW(syscall(SYS_recvmsg, s[0], &message, MSG_PEEK));
    message = (struct msghdr){.msg_iov = &good, .msg_iovlen = 1, .msg_name = wild, .msg_namelen = 16};
    SHOW(syscall(SYS_sendmsg, s[0], &message, 0));
    SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, wild));
    SHOW(syscall(SYS_clock_getres, CLOCK_MONOTONIC, wild));
    SHOW(syscall(SYS_nanosleep, wild, NULL));
    SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, wild, NULL));
    SHOW(syscall(SYS_setitimer, ITIMER_REAL, wild, NULL));
    SHOW(syscall(SYS_getitimer, ITIMER_REAL, wild));
    SHOW(syscall(SYS_timer_create, CLOCK_REALTIME, wild, &size));
    SHOW(syscall(SYS_uname, wild));
    SHOW(syscall(SYS_sysinfo, wild));
    SHOW(syscall(SYS_getrandom, wild, 10, 0));
    SHOW(syscall(SYS_getrusage, 0, wild));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, wild));
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, wild, NULL));
    SHOW(syscall(SYS_getresuid, wild, wild, wild));
    SHOW(syscall(SYS_getcpu, wild, NULL, NULL));
    SHOW(syscall(SYS_sched_getaffinity, 0, 128, wild));
    SHOW(syscall(SYS_sched_getparam, 0, wild));
    SHOW(syscall(SYS_prctl, 15 /* PR_SET_NAME */, wild, 0, 0, 0));
    SHOW(syscall(SYS_prctl, 16 /* PR_GET_NAME */, wild, 0, 0, 0));
    SHOW(syscall(SYS_mkdirat, AT_FDCWD, wild, 0700));
    SHOW(syscall(SYS_chdir, wild));
    SHOW(syscall(SYS_fcntl, file, F_GETLK, wild));
    SHOW(syscall(SYS_ioctl, p[0], FIONREAD, wild));
    SHOW(syscall(SYS_utimensat, AT_FDCWD, "file", wild, 0));
    SHOW(syscall(SYS_sendfile, p[1], file, wild, 1));
  }
  // A buffer whose second page is not there: what fits is transferred, or nothing.
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pages + 4096, 4096);
  SHOW(pread(file, pages + 4090, 10, 0));
  SHOW(pwrite(file, pages + 4090, 10, 0));
  SHOW(syscall(SYS_uname, pages + 4000));
  SHOW(syscall(SYS_fstat, file, pages + 4090));
  memset(pages, 'a', 4096);
  SHOW(open(pages, O_RDONLY));
  pages[4000] = '/';
  SHOW(open(pages + 4000, O_RDONLY));
  SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, pages + 4088));
  mprotect(pages, 4096, PROT_READ);
  SHOW(pread(file, pages, 10, 0));
  SHOW(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, pages));
  SHOW(syscall(SYS_fstat, file, pages));
  SHOW(syscall(SYS_read, file, pages, -1L));
  SHOW(syscall(SYS_write, file, pages, -1L));
  return 0;
}
