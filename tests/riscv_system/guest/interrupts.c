// Interrupts: enabling, delegation, priorities, vectors, wfi (Privileged 20240411, 3.1.6.1, 3.1.7 to 3.1.9, 3.3.3, 12.1.3).
#include "test.h"

#define MSIP (*(volatile u32*)0x2000000)
#define MTIMECMP (*(volatile u64*)0x2004000)
#define MTIME (*(volatile u64*)0x200bff8)

CODE(code_loop, "li t0, 100000; 1: addi t0, t0, -1; bnez t0, 1b; ecall");
CODE(code_enable, "csrsi sstatus, 2; li a0, 1; ecall");
CODE(code_enable_by_register, "li t0, 2; csrs sstatus, t0; li a0, 1; ecall");
CODE(code_enable_and_set, "csrsi sstatus, 2; csrsi sip, 2; li a0, 1; ecall");
CODE(code_wfi, "li a0, 0; wfi; li a0, 1; ecall");
CODE(code_machine_enable, "csrsi mstatus, 8; li a0, 1; ecall");
CODE(code_sip, "li t0, -1; csrw sip, t0; csrr a0, sip; ecall");
CODE(code_sip_clear, "csrw sip, zero; csrr a0, sip; ecall");
CODE(code_sie, "li t0, -1; csrw sie, t0; csrr a0, sie; ecall");
CODE(code_vectored, "la t0, machine_vectors; addi t0, t0, 1; csrw mtvec, t0; csrsi mstatus, 8; nop; ecall");
CODE(code_sret_enabling, "la t0, 1f; csrw sepc, t0; li t0, 0x120; csrs sstatus, t0; sret; 1: li a0, 1; ecall");

static void one(const char* name, int level, const char* code) {
  run(level, code, 0);
  report(name, code);
  show("  a0", seen.a0);
}

static void quiet(void) {
  MSIP = 0;
  MTIMECMP = -1UL;
  WRITE(mip, 0);
  WRITE(mie, 0);
  WRITE(mideleg, 0);
  CLEAR(mstatus, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_MIE | MSTATUS_MPIE);
  // What the device has taken back is seen in the end.
  while ((READ(mip) & 0x88) != 0) {
  }
}

int main(void) {
  open_memory();
  quiet();
  put("-- writable\n");
  WRITE(mie, -1UL);
  show("mie", READ(mie));
  WRITE(mideleg, -1UL);
  show("mideleg", READ(mideleg));
  WRITE(mip, -1UL);
  show("mip", READ(mip));
  WRITE(mie, 0);
  one("sip, all delegated", S, code_sip);
  one("sip cleared", S, code_sip_clear);
  one("sie, all delegated", S, code_sie);
  show("mie", READ(mie));
  quiet();
  WRITE(mideleg, 1 << 9);
  WRITE(mip, 0x222);
  one("sip, SEI delegated", S, code_sip);
  one("sip cleared", S, code_sip_clear);
  one("sie", S, code_sie);
  show("mie", READ(mie));
  show("mip", READ(mip));

  put("-- not delegated: taken in M from below, whatever mstatus says\n");
  for (int bit = 1; bit <= 9; bit += 4) {
    quiet();
    WRITE(mip, 1UL << bit);
    one("not enabled, S", S, code_loop);
    WRITE(mie, 1UL << bit);
    one("S", S, code_loop);
    one("U", U, code_loop);
    one("M, MIE clear", M, code_loop);
    one("M, MIE set by code", M, code_machine_enable);
    SET(mstatus, MSTATUS_MPIE);
    one("M, MIE set by mret", M, code_loop);
  }

  put("-- delegated\n");
  for (int bit = 1; bit <= 9; bit += 4) {
    quiet();
    WRITE(mideleg, 0x222);
    WRITE(mip, 1UL << bit);
    WRITE(mie, 1UL << bit);
    one("S, SIE clear", S, code_loop);
    one("S, SIE set by code", S, code_enable);
    CLEAR(mstatus, MSTATUS_SIE);
    one("S, SIE set by register", S, code_enable_by_register);
    CLEAR(mstatus, MSTATUS_SIE);
    one("S, SIE set by sret", S, code_sret_enabling);
    CLEAR(mstatus, MSTATUS_SIE);
    one("U", U, code_loop);
    SET(mstatus, MSTATUS_MPIE);
    one("M", M, code_loop);
  }
  quiet();
  WRITE(mideleg, 0x222);
  WRITE(mie, 0x222);
  one("S, sets its own", S, code_enable_and_set);

  put("-- priorities\n");
  quiet();
  WRITE(mie, -1UL);
  MSIP = 1;
  MTIMECMP = 0;
  while ((READ(mip) & 0x88) != 0x88) {
  }
  WRITE(mip, 0x222);
  show("mip", READ(mip));
  one("all in M", S, code_loop);
  MSIP = 0;
  while ((READ(mip) & 8) != 0) {
  }
  one("without MSI", S, code_loop);
  MTIMECMP = -1UL;
  while ((READ(mip) & 0x80) != 0) {
  }
  one("without MTI", S, code_loop);
  WRITE(mip, 0x22);
  one("without SEI", S, code_loop);
  WRITE(mip, 0x20);
  one("without SSI", S, code_loop);
  WRITE(mip, 0x222);
  WRITE(mideleg, 0x222);
  one("all of S delegated", U, code_loop);
  MTIMECMP = 0;
  while ((READ(mip) & 0x80) == 0) {
  }
  one("MTI before them", U, code_loop);

  put("-- vectors\n");
  quiet();
  WRITE(mie, 8);
  MSIP = 1;
  one("MSI", M, code_vectored);

  put("-- wfi\n");
  quiet();
  WRITE(mie, 0x80);
  MTIMECMP = MTIME + 20000;
  one("M, MIE clear", M, code_wfi);
  quiet();
  WRITE(mie, 0x80);
  MTIMECMP = MTIME + 20000;
  SET(mstatus, MSTATUS_MPIE);
  one("M, MIE set", M, code_wfi);
  quiet();
  WRITE(mie, 0x80);
  MTIMECMP = MTIME + 20000;
  one("S", S, code_wfi);
  quiet();
  WRITE(mideleg, 0x222);
  WRITE(mie, 0x2);
  WRITE(mip, 0x2);
  one("S, delegated and SIE clear", S, code_wfi);
  return 0;
}
