// Memory and integer: LZ77 with a hash chain, then decompression and comparison.
#include <string.h>

#include "bench.h"

enum { kSize = 1 << 17 };
static uint8_t input[kSize], packed[kSize * 2], output[kSize];
static int32_t head[1 << 14];

static int pack(void) {
  int out = 0;
  memset(head, -1, sizeof head);
  for (int at = 0; at < kSize;) {
    int best = 0, distance = 0;
    if (at + 4 <= kSize) {
      uint32_t word;
      memcpy(&word, input + at, 4);
      const uint32_t slot = word * 2654435761u >> 18;
      const int32_t candidate = head[slot];
      head[slot] = at;
      if (candidate >= 0 && at - candidate < 65536) {
        while (best < 255 && at + best < kSize && input[candidate + best] == input[at + best]) ++best;
        distance = at - candidate;
      }
    }
    if (best >= 4) {
      packed[out++] = (uint8_t)best, packed[out++] = (uint8_t)distance, packed[out++] = (uint8_t)(distance >> 8);
      at += best;
    } else {
      packed[out++] = 0, packed[out++] = input[at++];
    }
  }
  return out;
}

static int unpack(int size) {
  int out = 0;
  for (int at = 0; at < size;) {
    const int length = packed[at++];
    if (length == 0) {
      output[out++] = packed[at++];
      continue;
    }
    const int distance = packed[at] | packed[at + 1] << 8;
    at += 2;
    for (int i = 0; i < length; ++i, ++out) output[out] = output[out - distance];
  }
  return out;
}

int main(int argc, char** argv) {
  uint64_t seed = 11, sum = 0;
  for (int i = 0; i < kSize; ++i) input[i] = (uint8_t)(i > 300 && bench_random(&seed) % 8 ? input[i - 1 - i % 300] : bench_random(&seed) % 64);
  for (long round = bench_scale(argc, argv, 400); round > 0; --round) {
    const int size = pack();
    if (unpack(size) != kSize || memcmp(input, output, kSize) != 0) return 1;
    sum = sum * 31 + (uint64_t)size;
    input[round % kSize] ^= 1;
  }
  return bench_result(sum);
}
