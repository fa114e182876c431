// The cryptographic helpers: rounds of SHA-1, SHA-2, SM3 and SM4 on the vector registers d, n, m and a fourth one or an
// immediate, all by number.
#pragma once

#include "ir/core/helper_table.h"

namespace menura::arm {

uint64_t sha1c(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha1p(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha1m(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha1su1(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha256h(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha256h2(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha256su0(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha256su1(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha512h(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha512h2(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha512su0(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sha512su1(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3ss1(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3tt1a(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3tt1b(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3tt2a(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3tt2b(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3partw1(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm3partw2(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm4e(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);
uint64_t sm4ekey(ir::CpuHeader* cpu, uint64_t d, uint64_t n, uint64_t m, uint64_t a);

}  // namespace menura::arm
