// Programs with several harts: those but hart 0 wait for commands. Link start.S with HARTS.
#pragma once

#include "test.h"

enum { kHarts = 3 };

#define MSIP(hart) (((volatile u32*)0x2000000)[hart])
#define MTIMECMP(hart) (((volatile u64*)0x2004000)[hart])
#define MTIME (*(volatile u64*)0x200bff8)
#define MSI 0x8UL
#define MTI 0x80UL
#define SEI 0x200UL
#define MEI 0x800UL

// `pause` (Zihintpause), which assemblers may not know: whoever is waited for may be without a host's CPU.
static inline void relax(void) { asm volatile(".insn i 0x0f, 0, x0, x0, 0x10" ::: "memory"); }
static inline void fence(void) { asm volatile("fence rw, rw" ::: "memory"); }

typedef u64 (*job)(u64 hart, u64 argument);

// Aligned: each is another reservation set.
static struct mailbox {
  volatile job what;
  volatile u64 argument, answer, done, idle;
} mailboxes[kHarts] __attribute__((aligned(64)));

// Nobody sends another one meanwhile.
static inline void take_ipi(u64 hart) {
  MSIP(hart) = 0;
  while ((READ(mip) & MSI) != 0) {
  }
}

void other_hart(u64 hart) {
  struct mailbox* const box = &mailboxes[hart];
  open_memory();
  for (;;) {
    take_ipi(hart);
    box->idle = 1;
    WRITE(mie, MSI);
    while ((READ(mip) & MSI) == 0) asm volatile("wfi");
    box->idle = 0;
    fence();
    box->answer = box->what(hart, box->argument);
    fence();
    box->done = 1;
  }
}

static inline void begin(u64 hart, job what, u64 argument) {
  struct mailbox* const box = &mailboxes[hart];
  while (box->idle == 0) relax();
  box->done = 0;
  box->argument = argument;
  box->what = what;
  fence();
  MSIP(hart) = 1;
}

static inline u64 finish(u64 hart) {
  while (mailboxes[hart].done == 0) relax();
  fence();
  return mailboxes[hart].answer;
}

static inline u64 on(u64 hart, job what, u64 argument) {
  begin(hart, what, argument);
  return finish(hart);
}

static u64 nothing(u64 hart, u64 argument) { return argument + hart; }

// Hart 0: wakes the others.
static inline void begin_harts(void) {
  extern volatile u32 begun;
  open_memory();
  // Its reset value is anything (ACLINT, 2.2).
  for (u64 hart = 0; hart < kHarts; ++hart) MTIMECMP(hart) = -1UL;
  begun = 1;
  fence();
  for (u64 hart = 1; hart < kHarts; ++hart) {
    MSIP(hart) = 1;
    on(hart, nothing, 0);
  }
}

// Everybody, hart 0 included, does it at once.
static volatile u64 arrived __attribute__((aligned(64)));

static inline u64 amo_add(volatile u64* place, u64 value) {
  u64 old;
  asm volatile("amoadd.d.aqrl %0, %2, (%1)" : "=r"(old) : "r"(place), "r"(value) : "memory");
  return old;
}

// For as many as are told: waits until all have come here so often.
static inline void meet(u64 harts, u64 times) {
  amo_add(&arrived, 1);
  while (arrived < harts * times) relax();
}

static inline void everybody(job what, u64 argument) {
  arrived = 0;
  for (u64 hart = 1; hart < kHarts; ++hart) begin(hart, what, argument);
  what(0, argument);
  for (u64 hart = 1; hart < kHarts; ++hart) finish(hart);
}

static inline void pause_a_while(void) {
  for (volatile int i = 0; i < 20000; ++i) {
  }
}
