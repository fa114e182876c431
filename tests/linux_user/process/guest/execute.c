// Becomes another program: execute PROGRAM [ARGUMENTS...]
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  execv(argv[1], argv + 1);
  printf("%s: %s\n", argv[1], strerrorname_np(errno));
  return 1;
}
