// Integer: CRC-32 by table and bit counting, narrow types throughout.
#include "bench.h"

int main(int argc, char** argv) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  static uint8_t data[65536];
  uint64_t seed = 1234567;
  for (unsigned i = 0; i < sizeof data; ++i) data[i] = (uint8_t)bench_random(&seed);
  uint64_t sum = 0;
  for (long round = bench_scale(argc, argv, 2000); round > 0; --round) {
    uint32_t crc = 0xffffffffu;
    for (unsigned i = 0; i < sizeof data; ++i) crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
    sum += crc;
    data[round & 0xffff] ^= (uint8_t)crc;
  }
  return bench_result(sum);
}
