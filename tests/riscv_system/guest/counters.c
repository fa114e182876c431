// Counters and the supervisor's timer (Privileged 20240411, 3.1.10 to 3.1.12, 12.1.5; Sstc, chapter 16). Values differ from
// run to run: only what must hold is printed.
#include "test.h"

CODE(code_enable_timer, "csrsi sstatus, 2; 1: j 1b");
CODE(code_wfi, "li a0, 0; wfi; li a0, 1; ecall");
CODE(code_stimecmp, "csrr a0, 0x14d; ecall");
CODE(code_sip, "csrr a0, sip; ecall");

static void spin(u64 ticks) {
  const u64 end = READ(time) + ticks;
  while (READ(time) < end) {
  }
}

int main(void) {
  open_memory();
  put("-- they move\n");
  u64 cycle = READ(cycle), time = READ(time), instret = READ(instret);
  spin(1000);
  show("cycle", READ(cycle) > cycle);
  show("time", READ(time) >= time + 1000);
  show("instret", READ(instret) > instret);
  show("mcycle is cycle", READ(mcycle) >= cycle);
  time = READ(time);
  const u64 mtime = *(volatile u64*)0x200bff8;
  show("mtime is time", mtime - time <= READ(time) - time);
  put("-- they can be written\n");
  WRITE(mcycle, 1UL << 60);
  show("mcycle", READ(mcycle) >> 60);
  show("cycle", READ(cycle) >> 60);
  WRITE(minstret, 1UL << 60);
  show("minstret", READ(minstret) >> 60);
  show("instret", READ(instret) >> 60);
  show("mhpmcounter3", READ(mhpmcounter3));
  show("hpmcounter3", READ(hpmcounter3));
  put("-- they can be stopped\n");
  WRITE(mcountinhibit, 5);
  show("mcountinhibit", READ(mcountinhibit));
  cycle = READ(mcycle);
  instret = READ(minstret);
  spin(1000);
  show("mcycle", READ(mcycle) == cycle);
  show("minstret", READ(minstret) == instret);
  WRITE(mcycle, 7);
  show("written", READ(mcycle));
  WRITE(mcountinhibit, 0);
  spin(1000);
  show("it goes on", READ(mcycle) > 7 && READ(mcycle) < 1UL << 40);

  put("-- stimecmp\n");
  WRITE(mie, 0);
  WRITE(mip, 0);
  WRITE(stimecmp_, -1UL);
  WRITE(mideleg, 0x222);
  WRITE(mcounteren, 2);
  WRITE(menvcfg_, 0);
  run(S, code_stimecmp, 0);
  report("off", code_stimecmp);
  WRITE(menvcfg_, STCE);
  WRITE(mcounteren, 0);
  run(S, code_stimecmp, 0);
  report("no TM", code_stimecmp);
  WRITE(mcounteren, 2);
  run(S, code_stimecmp, 0);
  report("on", code_stimecmp);
  show("value", seen.a0);
  run(U, code_stimecmp, 0);
  report("in U", code_stimecmp);
  show("STIP", READ(mip) & 0x20);
  WRITE(stimecmp_, 0);
  show("past", READ(mip) & 0x20);
  CLEAR(mip, 0x20);
  show("software cannot clear it", READ(mip) & 0x20);
  run(S, code_sip, 0);
  show("sip", seen.a0 & 0x20);
  WRITE(stimecmp_, -1UL);
  show("future", READ(mip) & 0x20);
  SET(mip, 0x20);
  show("software cannot set it", READ(mip) & 0x20);
  WRITE(mie, 0x20);
  WRITE(stimecmp_, READ(time) + 10000);
  CLEAR(mstatus, MSTATUS_SIE | MSTATUS_SPIE);
  run(S, code_wfi, 0);
  report("wfi with SIE clear", code_wfi);
  show("a0", seen.a0);
  WRITE(stimecmp_, READ(time) + 10000);
  run(S, code_enable_timer, 0);
  put("interrupt ");
  put_char((char)seen.level);
  show("", seen.cause);
  WRITE(stimecmp_, -1UL);
  WRITE(menvcfg_, 0);
  show("off", READ(mip) & 0x20);
  WRITE(stimecmp_, 0);
  show("off, past", READ(mip) & 0x20);
  SET(mip, 0x20);
  show("software sets it", READ(mip) & 0x20);
  return 0;
}
