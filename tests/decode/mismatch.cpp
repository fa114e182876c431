// Must not compile: ctest compiles it once per WRONG and looks for the message (CMakeLists.txt).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {

#if WRONG == 0  // fits
void lift(Lifter&, Rd, Rs1, ImmI) {}
#elif WRONG == 1  // the row has no rs2
void lift(Lifter&, Rd, Rs1, Rs2) {}
#elif WRONG == 2  // rs1 is left out
void lift(Lifter&, Rd, ImmI) {}
#elif WRONG == 3  // 13 bits, the row has 12
void lift(Lifter&, Rd, Rs1, ImmB) {}
#endif

auto* const function = frontends::kInvoke<&lift, "imm[11:0] rs1 000 rd 0010011", kFields>;

}  // namespace menura::riscv
