// execve and its relatives: guest programs, host programs, scripts; what a new program inherits.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *base(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}
static int status_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
static void spawn(const char *name, const char *path, char *const *arguments) {
  pid_t pid = 0;
  const int error = posix_spawn(&pid, path, NULL, NULL, arguments, environ);
  if (error != 0) printf("%s: %s\n", name, strerrorname_np(error));
  else printf("%s: %d\n", name, status_of(pid));
}
static void write_file(const char *name, const char *text, int mode) {
  FILE *file = fopen(name, "w");
  fputs(text, file);
  fclose(file);
  chmod(name, mode);
}
static int child(int argc, char **argv) {
  printf("child:");
  for (int i = 0; i < argc; ++i) printf(" [%s]", base(argv[i]));
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  struct sigaction usr1, usr2, segv;
  sigaction(SIGUSR1, NULL, &usr1);
  sigaction(SIGUSR2, NULL, &usr2);
  sigaction(SIGSEGV, NULL, &segv);
  printf(" COLOR=%s blocked %d handler %d ignored %d %d\n", getenv("COLOR"), sigismember(&mask, SIGUSR1),
         usr1.sa_handler == SIG_DFL, usr2.sa_handler == SIG_IGN, segv.sa_handler == SIG_IGN);
  return 5;
}
static void on_signal(int signal) {}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc > 1 && (strcmp(argv[1], "child") == 0 || strcmp(argv[0], "child") == 0)) return child(argc, argv);
  char self[4096] = "";
  readlink("/proc/self/exe", self, sizeof self - 1);
  printf("self: %d\n", strcmp(base(self), base(argv[0])) == 0);
  setenv("COLOR", "blue", 1);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, SIG_IGN);
  signal(SIGSEGV, SIG_IGN);

  spawn("itself", "/proc/self/exe", (char *[]){"zero", "child", "two words", "", NULL});
  spawn("missing", "/no/such/program", (char *[]){"a", NULL});
  spawn("not executable", "/etc/passwd", (char *[]){"a", NULL});
  spawn("a directory", "/etc", (char *[]){"a", NULL});
  write_file("empty", "", 0755);
  spawn("empty", "./empty", (char *[]){"a", NULL});
  write_file("text", "no program\n", 0755);
  spawn("text", "./text", (char *[]){"a", NULL});
  write_file("script", "#!/bin/sh -e\necho script $0 $1 $#\n", 0755);
  spawn("script", "./script", (char *[]){"ignored", "one", "two", NULL});
  write_file("orphan", "#!/no/such/interpreter\n", 0755);
  spawn("script without interpreter", "./orphan", (char *[]){"a", NULL});
  symlink(self, "self");
  write_file("guest_script", "#!./self child\n", 0755);
  spawn("script of the guest", "./guest_script", (char *[]){"ignored", "one", NULL});
  write_file("nested", "#!./guest_script more\n", 0755);
  spawn("script of a script", "./nested", (char *[]){"ignored", "two", NULL});
  write_file("loop", "#!./loop\n", 0755);
  spawn("its own interpreter", "./loop", (char *[]){"a", NULL});

  pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/true", "true", NULL);
    _exit(1);
  }
  printf("vfork: %d\n", status_of(pid));
  pid = vfork();
  if (pid == 0) _exit(33);
  printf("vfork and exit: %d\n", status_of(pid));
  pid = fork();
  if (pid == 0) {
    execlp("sh", "sh", "-c", "exit 9", NULL);
    _exit(1);
  }
  printf("sh: %d\n", status_of(pid));
  printf("system: %d\n", WEXITSTATUS(system("echo from a shell; exit 4")));
  const int fd = open(self, O_RDONLY | O_CLOEXEC);
  pid = fork();
  if (pid == 0) {
    fexecve(fd, (char *[]){"by descriptor", "child", NULL}, environ);
    _exit(1);
  }
  printf("fexecve: %d\n", status_of(pid));
  const int failed = execl("./text", "x", NULL);
  printf("still here: %d %s\n", failed, strerrorname_np(errno));
  return 0;
}
