// Several harts: interrupts between them, waking by each kind of interrupt, atomics under contention, reservations, fences
// (Unprivileged 20240411, chapters 13 and 17; Privileged, 3.1.9, 3.3.3; ACLINT 1.0; PLIC 1.0).
#include "harts.h"

enum { kTimes = 1000 };

// --- interrupts

// They say that they have begun.
CODE(code_loop, "li t0, 1; sd t0, (a0); li a0, 0; 1: j 1b");
CODE(code_wfi, "li t0, 1; sd t0, (a0); li a0, 0; wfi; li a0, 1; ecall");
static volatile u64 waits;

static u64 send_to_0(u64 hart, u64 kind) {
  while (waits == 0) relax();
  pause_a_while();
  if (kind == MSI) MSIP(0) = 1;
  if (kind == MTI) MTIMECMP(0) = 0;
  return hart;
}

// What came: the level and the cause, and whether the code had gone on.
static void interrupted(const char* name, int level, const char* code, u64 kind) {
  WRITE(mie, kind);
  waits = 0;
  begin(1, send_to_0, kind);
  run(level, code, (u64)&waits);
  finish(1);
  put(name);
  put(": ");
  put_char((char)seen.level);
  show("", seen.cause);
  show("  a0", seen.a0);
  MTIMECMP(0) = -1UL;
  take_ipi(0);
  while ((READ(mip) & MTI) != 0) {
  }
}

// --- external interrupts: the UART's, while it may send, by the PLIC

#define UART_IER (*(volatile u8*)0x10000001)
#define PLIC(offset) (*(volatile u32*)(0xc000000 + (offset)))
#define PLIC_PRIORITY PLIC(4 * 10)
#define PLIC_ENABLE(context) PLIC(0x2000 + 0x80 * (context))
#define PLIC_THRESHOLD(context) PLIC(0x200000 + 0x1000 * (context))
#define PLIC_CLAIM(context) PLIC(0x200004 + 0x1000 * (context))
enum { kUart = 10 };

// Waits for what mie says; what came, and what the PLIC says about it.
static u64 wait_for(u64 hart, u64 kind) {
  take_ipi(hart);
  WRITE(mie, kind);
  waits = 1;
  do asm volatile("wfi");
  while ((READ(mip) & kind) == 0);
  const u64 came = READ(mip) & (MSI | MTI | SEI | MEI);
  u64 claimed = 0;
  if ((kind & (SEI | MEI)) != 0) {
    const u64 context = 2 * hart + (kind == SEI);
    claimed = PLIC_CLAIM(context);
    claimed = claimed << 8 | PLIC_CLAIM(context);
    while ((READ(mip) & kind) != 0) {
    }
    UART_IER = 0;
    PLIC_CLAIM(context) = kUart;
    PLIC_ENABLE(context) = 0;
  }
  if (kind == MTI) MTIMECMP(hart) = -1UL;
  while ((READ(mip) & kind & ~MSI) != 0) {
  }
  return claimed << 32 | came;
}

static void wakes(const char* name, u64 kind) {
  for (u64 hart = 1; hart < kHarts; ++hart) {
    waits = 0;
    begin(hart, wait_for, kind);
    while (waits == 0) relax();
    pause_a_while();
    if (kind == MSI) MSIP(hart) = 1;
    if (kind == MTI) MTIMECMP(hart) = MTIME + 1000;
    if ((kind & (SEI | MEI)) != 0) {
      const u64 context = 2 * hart + (kind == SEI);
      PLIC_THRESHOLD(context) = 0;
      PLIC_PRIORITY = 1;
      PLIC_ENABLE(context) = 1 << kUart;
      UART_IER = 2;
    }
    show(name, finish(hart));
  }
}

// --- atomics

static volatile u64 counter, plain, lock;
static volatile u32 halves[2] __attribute__((aligned(8)));
static volatile u64 bits;

static u64 adds(u64 hart, u64 times) {
  meet(kHarts, 1);
  for (u64 i = 0; i < times; ++i) amo_add(&counter, hart + 1);
  return 0;
}

static u64 adds_words(u64 hart, u64 times) {
  meet(kHarts, 1);
  for (u64 i = 0; i < times; ++i) {
    u32 old;
    asm volatile("amoadd.w %0, %2, (%1)" : "=r"(old) : "r"(&halves[(hart + i) & 1]), "r"(1) : "memory");
  }
  return 0;
}

static u64 adds_by_reservation(u64 hart, u64 times) {
  (void)hart;
  meet(kHarts, 1);
  for (u64 i = 0; i < times; ++i) {
    u64 value, failed;
    asm volatile("1: lr.d %0, (%2); addi %0, %0, 1; sc.d %1, %0, (%2); bnez %1, 1b"
                 : "=&r"(value), "=&r"(failed)
                 : "r"(&counter)
                 : "memory");
  }
  return 0;
}

