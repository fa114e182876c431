// SIMD: 4x4 float matrices times vectors, as graphics does it: multiply-add by an element.
#include "bench.h"
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

enum { kCount = 1024 };
static float matrix[16], points[4 * kCount], out[4 * kCount];

static void transform(void) {
#ifdef __ARM_NEON
  const float32x4_t m0 = vld1q_f32(matrix), m1 = vld1q_f32(matrix + 4), m2 = vld1q_f32(matrix + 8), m3 = vld1q_f32(matrix + 12);
  for (int i = 0; i < kCount; ++i) {
    const float32x4_t p = vld1q_f32(points + 4 * i);
    float32x4_t sum = vmulq_laneq_f32(m0, p, 0);
    sum = vfmaq_laneq_f32(sum, m1, p, 1);
    sum = vfmaq_laneq_f32(sum, m2, p, 2);
    sum = vfmaq_laneq_f32(sum, m3, p, 3);
    vst1q_f32(out + 4 * i, sum);
  }
#else
  for (int i = 0; i < kCount; ++i) {
    const float* p = points + 4 * i;
    for (int row = 0; row < 4; ++row) {
      out[4 * i + row] = matrix[row] * p[0] + matrix[4 + row] * p[1] + matrix[8 + row] * p[2] + matrix[12 + row] * p[3];
    }
  }
#endif
}

int main(int argc, char** argv) {
  for (int i = 0; i < 16; ++i) matrix[i] = (float)(i - 7) / 8;
  for (int i = 0; i < 4 * kCount; ++i) points[i] = (float)(i % 77) / 4;
  double sum = 0;
  for (long round = bench_scale(argc, argv, 10000); round > 0; --round) {
    transform();
    points[round % (4 * kCount)] = out[(round * 3) % (4 * kCount)] / 64;
    sum += out[(round * 5) % (4 * kCount)];
  }
  return bench_result((uint64_t)(int64_t)(sum * 64));
}
