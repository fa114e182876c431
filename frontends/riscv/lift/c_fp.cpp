// C: compressed floating-point loads and stores (Unprivileged 20240411, 28.3).
#include "frontends/riscv/lift/fp.h"

namespace menura::riscv {
namespace lift {

void c_fld(Lifter& l, FdC fd, Rs1C rs1, Uimm<8> imm) { fld(l, Fd{fd}, Rs1{rs1}, ImmI{imm}); }
void c_flw(Lifter& l, FdC fd, Rs1C rs1, Uimm<7> imm) { flw(l, Fd{fd}, Rs1{rs1}, ImmI{imm}); }
void c_fsd(Lifter& l, Fs2C fs2, Rs1C rs1, Uimm<8> imm) { fsd(l, Fs2{fs2}, Rs1{rs1}, ImmS{imm}); }
void c_fsw(Lifter& l, Fs2C fs2, Rs1C rs1, Uimm<7> imm) { fsw(l, Fs2{fs2}, Rs1{rs1}, ImmS{imm}); }
void c_fldsp(Lifter& l, Fd fd, Uimm<9> imm) { fld(l, fd, Rs1{kSp}, ImmI{imm}); }
void c_flwsp(Lifter& l, Fd fd, Uimm<8> imm) { flw(l, fd, Rs1{kSp}, ImmI{imm}); }
void c_fsdsp(Lifter& l, Fs2 fs2, Uimm<9> imm) { fsd(l, fs2, Rs1{kSp}, ImmS{imm}); }
void c_fswsp(Lifter& l, Fs2 fs2, Uimm<8> imm) { fsw(l, fs2, Rs1{kSp}, ImmS{imm}); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/c_fp.inc"
#undef INST

}  // namespace menura::riscv
