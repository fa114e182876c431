// Descriptors and bytes.
#include "show.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/openat2.h>

// O_LARGEFILE, which F_GETFL shows whatever open was told; arm64 has it elsewhere.
#ifdef __aarch64__
enum { kLargeFile = 0400000 };
#else
enum { kLargeFile = 0100000 };
#endif

static char buffer[8192];

static void vectors(int fd) {
  char a[3], b[5], c[100];
  struct iovec out[] = {{"one", 3}, {"", 0}, {"two", 3}, {"three!", 6}};
  struct iovec in[] = {{a, sizeof a}, {b, sizeof b}, {c, sizeof c}};
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(writev(fd, out, 4));
  SHOW(pwritev(fd, out, 4, 100));
  SHOW(pwritev2(fd, out, 4, -1, 0));
  SHOW(pwritev2(fd, out, 4, 0, 0x4000));
  SHOW(lseek(fd, 0, SEEK_SET));
  SHOW(readv(fd, in, 3));
  printf("%.3s %.5s %.4s\n", a, b, c);
  SHOW(preadv(fd, in, 3, 100));
  SHOW(preadv2(fd, in, 3, 99, 0));
  SHOW(preadv(fd, in, 3, -5));
  SHOW(readv(fd, in, -1));
  SHOW(readv(fd, in, 1025));
  SHOW(readv(fd, in, 0));
  in[1].iov_len = -1;
  SHOW(readv(fd, in, 3));
}

static void locks(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
  SHOW(fcntl(fd, F_SETLK, &lock));
  SHOW(fcntl(fd, F_GETLK, &lock));
  printf("type %d start %ld len %ld\n", lock.l_type, (long)lock.l_start, (long)lock.l_len);
  lock.l_pid = 0;
  lock.l_type = F_WRLCK;
  SHOW(fcntl(fd, F_OFD_SETLK, &lock));
  SHOW(fcntl(fd, F_OFD_GETLK, &lock));
  printf("type %d start %ld len %ld pid %d\n", lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_pid == getpid());
  SHOW(flock(fd, LOCK_EX));
  SHOW(flock(fd, LOCK_UN));
  SHOW(flock(fd, 77));
  lock.l_type = 9;
  SHOW(fcntl(fd, F_SETLK, &lock));
  SHOW(fcntl(fd, 12345, 0));
  SHOW(fcntl(-1, F_GETFL));
}

static void pipes(int file) {
  int p[2], q[2];
  SHOW(pipe2(p, O_CLOEXEC | O_NONBLOCK));
  SHOW(fcntl(p[0], F_GETFD));
  printf("%x\n", fcntl(p[0], F_GETFL) & (O_NONBLOCK | O_DIRECT));
  SHOW(read(p[0], buffer, 10));
  SHOW(write(p[1], "hello, pipe", 11));
  SHOW(pipe(q));
  SHOW(tee(p[0], q[1], 5, 0));
  SHOW(read(q[0], buffer, 100));
  SHOW(splice(p[0], NULL, q[1], NULL, 100, 0));
  loff_t at = 3;
  SHOW(splice(q[0], NULL, file, &at, 100, 0));
  printf("offset %ld\n", (long)at);
  at = 0;
  SHOW(splice(file, &at, q[1], NULL, 6, 0));
  struct iovec vec = {"vmsplice", 8};
  SHOW(vmsplice(q[1], &vec, 1, 0));
  SHOW(read(q[0], buffer, 100));
  SHOW(fcntl(p[1], F_SETPIPE_SZ, 8192));
  SHOW(fcntl(p[1], F_GETPIPE_SZ));
  SHOW(pipe2(p, 0x12345));
  close(q[0]);
  close(q[1]);
}

int main(void) {
  int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0640);
  SHOW(fd);
  SHOW(open("file", O_RDWR | O_CREAT | O_EXCL, 0640));
  SHOW(open("file", O_DIRECTORY));
  SHOW(open("file/x", O_RDONLY));
  SHOW(open("nowhere", O_RDONLY));
  SHOW(open("", O_RDONLY));
  SHOW(open(".", O_WRONLY));
  SHOW(symlink("file", "link"));
  SHOW(open("link", O_RDONLY | O_NOFOLLOW));
  SHOW(write(fd, "0123456789", 10));
  SHOW(lseek(fd, 3, SEEK_SET));
  SHOW(read(fd, buffer, 4));
  printf("%.4s\n", buffer);
  SHOW(lseek(fd, -2, SEEK_END));
  SHOW(lseek(fd, -20, SEEK_CUR));
  SHOW(lseek(fd, 0, 17));
  SHOW(pread(fd, buffer, 100, 5));
  SHOW(pread(fd, buffer, 100, -5));
  SHOW(pwrite(fd, "xyz", 3, 20));
  SHOW(lseek(fd, 0, SEEK_DATA));
  SHOW(ftruncate(fd, 5000));
  SHOW(ftruncate(fd, -1));
  SHOW(truncate("file", 50));
  SHOW(truncate("nowhere", 50));
  SHOW(fallocate(fd, 0, 0, 4096));
  SHOW(fallocate(fd, 0, 0, 0));
  SHOW(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  SHOW(posix_fadvise(fd, 0, 0, 99));
  SHOW(readahead(fd, 0, 100));
  SHOW(fsync(fd));
  SHOW(fdatasync(fd));
  SHOW(syncfs(fd));
  SHOW(sync_file_range(fd, 0, 0, 0));
  SHOW(fsync(999));
  vectors(fd);
  locks(fd);
  pipes(fd);
  SHOW(dup(fd) > fd);
  SHOW(dup2(fd, 100));
  SHOW(dup3(fd, 101, O_CLOEXEC));
  SHOW(fcntl(101, F_GETFD));
  SHOW(dup3(fd, fd, 0));
  SHOW(dup2(777, 5));
  SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 200));
  SHOW(syscall(SYS_close_range, 100, 300, 0));
  SHOW(close(100));
  SHOW(syscall(SYS_close_range, 100, 30, 0));
  printf("%o\n", fcntl(fd, F_GETFL) & ~kLargeFile);
  SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
  printf("%o\n", fcntl(fd, F_GETFL) & ~kLargeFile);
  int other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0600);
  off_t from = 0;
  SHOW(sendfile(other, fd, &from, 30));
  printf("offset %ld\n", (long)from);
  loff_t in = 2, out = 50;
  SHOW(copy_file_range(fd, &in, other, &out, 10, 0));
  printf("offsets %ld %ld\n", (long)in, (long)out);
  SHOW(copy_file_range(fd, &in, other, &out, 10, 1));
  int memory = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);
  SHOW(ftruncate(memory, 4096));
  SHOW(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE));
  SHOW(fcntl(memory, F_GET_SEALS));
  SHOW(write(memory, "x", 1));
  SHOW(ftruncate(memory, 1));
  struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS};
  SHOW(syscall(SYS_openat2, AT_FDCWD, "link", &how, sizeof how));
  how.resolve = 0;
  SHOW_OK(syscall(SYS_openat2, AT_FDCWD, "link", &how, sizeof how));
  how.flags = 1L << 40;
  SHOW(syscall(SYS_openat2, AT_FDCWD, "link", &how, sizeof how));
  SHOW(syscall(SYS_openat2, AT_FDCWD, "link", &how, 4));
  SHOW(close(fd));
  SHOW(close(fd));
  SHOW(read(fd, buffer, 1));
  SHOW(write(-1, buffer, 1));
  return 7;
}
