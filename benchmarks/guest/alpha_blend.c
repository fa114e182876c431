// SIMD: one picture over another, 8 bits a channel: widening multiplications, rounding, narrowing.
#include "bench.h"
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

enum { kCount = 32768 };
static uint8_t over[kCount], under[kCount], alpha[kCount], out[kCount];

// (x + 128 + ((x + 128) >> 8)) >> 8 is x / 255, rounded to the nearest.
static void blend(void) {
#ifdef __ARM_NEON
  for (int i = 0; i < kCount; i += 16) {
    const uint8x16_t a = vld1q_u8(alpha + i), o = vld1q_u8(over + i), u = vld1q_u8(under + i), rest = vmvnq_u8(a);
    uint16x8_t low = vmull_u8(vget_low_u8(o), vget_low_u8(a));
    uint16x8_t high = vmull_high_u8(o, a);
    low = vmlal_u8(low, vget_low_u8(u), vget_low_u8(rest));
    high = vmlal_high_u8(high, u, rest);
    vst1q_u8(out + i, vcombine_u8(vraddhn_u16(low, vrshrq_n_u16(low, 8)), vraddhn_u16(high, vrshrq_n_u16(high, 8))));
  }
#else
  for (int i = 0; i < kCount; ++i) {
    const unsigned x = over[i] * alpha[i] + under[i] * (255u - alpha[i]);
    out[i] = (uint8_t)((x + ((x + 128) >> 8) + 128) >> 8);
  }
#endif
}

int main(int argc, char** argv) {
  uint64_t state = 1;
  for (int i = 0; i < kCount; ++i) {
    const uint64_t bits = bench_random(&state);
    over[i] = (uint8_t)bits;
    under[i] = (uint8_t)(bits >> 8);
    alpha[i] = (uint8_t)(bits >> 16);
  }
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 8000); round > 0; --round) {
    blend();
    under[round % kCount] = out[(round * 7) % kCount];
    sum = sum * 31 + out[round % kCount];
  }
  for (int i = 0; i < kCount; ++i) sum = sum * 31 + out[i];
  return bench_result(sum);
}
