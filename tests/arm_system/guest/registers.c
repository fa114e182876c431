// Every system register of the table: reading and writing from EL0 and EL1 (D19.1); the masks of those that keep what
// is written.
#include "test.h"

static const struct {
  const char* name;
  u32 number;  // op0<0>:op1:CRn:CRm:op2
  u64 mask;
} kRegisters[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, access, feature, slot, reset, mask, rule) \
  {#name, ((op0)&1) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2), mask},
#include "frontends/arm/system_registers.def"
};

static u32 code[16] __attribute__((aligned(64)));

static void make(u32 first) {
  code[0] = first;
  code[1] = 0xd4000021;  // svc #1
  asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
}
// MRS X0 or MSR X0.
static void access(u32 number, int read, u64 spsr, u64 value) {
  make((read ? 0xd5300000 : 0xd5100000) | number << 5);
  enter((u64)code, spsr, value);
}
static int is_done(void) { return seen.esr == 0x56000001; }
static void say(const char* what) {
  put(what);
  if (is_done()) {
    put("done");
  } else {
    put_hex(seen.esr);
  }
}

int main(void) {
  WRITE(sctlr_el1, 0x30d00800);
  for (unsigned i = 0; i < sizeof kRegisters / sizeof kRegisters[0]; ++i) {
    const u32 number = kRegisters[i].number;
    put(kRegisters[i].name);
    access(number, 1, EL0T, 0);
    say(": EL0 read ");
    access(number, 0, EL0T, 0);
    say(" write ");
    access(number, 1, EL1H, 0);
    say(", EL1 read ");
    const u64 before = is_done() ? seen.x0 : 0;
    access(number, 0, EL1H, before);
    say(" write ");
    put("\n");
  }

  put("-- what registers keep\n");
  static const char* const kKeep[] = {"AFSR0_EL1", "TPIDR_EL1",  "TPIDR_EL0",      "TPIDRRO_EL0",   "ELR_EL1",
                                      "FAR_EL1",   "MAIR_EL1",   "SP_EL0",         "PAR_EL1",       "CNTKCTL_EL1",
                                      "TTBR0_EL1", "TTBR1_EL1",  "CONTEXTIDR_EL1", "CNTP_CVAL_EL0", "CNTV_CVAL_EL0",
                                      "OSLSR_EL1", "CSSELR_EL1", "VBAR_EL1"};
  for (unsigned k = 0; k < sizeof kKeep / sizeof kKeep[0]; ++k) {
    for (unsigned i = 0; i < sizeof kRegisters / sizeof kRegisters[0]; ++i) {
      const char* a = kKeep[k];
      const char* b = kRegisters[i].name;
      while (*a != 0 && *a == *b) ++a, ++b;
      if (*a != *b) continue;
      const u32 number = kRegisters[i].number;
      access(number, 1, EL1H, 0);
      const u64 before = seen.x0;
      // One piece of code: exceptions would overwrite some of them.
      code[0] = 0xd5100000 | number << 5;
      code[1] = 0xd5300001 | number << 5;  // to X1
      code[2] = 0xaa0203e0;                // mov x0, x2
      make(code[0]);
      code[0] = 0xaa0003e2;                // mov x2, x0
      code[1] = 0x92800000;                // mov x0, #-1
      code[2] = 0xd5100000 | number << 5;  // msr
      code[3] = 0xd5300000 | number << 5;  // mrs
      code[4] = 0xd5100002 | number << 5;  // msr from X2: as before
      code[5] = 0xd4000021;
      asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
      enter((u64)code, EL1H, before);
      show(kRegisters[i].name, seen.x0);
    }
  }
  return 0;
}
