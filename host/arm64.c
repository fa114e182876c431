/* arm64 on the reference. Registers: x0..x30, sp, n, z, c, v, fpcr, fpsr, tpidr_el0, v0..v31. */
#define REGISTERS 71
#define BREAKPOINT "\x00\x00\x20\xd4" /* brk #0 */
#include "reference.h"

enum { kSp = 31, kFlags = 32, kFpcr = 36, kFpsr, kTpidr, kVectors };

/* The first bytes of mcontext_t, as the kernel keeps them: x0..x30, sp, pc, pstate. */
static struct {
  uint64_t general[34];
  struct fpsimd_context floats;
  uint64_t thread;
} resume;

static struct fpsimd_context* floats_of(mcontext_t* m) {
  struct _aarch64_ctx* record = (struct _aarch64_ctx*)m->__reserved;
  while (record->magic != FPSIMD_MAGIC) record = (struct _aarch64_ctx*)((char*)record + record->size);
  return (struct fpsimd_context*)record;
}

static void enter(mcontext_t* m) {
  struct fpsimd_context* floats = floats_of(m);
  memcpy(resume.general, m->regs, sizeof resume.general);
  resume.floats = *floats;
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(resume.thread));
  for (int i = 0; i < 31; ++i) m->regs[i] = job.registers[i].low;
  m->sp = job.registers[kSp].low;
  m->pc = (uint64_t)CODE_PAGE + kPage / 2;
  m->pstate = 0;
  for (int i = 0; i < 4; ++i) m->pstate |= job.registers[kFlags + i].low << (31 - i);
  floats->fpcr = (uint32_t)job.registers[kFpcr].low;
  floats->fpsr = (uint32_t)job.registers[kFpsr].low;
  memcpy(floats->vregs, &job.registers[kVectors], sizeof floats->vregs);
  __asm__ volatile("msr tpidr_el0, %0" : : "r"(job.registers[kTpidr].low));
}

static void leave(mcontext_t* m) {
  struct fpsimd_context* floats = floats_of(m);
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(result.registers[kTpidr].low));
  __asm__ volatile("msr tpidr_el0, %0" : : "r"(resume.thread));
  for (int i = 0; i < 31; ++i) result.registers[i].low = m->regs[i];
  result.registers[kSp].low = m->sp;
  result.pc = m->pc;
  for (int i = 0; i < 4; ++i) result.registers[kFlags + i].low = m->pstate >> (31 - i) & 1;
  result.registers[kFpcr].low = floats->fpcr;
  result.registers[kFpsr].low = floats->fpsr;
  memcpy(&result.registers[kVectors], floats->vregs, sizeof floats->vregs);
  memcpy(m->regs, resume.general, sizeof resume.general);
  *floats = resume.floats;
}
