// Strings: the C library's own strlen, strchr, strcmp, memcmp, memcpy on short and long strings.
#include <string.h>

#include "bench.h"

int main(int argc, char** argv) {
  static char text[8192], copy[8192];
  for (unsigned i = 0; i + 1 < sizeof text; ++i) text[i] = (char)('a' + i % 23);
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 50000); round > 0; --round) {
    for (int length = 1; length < 8000; length = length * 3 + 1) {
      text[length] = 0;
      sum += strlen(text);
      memcpy(copy, text, (size_t)length + 1);
      sum += (uint64_t)(strcmp(text, copy) == 0) + (uint64_t)(memcmp(text, copy, (size_t)length) == 0);
      sum += strchr(text, 'z') == NULL;
      sum += (uint64_t)(strstr(text + length / 2, "wab") != NULL);
      text[length] = (char)('a' + length % 23);
    }
  }
  return bench_result(sum);
}
