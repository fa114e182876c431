// Strings: splitting text into words and counting them, byte by byte.
#include "bench.h"

int main(int argc, char** argv) {
  enum { kSize = 1 << 18 };
  static unsigned char text[kSize];
  static uint32_t counts[4096];
  uint64_t seed = 3, sum = 0;
  for (int i = 0; i < kSize; ++i) {
    const unsigned r = (unsigned)(bench_random(&seed) % 32);
    text[i] = r < 5 ? ' ' : (unsigned char)((r & 1 ? 'a' : 'A') + r % 26);
  }
  for (long round = bench_scale(argc, argv, 300); round > 0; --round) {
    uint32_t hash = 0;
    for (int i = 0; i < kSize; ++i) {
      unsigned char c = text[i];
      if (c >= 'A' && c <= 'Z') c = (unsigned char)(c + 32);
      if (c >= 'a' && c <= 'z') {
        hash = hash * 33 + c;
      } else if (hash) {
        ++counts[hash % 4096];
        hash = 0;
      }
    }
  }
  for (int i = 0; i < 4096; ++i) sum = sum * 31 + counts[i];
  return bench_result(sum);
}
