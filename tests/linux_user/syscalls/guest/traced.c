// Calls whose lines `-strace` shows; strace.expected says how.
#include "show.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

static void on_signal(int signal) { (void)signal; }

int main(void) {
  char text[] = "line\n\"quoted\"";
  struct timespec wait = {0, 1000};
  int fd = openat(AT_FDCWD, "traced-file", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  write(fd, text, 5);
  lseek(fd, 0, SEEK_SET);
  read(fd, (void*)8, 10);
  openat(AT_FDCWD, text, O_RDONLY);
  openat(fd, "x", O_RDONLY | O_DIRECTORY);
  syscall(439 /* faccessat2 */, AT_FDCWD, "traced-file", R_OK | W_OK, 0);
  syscall(SYS_newfstatat, fd, (void*)8, NULL, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page, 4096, PROT_NONE);
  syscall(SYS_nanosleep, &wait, NULL);
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &wait);
  socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  fcntl(fd, F_SETFD, 1);
  unlinkat(AT_FDCWD, "traced-file", 0);
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  syscall(425, 1, NULL);
  syscall(9999, 1, 2);
  _exit(3);
}
