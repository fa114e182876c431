// What the host CPU can do beyond x86-64-v2, which Menura requires. Compiled code depends on these bits: they are part
// of the identity of code kept on disk.
#pragma once

namespace menura::x64 {

struct HostFeatures {
  bool avx = false;
  bool avx2 = false;
  bool fma = false;
  bool bmi1 = false;  // andn
  bool bmi2 = false;  // shlx, rorx, mulx
  bool lzcnt = false;
  bool movbe = false;
  bool pclmul = false;
  bool gfni = false;
  bool f16c = false;
  bool aes = false;
  bool sha = false;
  bool avx512 = false;  // F, DQ, BW and VL
  bool avx512_cd = false;
  bool avx512_bitalg = false;
  bool avx512_vpopcntdq = false;
  bool vnni = false;  // AVX-512 VNNI with VL

  // Those of the CPU that runs this, unless the environment variable MENURA_HOST is set to "v2" (none) or "v3" (no
  // AVX-512, no GFNI, no SHA): every path can be tested on one machine.
  static HostFeatures detect();
};

}  // namespace menura::x64
