// Names, directories, and what is known about files.
#include "show.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int by_name(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static void list(const char* path) {
  DIR* dir = opendir(path);
  char* names[100];
  int count = 0;
  for (struct dirent* entry; dir && (entry = readdir(dir));) {
    char line[300];
    snprintf(line, sizeof line, "%s %d", entry->d_name, entry->d_type);
    names[count++] = strdup(line);
  }
  if (dir) closedir(dir);
  qsort(names, count, sizeof *names, by_name);
  for (int i = 0; i < count; ++i) printf("  %s\n", names[i]);
}

static void print_stat(const struct stat* s) {
  printf("  mode %o nlink %d size %ld blksize %ld uid %d gid %d mtime %ld.%09ld\n", s->st_mode, (int)s->st_nlink, (long)s->st_size,
         (long)s->st_blksize, s->st_uid, s->st_gid, (long)s->st_mtim.tv_sec, s->st_mtim.tv_nsec);
}

int main(void) {
  struct stat s;
  struct statx x;
  char buffer[400];
  umask(022);
  SHOW(umask(027));
  SHOW(mkdir("dir", 0777));
  SHOW(mkdir("dir", 0777));
  SHOW(mkdir("no/dir", 0777));
  SHOW(mkdirat(AT_FDCWD, "dir/sub", 0700));
  SHOW(mknod("dir/fifo", S_IFIFO | 0666, 0));
  SHOW(symlink("../file", "dir/link"));
  int fd = open("file", O_CREAT | O_RDWR, 0666);
  SHOW(write(fd, "contents", 8));
  struct timespec times[2] = {{1000000000, 123456789}, {1234567890, 987654321}};
  SHOW(futimens(fd, times));
  SHOW(fstat(fd, &s));
  print_stat(&s);
  SHOW(link("file", "dir/hard"));
  SHOW(link("file", "dir/hard"));
  SHOW(stat("dir/link", &s));
  print_stat(&s);
  SHOW(lstat("dir/link", &s));
  printf("  mode %o size %ld\n", s.st_mode, (long)s.st_size);
  SHOW(stat("nowhere", &s));
  SHOW(fstatat(fd, "", &s, AT_EMPTY_PATH));
  print_stat(&s);
  SHOW(fstatat(fd, "", &s, 0));
  SHOW(fstatat(AT_FDCWD, "file", &s, 0x12345000));
  SHOW(fstat(-1, &s));
  SHOW(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &x));
  printf("  mode %o nlink %u size %llu mtime %lld.%09u\n", x.stx_mode, x.stx_nlink, x.stx_size, (long long)x.stx_mtime.tv_sec,
         x.stx_mtime.tv_nsec);
  printf("  same inode %d device %d\n", x.stx_ino == s.st_ino, makedev(x.stx_dev_major, x.stx_dev_minor) == s.st_dev);
  SHOW(stat("/dev/null", &s));
  printf("  %o %u %u\n", s.st_mode & S_IFMT, major(s.st_rdev), minor(s.st_rdev));
  SHOW(readlink("dir/link", buffer, 4));
  printf("  %.4s\n", buffer);
  SHOW(readlink("file", buffer, 100));
  SHOW(readlink("dir/link", buffer, 0));
  SHOW(access("file", R_OK | W_OK));
  SHOW(access("nowhere", F_OK));
  SHOW(access("file", 77));
  SHOW(faccessat(AT_FDCWD, "dir/link", F_OK, AT_SYMLINK_NOFOLLOW));
  SHOW(faccessat(AT_FDCWD, "file", X_OK, AT_EACCESS));
  SHOW(chmod("file", 0444));
  SHOW(fchmod(fd, 0640));
  SHOW(fchmodat(AT_FDCWD, "dir/link", 0600, 0));
  SHOW(stat("file", &s));
  print_stat(&s);
  SHOW(chown("file", -1, -1));
  SHOW(fchown(fd, -1, -1));
  SHOW(lchown("dir/link", -1, -1));
  SHOW(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_nsec = 2000000000;
  SHOW(utimensat(AT_FDCWD, "file", times, 0));
  SHOW(rename("file", "renamed"));
  SHOW(syscall(SYS_renameat2, AT_FDCWD, "renamed", AT_FDCWD, "dir/hard", 1 /* RENAME_NOREPLACE */));
  SHOW(syscall(SYS_renameat2, AT_FDCWD, "renamed", AT_FDCWD, "dir/sub", 2 /* RENAME_EXCHANGE */));
  SHOW(rename("dir", "dir/sub/x"));
  list("dir");
  list(".");
  char tiny[8];
  int here = open("dir", O_RDONLY | O_DIRECTORY);
  SHOW(syscall(SYS_getdents64, here, tiny, sizeof tiny));
  SHOW(syscall(SYS_getdents64, fd, buffer, sizeof buffer));
  SHOW(openat(here, "nowhere", O_RDONLY));
  SHOW(fchdir(here));
  SHOW(getcwd(buffer, sizeof buffer) != NULL);
  printf("  %s\n", strrchr(buffer, '/'));
  SHOW(syscall(SYS_getcwd, buffer, 2));
  SHOW(chdir(".."));
  SHOW(chdir("nowhere"));
  SHOW(unlink("dir"));
  SHOW(rmdir("dir"));
  SHOW(unlinkat(AT_FDCWD, "dir/fifo", 0));
  SHOW(unlinkat(AT_FDCWD, "renamed", AT_REMOVEDIR));
  SHOW(unlinkat(AT_FDCWD, "nowhere", 0x40));
  struct statfs f;
  SHOW(statfs("/proc", &f));
  printf("  type %lx bsize %ld namelen %ld\n", (long)f.f_type, (long)f.f_bsize, (long)f.f_namelen);
  SHOW(fstatfs(here, &f));
  printf("  namelen %ld\n", (long)f.f_namelen);
  SHOW(fsetxattr(here, "user.test", "value", 5, 0));
  SHOW(fgetxattr(here, "user.test", buffer, sizeof buffer));
  SHOW(getxattr("dir", "user.test", buffer, 2));
  SHOW(getxattr("dir", "user.none", buffer, 2));
  SHOW(setxattr("dir", "user.test", "x", 1, XATTR_CREATE));
  SHOW(listxattr("dir", buffer, sizeof buffer));
  SHOW(fremovexattr(here, "user.test"));
  SHOW(removexattr("dir", "user.test"));
  SHOW(chroot("nowhere"));
  char longest[5000];
  memset(longest, 'a', sizeof longest);
  longest[4999] = 0;
  SHOW(open(longest, O_RDONLY));
  longest[0] = '/';
  SHOW(open(longest, O_RDONLY));
  return 0;
}
