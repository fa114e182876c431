// Looks around: each argument pair asks for one thing and prints one line.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char* what, const char* text) { printf("%s: %s\n", what, text != NULL ? text : strerror(errno)); }

int main(int argc, char** argv) {
  char buffer[PATH_MAX] = "";
  say("argv0", argv[0]);
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* what = argv[i];
    const char* name = argv[i + 1];
    if (strcmp(what, "cat") == 0) {
      FILE* file = fopen(name, "r");
      say(what, file != NULL && fgets(buffer, sizeof buffer, file) != NULL ? buffer : NULL);
      if (file != NULL) fclose(file);
    } else if (strcmp(what, "real") == 0) {
      say(what, realpath(name, buffer));
    } else if (strcmp(what, "link") == 0) {
      const ssize_t length = readlink(name, buffer, sizeof buffer - 1);
      if (length >= 0) buffer[length] = '\0';
      say(what, length >= 0 ? buffer : NULL);
    } else if (strcmp(what, "cd") == 0) {
      say(what, chdir(name) == 0 ? getcwd(buffer, sizeof buffer) : NULL);
    } else if (strcmp(what, "stat") == 0) {
      struct stat info;
      say(what, stat(name, &info) == 0 ? (S_ISDIR(info.st_mode) ? "folder" : "file") : NULL);
    } else if (strcmp(what, "list") == 0) {
      DIR* folder = opendir(name);
      printf("list:");
      for (struct dirent* entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') printf(" %s", entry->d_name);
      }
      printf("\n");
    } else if (strcmp(what, "same") == 0) {  // /proc/self/exe opened is this program
      struct stat one, other;
      say(what, stat("/proc/self/exe", &one) == 0 && stat(name, &other) == 0 && one.st_ino == other.st_ino ? "yes" : "no");
    } else if (strcmp(what, "execfn") == 0) {
      say(what, (const char*)getauxval(AT_EXECFN));
    } else if (strcmp(what, "run") == 0) {
      fflush(stdout);
      execl(name, name, "link", "/proc/self/exe", (char*)NULL);
      say(what, NULL);
    }
  }
  return 0;
}
