// The first program of a machine that the demo and the tests boot: see tools/guests/initrd.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void load_modules(void) {
  FILE* order = fopen("/modules/order", "r");
  char path[256];
  while (order != NULL && fgets(path, sizeof path, order) != NULL) {
    path[strcspn(path, "\n")] = '\0';
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0) != 0) perror(path);
    close(file);
  }
  if (order != NULL) fclose(order);
}

static int run(char* const arguments[]) {
  const pid_t child = fork();
  if (child == 0) {
    char* const environment[] = {"PATH=/bin", "HOME=/root", "TERM=linux", NULL};
    execve(arguments[0], arguments, environment);
    perror(arguments[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int asked_for(const char* word) {
  char line[2048] = "";
  const int file = open("/proc/cmdline", O_RDONLY);
  if (file >= 0 && read(file, line, sizeof line - 1) < 0) line[0] = '\0';
  close(file);
  return strstr(line, word) != NULL;
}

int main(void) {
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  load_modules();
  struct utsname name;
  uname(&name);
  const long pages = sysconf(_SC_PHYS_PAGES);
  printf("init: Linux %s, %ld CPUs, %ld MiB\n", name.machine, sysconf(_SC_NPROCESSORS_ONLN),
         pages / 1024 * (sysconf(_SC_PAGESIZE) / 1024));
  fflush(stdout);
  struct stat info;
  if (stat("/bin/busybox", &info) == 0) {
    char* const install[] = {"/bin/busybox", "--install", "-s", "/bin", NULL};
    run(install);
  }
  if (stat("/script", &info) == 0) {
    char* const script[] = {"/bin/sh", "/script", NULL};
    printf("init: the script ended with status %d\n", run(script));
    fflush(stdout);
  }
  if (asked_for("init.shell")) {
    char* const shell[] = {"/bin/busybox", "setsid", "-c", "/bin/sh", NULL};
    run(shell);
  }
  sync();
  reboot(asked_for("init.reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
  return 1;
}
