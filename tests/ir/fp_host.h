// The host's own floating-point instructions, one at a time, in a chosen rounding mode and with their flags: the
// reference of fp_test.cpp. Each returns the result's bits and or-s its flags (as fpflags.get) into *flags.
#pragma once

#include <cstdint>
#include <cstring>

#include "ir/interp/fp.h"

namespace menura::ir::host_fp {

inline constexpr uint32_t kMasked = 0x1f80;

// Runs `instruction` between two switches of MXCSR. %0 is the first operand and the result.
#define MENURA_HOST_FP(name, instruction, result_type, result_constraint, operand_type, operand_constraint) \
  inline result_type name(operand_type a, operand_type b, uint32_t mode, uint32_t* flags) {                 \
    uint32_t in = fp_with_mode(kMasked, mode);                                                              \
    uint32_t out = 0;                                                                                       \
    uint32_t masked = kMasked;                                                                              \
    result_type result{};                                                                                   \
    asm volatile("ldmxcsr %[in]\n\t" instruction "\n\tstmxcsr %[out]\n\tldmxcsr %[masked]"                  \
                 : [r] "=&" result_constraint(result), [out] "=m"(out), [a] "+" operand_constraint(a)       \
                 : [b] operand_constraint(b), [in] "m"(in), [masked] "m"(masked)                            \
                 : "cc");                                                                                   \
    *flags |= fp_flags_of(out);                                                                             \
    return result;                                                                                          \
  }

#define MENURA_HOST_FP_PAIR(name, op)                                                          \
  MENURA_HOST_FP(name##_f64, op "d %[b], %[a]\n\tmovapd %[a], %[r]", double, "x", double, "x") \
  MENURA_HOST_FP(name##_f32, op "s %[b], %[a]\n\tmovaps %[a], %[r]", float, "x", float, "x")

MENURA_HOST_FP_PAIR(add, "adds")
MENURA_HOST_FP_PAIR(sub, "subs")
MENURA_HOST_FP_PAIR(mul, "muls")
MENURA_HOST_FP_PAIR(div, "divs")
MENURA_HOST_FP(sqrt_f64, "sqrtsd %[a], %[r]", double, "x", double, "x")
MENURA_HOST_FP(sqrt_f32, "sqrtss %[a], %[r]", float, "x", float, "x")
// Rounded by MXCSR, raising inexact (4) or not (12).
MENURA_HOST_FP(round_exact_f64, "roundsd $4, %[a], %[r]", double, "x", double, "x")
MENURA_HOST_FP(round_exact_f32, "roundss $4, %[a], %[r]", float, "x", float, "x")
MENURA_HOST_FP(round_quiet_f64, "roundsd $12, %[a], %[r]", double, "x", double, "x")
MENURA_HOST_FP(round_quiet_f32, "roundss $12, %[a], %[r]", float, "x", float, "x")
MENURA_HOST_FP(f64_to_f32, "cvtsd2ss %[a], %[r]", float, "x", double, "x")
MENURA_HOST_FP(f32_to_f64, "cvtss2sd %[a], %[r]", double, "x", float, "x")
MENURA_HOST_FP(f64_to_i32, "cvtsd2si %[a], %[r]", int32_t, "r", double, "x")
MENURA_HOST_FP(f32_to_i32, "cvtss2si %[a], %[r]", int32_t, "r", float, "x")
MENURA_HOST_FP(f64_to_i64, "cvtsd2si %[a], %[r]", int64_t, "r", double, "x")
MENURA_HOST_FP(f32_to_i64, "cvtss2si %[a], %[r]", int64_t, "r", float, "x")
MENURA_HOST_FP(i32_to_f64, "pxor %[r], %[r]\n\tcvtsi2sdl %k[a], %[r]", double, "x", int32_t, "r")
MENURA_HOST_FP(i32_to_f32, "pxor %[r], %[r]\n\tcvtsi2ssl %k[a], %[r]", float, "x", int32_t, "r")
MENURA_HOST_FP(i64_to_f64, "pxor %[r], %[r]\n\tcvtsi2sdq %[a], %[r]", double, "x", int64_t, "r")
MENURA_HOST_FP(i64_to_f32, "pxor %[r], %[r]\n\tcvtsi2ssq %[a], %[r]", float, "x", int64_t, "r")
// Bit 0: carry (below or unordered), bit 2: parity (unordered), bit 6: zero (equal or unordered).
MENURA_HOST_FP(ucomi_f64, "ucomisd %[b], %[a]\n\tpushfq\n\tpopq %[r]", uint64_t, "r", double, "x")
MENURA_HOST_FP(ucomi_f32, "ucomiss %[b], %[a]\n\tpushfq\n\tpopq %[r]", uint64_t, "r", float, "x")
MENURA_HOST_FP(comi_f64, "comisd %[b], %[a]\n\tpushfq\n\tpopq %[r]", uint64_t, "r", double, "x")
MENURA_HOST_FP(comi_f32, "comiss %[b], %[a]\n\tpushfq\n\tpopq %[r]", uint64_t, "r", float, "x")
// F16C; only where the host has it. The low lane of a vector of zeros.
MENURA_HOST_FP(f32_to_f16, "vcvtps2ph $4, %[a], %%xmm15\n\tvmovd %%xmm15, %[r]", uint32_t, "r", float, "x")
MENURA_HOST_FP(f16_to_f32, "vmovd %k[a], %[r]\n\tvcvtph2ps %[r], %[r]", float, "x", uint32_t, "r")

#undef MENURA_HOST_FP_PAIR
#undef MENURA_HOST_FP

#define MENURA_HOST_FMA(name, instruction, type)                                                            \
  inline type name(type a, type b, type c, uint32_t mode, uint32_t* flags) {                                \
    uint32_t in = fp_with_mode(kMasked, mode);                                                              \
    uint32_t out = 0;                                                                                       \
    uint32_t masked = kMasked;                                                                              \
    asm volatile("ldmxcsr %[in]\n\t" instruction " %[c], %[b], %[a]\n\tstmxcsr %[out]\n\tldmxcsr %[masked]" \
                 : [a] "+x"(a), [out] "=m"(out)                                                             \
                 : [b] "x"(b), [c] "x"(c), [in] "m"(in), [masked] "m"(masked));                             \
    *flags |= fp_flags_of(out);                                                                             \
    return a;                                                                                               \
  }
MENURA_HOST_FMA(fma_f64, "vfmadd213sd", double)
MENURA_HOST_FMA(fma_f32, "vfmadd213ss", float)
#undef MENURA_HOST_FMA

inline bool has_fma() { return __builtin_cpu_supports("fma") != 0; }
inline bool has_f16c() {
  uint32_t eax = 1;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  asm("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return __builtin_cpu_supports("avx") != 0 && (ecx >> 29 & 1) != 0;
}

}  // namespace menura::ir::host_fp
