/* riscv64 on the reference. Registers: ra..t6, ft0..ft11, fflags, frm. */
#define REGISTERS 65
#define BREAKPOINT "\x02\x90" /* c.ebreak */
#include "reference.h"

static struct {
  uint64_t registers[32];
  struct __riscv_mc_d_ext_state floats;
} resume;

static void enter(mcontext_t* m) {
  memcpy(resume.registers, m->__gregs, sizeof resume.registers);
  resume.floats = m->__fpregs.__d;
  m->__gregs[0] = (uint64_t)CODE_PAGE + kPage / 2;
  for (int i = 1; i < 32; ++i) m->__gregs[i] = job.registers[i - 1].low;
  for (int i = 0; i < 32; ++i) m->__fpregs.__d.__f[i] = job.registers[31 + i].low;
  m->__fpregs.__d.__fcsr = (uint32_t)(job.registers[63].low | job.registers[64].low << 5);
}

/* May run with the job's gp: no relaxed accesses. */
static void leave(mcontext_t* m) {
  result.pc = m->__gregs[0];
  for (int i = 1; i < 32; ++i) result.registers[i - 1].low = m->__gregs[i];
  for (int i = 0; i < 32; ++i) result.registers[31 + i].low = m->__fpregs.__d.__f[i];
  result.registers[63].low = m->__fpregs.__d.__fcsr & 31;
  result.registers[64].low = m->__fpregs.__d.__fcsr >> 5 & 7;
  /* Not all of *m: the reference's frames end behind the D state. */
  memcpy(m->__gregs, resume.registers, sizeof resume.registers);
  m->__fpregs.__d = resume.floats;
}
