// What the code may use of the host beyond x86-64-v2: LLVM cannot select an intrinsic that its subtarget has not got.
#pragma once

namespace menura::llvmjit {

struct Features {
  bool avx512_registers = false;  // AVX-512F: 32 vector registers, masks
  bool avx512 = false;            // F, DQ, BW and VL
  bool avx = false;
  bool avx2 = false;
  bool fma = false;
  bool f16c = false;
  bool aes = false;
  bool pclmul = false;
  bool sha = false;
  bool vnni = false;  // AVX-512 VNNI
};

}  // namespace menura::llvmjit