// As compilers do for bytes: the word around it.
static u64 adds_by_word_reservation(u64 hart, u64 times) {
  meet(kHarts, 1);
  for (u64 i = 0; i < times; ++i) {
    u64 value, failed;
    asm volatile("1: lr.w %0, (%2); add %0, %0, %3; sc.w %1, %0, (%2); bnez %1, 1b"
                 : "=&r"(value), "=&r"(failed)
                 : "r"(&halves[0]), "r"(1UL << (8 * hart))
                 : "memory");
  }
  return 0;
}

static u64 locks(u64 hart, u64 times) {
  (void)hart;
  meet(kHarts, 1);
  for (u64 i = 0; i < times; ++i) {
    for (;;) {
      u64 taken;
      asm volatile("amoswap.d.aq %0, %2, (%1)" : "=r"(taken) : "r"(&lock), "r"(1) : "memory");
      if (taken == 0) break;
      relax();
    }
    plain = plain + 1;
    asm volatile("amoswap.d.rl x0, x0, (%0)" ::"r"(&lock) : "memory");
  }
  return 0;
}

// Each its own bit, an odd number of times; minimum and maximum of all.
static volatile u64 least, greatest;
static u64 flips(u64 hart, u64 times) {
  meet(kHarts, 1);
  for (u64 i = 0; i < (times | 1); ++i) asm volatile("amoxor.d x0, %1, (%0)" ::"r"(&bits), "r"(1UL << hart) : "memory");
  for (u64 i = 0; i < times; ++i) {
    asm volatile("amominu.d x0, %1, (%0)" ::"r"(&least), "r"(1000 - i - hart) : "memory");
    asm volatile("amomax.d x0, %1, (%0)" ::"r"(&greatest), "r"(i + hart) : "memory");
  }
  return 0;
}

static u64 stores(u64 hart, u64 value) {
  (void)hart;
  counter = value;
  return 0;
}

// Whether SC succeeds when another hart has stored in between.
static u64 reservation_after(u64 value) {
  u64 failed, old;
  counter = 5;
  asm volatile("lr.d %0, (%1)" : "=r"(old) : "r"(&counter) : "memory");
  on(1, stores, value);
  asm volatile("sc.d %0, %2, (%1)" : "=r"(failed) : "r"(&counter), "r"(7) : "memory");
  return failed != 0;
}

// --- order: of two harts that both store and then look, one sees the other

static volatile u64 places[2][8] __attribute__((aligned(64)));
static volatile u64 saw[2];
static u64 looks(u64 hart, u64 times) {
  u64 neither = 0;
  if (hart > 1) return 0;
  for (u64 i = 1; i <= times; ++i) {
    meet(2, 2 * i - 1);
    places[hart][0] = i;
    fence();
    saw[hart] = places[1 - hart][0];
    meet(2, 2 * i);
    if (hart == 0 && saw[0] != i && saw[1] != i) ++neither;
  }
  return neither;
}

int main(void) {
  begin_harts();
  put("-- harts\n");
  for (u64 hart = 1; hart < kHarts; ++hart) show("answers", on(hart, nothing, 0x100));

  put("-- interrupts from another hart\n");
  CLEAR(mstatus, MSTATUS_MIE | MSTATUS_MPIE);
  interrupted("MSI, U", U, code_loop, MSI);
  interrupted("MSI, S", S, code_loop, MSI);
  interrupted("MTI, S", S, code_loop, MTI);
  interrupted("MSI, M, masked", M, code_wfi, MSI);
  interrupted("MTI, M, masked", M, code_wfi, MTI);
  SET(mstatus, MSTATUS_MPIE);
  interrupted("MSI, M", M, code_wfi, MSI);
  SET(mstatus, MSTATUS_MPIE);
  interrupted("MTI, M", M, code_wfi, MTI);
  SET(mstatus, MSTATUS_MPIE);
  interrupted("MSI, M, busy", M, code_loop, MSI);
  CLEAR(mstatus, MSTATUS_MPIE);

  put("-- what wakes a hart\n");
  wakes("MSI", MSI);
  wakes("MTI", MTI);
  wakes("MEI", MEI);
  wakes("SEI", SEI);

  put("-- atomics\n");
  everybody(adds, kTimes);
  show("amoadd.d", counter);
  everybody(adds_words, kTimes);
  show("amoadd.w", halves[0] + halves[1]);
  counter = 0;
  everybody(adds_by_reservation, kTimes);
  show("lr.d, sc.d", counter);
  halves[0] = 0;
  everybody(adds_by_word_reservation, 200);
  show("lr.w, sc.w", halves[0]);
  everybody(locks, kTimes);
  show("a lock", plain);
  least = -1UL;
  everybody(flips, 501);
  show("amoxor.d", bits);
  show("amominu.d", least);
  show("amomax.d", greatest);
  show("another value: sc fails", reservation_after(6));
  show("the same value: sc fails", reservation_after(5));

  put("-- order\n");
  arrived = 0;
  begin(1, looks, kTimes);
  show("neither saw the other", looks(0, kTimes));
  finish(1);
  return 0;
}
