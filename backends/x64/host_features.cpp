#include "backends/x64/host_features.h"

#include <cpuid.h>

#include <cstdlib>
#include <string_view>

namespace menura::x64 {

namespace {

// XCR0: which register files the operating system saves (Intel SDM vol. 1, 13.3).
unsigned enabled_state() {
  unsigned low = 0;
  unsigned high = 0;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

HostFeatures HostFeatures::detect() {
  HostFeatures f;
  const char* setting = std::getenv("MENURA_HOST");
  const std::string_view wanted = setting != nullptr ? setting : "";
  if (wanted == "v2") return f;

  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return f;
  const unsigned saved = (c & bit_OSXSAVE) != 0 ? enabled_state() : 0;
  const bool has_ymm = (saved & 0x6) == 0x6;
  const bool has_zmm = (saved & 0xe6) == 0xe6;
  f.avx = has_ymm && (c & bit_AVX) != 0;
  f.fma = f.avx && (c & bit_FMA) != 0;
  f.f16c = f.avx && (c & bit_F16C) != 0;
  f.movbe = (c & bit_MOVBE) != 0;
  f.pclmul = (c & bit_PCLMUL) != 0;
  f.aes = (c & bit_AES) != 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
    f.bmi1 = (b & bit_BMI) != 0;
    f.bmi2 = (b & bit_BMI2) != 0;
    f.avx2 = f.avx && (b & bit_AVX2) != 0;
    const unsigned need = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    f.avx512 = f.avx2 && has_zmm && (b & need) == need && wanted != "v3";
    f.avx512_cd = f.avx512 && (b & bit_AVX512CD) != 0;
    f.avx512_bitalg = f.avx512 && (c & bit_AVX512BITALG) != 0;
    f.avx512_vpopcntdq = f.avx512 && (c & bit_AVX512VPOPCNTDQ) != 0;
    f.vnni = f.avx512 && (c & bit_AVX512VNNI) != 0;
    f.sha = (b & bit_SHA) != 0 && wanted != "v3";
    f.gfni = f.avx && (c & bit_GFNI) != 0 && wanted != "v3";
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d) != 0) f.lzcnt = (c & bit_LZCNT) != 0;
  return f;
}

}  // namespace menura::x64
