// Prints its arguments and two variables of its environment.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  for (int i = 0; i < argc; ++i) printf("[%s] ", argv[i]);
  const char *a = getenv("A"), *b = getenv("B");
  printf("A=%s B=%s\n", a != NULL ? a : "-", b != NULL ? b : "-");
  return 0;
}
