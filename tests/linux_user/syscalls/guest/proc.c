// What /proc tells a program about itself. Run as argument 0 and two arguments.
#include "show.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

static char text[1 << 16];

static long slurp(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  long size = 0;
  for (long got; (got = read(fd, text + size, sizeof text - 1 - size)) > 0;) size += got;
  text[size] = 0;
  close(fd);
  return size;
}

int main(int argc, char** argv) {
  static int in_data = 5;
  char path[4096], own[4096], real[4096];
  long size = readlink("/proc/self/exe", path, sizeof path - 1);
  path[size < 0 ? 0 : size] = 0;
  SHOW(realpath(argv[0], real) != NULL);
  printf("exe is the program %d\n", strcmp(path, real) == 0);
  snprintf(own, sizeof own, "/proc/%d/exe", getpid());
  size = readlink(own, path, sizeof path - 1);
  path[size < 0 ? 0 : size] = 0;
  printf("exe is the program %d\n", strcmp(path, real) == 0);
  struct stat a, b;
  stat("/proc/self/exe", &a);
  stat(argv[0], &b);
  printf("same file %d\n", a.st_ino == b.st_ino);
  int fd = open("/proc/self/exe", O_RDONLY);
  Elf64_Ehdr header;
  SHOW(read(fd, &header, sizeof header));
  printf("own machine %d\n", header.e_machine == OWN_ELF_MACHINE);
  SHOW(slurp("/proc/self/cmdline") == (long)(strlen(argv[0]) + 1 + strlen(argv[1]) + 1 + strlen(argv[2]) + 1));
  printf("cmdline %s %s\n", text + strlen(text) + 1, text + strlen(text) + 1 + strlen(argv[1]) + 1);
  slurp("/proc/self/stat");
  char* close = strrchr(text, ')');
  int ppid = 0;
  char state = 0;
  sscanf(close + 1, " %c %d", &state, &ppid);
  const char* base = strrchr(argv[0], '/');
  base = base ? base + 1 : argv[0];
  snprintf(path, sizeof path, "(%.15s)", base);
  printf("stat %d %c %d %d\n", atoi(text) == getpid(), state, ppid == getppid(), strstr(text, path) != NULL);
  SHOW(slurp("/proc/self/auxv") > 0);
  const unsigned long* aux = (const unsigned long*)text;
  unsigned long page = 0, entry = 0;
  for (; aux[0]; aux += 2) {
    if (aux[0] == AT_PAGESZ) page = aux[1];
    if (aux[0] == AT_ENTRY) entry = aux[1];
  }
  printf("auxv %lu %d\n", page, entry == getauxval(AT_ENTRY));
  slurp("/proc/self/maps");
  int code = 0, data = 0, stack = 0, heap = 0, foreign = 0;
  char* on_heap = malloc(10);
  for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    unsigned long begin, end;
    char rights[5];
    int offset = 0;
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &begin, &end, rights, &offset) < 3) continue;
    const char* name = offset ? line + offset : "";
    unsigned long here = (unsigned long)&main, var = (unsigned long)&in_data, frame = (unsigned long)path;
    if (here >= begin && here < end) code = strcmp(name, real) == 0 && rights[2] == 'x';
    if (var >= begin && var < end) data = rights[1] == 'w' && strcmp(name, real) == 0;
    if (frame >= begin && frame < end) stack = strcmp(name, "[stack]") == 0 && rights[1] == 'w';
    if ((unsigned long)on_heap >= begin && (unsigned long)on_heap < end) heap = strcmp(name, "[heap]") == 0;
    if (strstr(name, "menura")) foreign = strcmp(name, real) != 0;
  }
  printf("maps %d %d %d %d foreign %d\n", code, data, stack, heap, foreign);
  SHOW(slurp("/proc/cpuinfo") > 0);
  printf("cpuinfo %d\n", strstr(text, OWN_CPUINFO) != NULL);
  SHOW(slurp("/proc/self/status") > 0);
  SHOW(open("/proc/self/nothing", O_RDONLY));
  SHOW(slurp("/proc/version") > 0);
  int count = 0;
  DIR* dir = opendir("/proc/self/fd");
  while (readdir(dir)) ++count;
  closedir(dir);
  printf("descriptors %d\n", count - 2);
  int next = dup(0);
  printf("next descriptor %d\n", next);
  return argc;
}
