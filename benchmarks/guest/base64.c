// SIMD: base64, three bytes to four letters: interleaved loads and stores, shifts, a table of 64 bytes.
#include "bench.h"
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

enum { kGroups = 8192 };
static const char kLetters[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t from[kGroups * 3], to[kGroups * 4];

static void encode(void) {
#ifdef __ARM_NEON
  const uint8x16x4_t letters = vld1q_u8_x4((const uint8_t*)kLetters);
  for (int group = 0; group < kGroups; group += 16) {
    const uint8x16x3_t in = vld3q_u8(from + 3 * group);
    uint8x16x4_t six;
    six.val[0] = vshrq_n_u8(in.val[0], 2);
    six.val[1] = vandq_u8(vsliq_n_u8(vshrq_n_u8(in.val[1], 4), in.val[0], 4), vdupq_n_u8(63));
    six.val[2] = vandq_u8(vsliq_n_u8(vshrq_n_u8(in.val[2], 6), in.val[1], 2), vdupq_n_u8(63));
    six.val[3] = vandq_u8(in.val[2], vdupq_n_u8(63));
    for (int i = 0; i < 4; ++i) six.val[i] = vqtbl4q_u8(letters, six.val[i]);
    vst4q_u8(to + 4 * group, six);
  }
#else
  for (int group = 0; group < kGroups; ++group) {
    const unsigned a = from[3 * group], b = from[3 * group + 1], c = from[3 * group + 2];
    to[4 * group] = (uint8_t)kLetters[a >> 2];
    to[4 * group + 1] = (uint8_t)kLetters[((a << 4) | (b >> 4)) & 63];
    to[4 * group + 2] = (uint8_t)kLetters[((b << 2) | (c >> 6)) & 63];
    to[4 * group + 3] = (uint8_t)kLetters[c & 63];
  }
#endif
}

int main(int argc, char** argv) {
  uint64_t state = 5;
  for (int i = 0; i < kGroups * 3; ++i) from[i] = (uint8_t)bench_random(&state);
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 10000); round > 0; --round) {
    encode();
    from[round % (kGroups * 3)] = to[(round * 5) % (kGroups * 4)];
    sum = sum * 31 + to[(round * 11) % (kGroups * 4)];
  }
  for (int i = 0; i < kGroups * 4; ++i) sum = sum * 31 + to[i];
  return bench_result(sum);
}
