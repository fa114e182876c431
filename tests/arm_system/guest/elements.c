// Two processing elements: interrupts and events between them, exclusives and atomics under contention, order, and what one has changed
// of translations and code (B2.3, B2.9, D1.6, D8.14.5, K13.3 and K13.5; GICv3, IHI 0069H, 12.2.21).
#include "tables.h"

enum { kTimes = 1000 };

#define DISTRIBUTOR 0x08000000UL
#define REDISTRIBUTOR(element) (0x080a0000UL + 0x20000 * (element))
#define REG(at) (*(volatile u32*)(at))
#define ICC_PMR S3_0_C4_C6_0
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1
#define ICC_SGI1R S3_0_C12_C11_5
#define ICC_SRE S3_0_C12_C12_5
#define ICC_IGRPEN1 S3_0_C12_C12_7

static inline void fence(void) { asm volatile("dmb ish" ::: "memory"); }
static inline void relax(void) { asm volatile("yield" ::: "memory"); }

// --- the other one does what it is told

typedef u64 (*job)(u64 element, u64 argument);
static struct mailbox {
  volatile job what;
  volatile u64 argument, answer, done;
} box __attribute__((aligned(64)));
static volatile u64 arrived __attribute__((aligned(64)));
static u8 other_stack[8192] __attribute__((aligned(16), used));
static u64* space;

static void begin(job what, u64 argument) {
  box.done = 0;
  box.argument = argument;
  fence();
  box.what = what;
}
static u64 finish(void) {
  while (box.done == 0) relax();
  fence();
  return box.answer;
}
static u64 on(job what, u64 argument) {
  begin(what, argument);
  return finish();
}

static void begin_interrupts(u64 element) {
  WRITE(ICC_SRE, READ(ICC_SRE) | 1);
  REG(REDISTRIBUTOR(element) + 0x14) = 0;
  while ((REG(REDISTRIBUTOR(element) + 0x14) & 4) != 0) {
  }
  REG(REDISTRIBUTOR(element) + 0x10080) = ~0U;
  for (int i = 0; i < 32; ++i) *(volatile u8*)(REDISTRIBUTOR(element) + 0x10400 + (u64)i) = 0xa0;
  REG(REDISTRIBUTOR(element) + 0x10100) = 0xffff;
  WRITE(ICC_PMR, 0xf0);
  WRITE(ICC_IGRPEN1, 1);
}

void other(void);
asm(".globl other_start\nother_start:\n ldr x9, =other_stack + 8192\n mov sp, x9\n ldr x9, =probe_vectors\n msr vbar_el1, x9\n b other\n");
extern char other_start[];

void other(void) {
  translate(&kGranules[0], space, space, 0);
  begin_interrupts(1);
  box.done = 1;
  for (;;) {
    while (box.what == 0) relax();
    fence();
    const job what = box.what;
    box.what = 0;
    box.answer = what(1, box.argument);
    fence();
    box.done = 1;
  }
}

static void meet(u64 times) {
  asm volatile("ldadd %1, xzr, [%0]" ::"r"(&arrived), "r"(1UL) : "memory");
  while (arrived < 2 * times) relax();
}
static void both(job what, u64 argument) {
  arrived = 0;
  fence();
  begin(what, argument);
  what(0, argument);
  finish();
}
static void pause_a_while(void) {
  for (volatile int i = 0; i < 20000; ++i) {
  }
}

// --- interrupts

static volatile u64 ready;

// Until one is pending; masked, so that nothing is taken. What it is.
static u64 waits_for_interrupt(u64 element, u64 argument) {
  (void)element, (void)argument;
  ready = 1;
  while ((READ(isr_el1) & 0x80) == 0) asm volatile("wfi");
  const u64 id = READ(ICC_IAR1);
  const u64 none = READ(ICC_IAR1);
  WRITE(ICC_EOIR1, id);
  return none << 32 | id;
}
static u64 sends(u64 element, u64 value) {
  (void)element;
  WRITE(ICC_SGI1R, value);
  return 0;
}
static u64 pending(u64 element, u64 argument) {
  (void)argument;
  return REG(REDISTRIBUTOR(element) + 0x10200) & 0xffff;
}

CODE(spin, "mov x1, #1; str x1, [x0]; 1: b 1b");
static u64 interrupts_0(u64 element, u64 argument) {
  (void)element, (void)argument;
  while (ready == 0) relax();
  pause_a_while();
  WRITE(ICC_SGI1R, 7UL << 24 | 1);
  return 0;
}

static volatile u64 told;
static u64 waits_for_event(u64 element, u64 argument) {
  (void)element;
  asm volatile("sevl; wfe" ::: "memory");
  ready = 1;
  while (told != argument) asm volatile("wfe" ::: "memory");
  return told;
}

// --- atomics

static volatile u64 counter __attribute__((aligned(64)));
static volatile u64 plain, lock, pair[2] __attribute__((aligned(16)));
static volatile u8 bytes[8] __attribute__((aligned(8)));

static u64 adds(u64 element, u64 times) {
  meet(1);
  for (u64 i = 0; i < times; ++i) asm volatile("ldadd %1, xzr, [%0]" ::"r"(&counter), "r"(element + 1) : "memory");
  return 0;
}
static u64 adds_exclusively(u64 element, u64 times) {
  (void)element;
  meet(1);
  for (u64 i = 0; i < times; ++i) {
    u64 value;
    u32 failed;
    asm volatile("1: ldxr %0, [%2]; add %0, %0, #1; stxr %w1, %0, [%2]; cbnz %w1, 1b" : "=&r"(value), "=&r"(failed) : "r"(&counter) : "memory");
  }
  return 0;
}
static u64 adds_bytes(u64 element, u64 times) {
  meet(1);
  for (u64 i = 0; i < times; ++i) {
    u32 value, failed;
    asm volatile("1: ldaxrb %w0, [%2]; add %w0, %w0, #1; stlxrb %w1, %w0, [%2]; cbnz %w1, 1b"
                 : "=&r"(value), "=&r"(failed)
                 : "r"(&bytes[element])
                 : "memory");
  }
  return 0;
}
// Both halves move together.
static u64 adds_pairs(u64 element, u64 times) {
  u64 torn = 0;
  (void)element;
  meet(1);
  for (u64 i = 0; i < times; ++i) {
    u64 low, high, low_seen;
    u32 failed;
    asm volatile("1: ldxp %0, %1, [%4]; mov %2, %0; add %0, %0, #1; sub %1, %1, #1; stxp %w3, %0, %1, [%4]; cbnz %w3, 1b"
                 : "=&r"(low), "=&r"(high), "=&r"(low_seen), "=&r"(failed)
                 : "r"(pair)
                 : "memory");
    if (low + high != 0) ++torn;
  }
  return torn;
}
static u64 compares(u64 element, u64 times) {
  (void)element;
  meet(1);
  for (u64 i = 0; i < times; ++i) {
    u64 old = counter, seen_;
    for (;; old = seen_) {
      seen_ = old;
      asm volatile("casal %0, %2, [%1]" : "+r"(seen_) : "r"(&counter), "r"(old + 1) : "memory");
      if (seen_ == old) break;
      relax();
    }
  }
  return 0;
}
static u64 locks(u64 element, u64 times) {
  (void)element;
  meet(1);
  for (u64 i = 0; i < times; ++i) {
    for (;;) {
      u64 taken;
      asm volatile("swpa %2, %0, [%1]" : "=r"(taken) : "r"(&lock), "r"(1UL) : "memory");
      if (taken == 0) break;
      relax();
    }
    plain = plain + 1;
    asm volatile("stlr xzr, [%0]" ::"r"(&lock) : "memory");
  }
  return 0;
}

static u64 stores(u64 element, u64 value) {
  (void)element;
  counter = value;
  return 0;
}
static u64 exclusive_after(u64 value) {
  u64 old;
  u32 failed;
  counter = 5;
  fence();
  asm volatile("ldxr %0, [%1]" : "=r"(old) : "r"(&counter) : "memory");
  on(stores, value);
  asm volatile("stxr %w0, %2, [%1]" : "=&r"(failed) : "r"(&counter), "r"(7UL) : "memory");
  return failed;
}

// --- order: of two that both store and then look, one sees the other

static volatile u64 places[2][8] __attribute__((aligned(64)));
static volatile u64 saw[2];
static u64 looks(u64 element, u64 how) {
  u64 neither = 0;
  for (u64 i = 1; i <= kTimes; ++i) {
    meet(2 * i - 1);
    if (how == 0) {
      places[element][0] = i;
      fence();
      saw[element] = places[1 - element][0];
    } else {
      u64 value;
      asm volatile("stlr %1, [%2]; ldar %0, [%3]" : "=&r"(value) : "r"(i), "r"(&places[element]), "r"(&places[1 - element]) : "memory");
      saw[element] = value;
    }
    meet(2 * i);
    if (saw[0] != i && saw[1] != i) ++neither;
  }
  return neither;
}

// --- translations and code

#define TEST 0x500000000UL
static u64 memory[2][512] __attribute__((aligned(4096)));

// Synchronous exceptions at EL1h: x0 is the syndrome with the top bit set, and the instruction is skipped.
asm(".align 11\nprobe_vectors:\n .skip 0x200\n mrs x0, esr_el1\n orr x0, x0, #0x8000000000000000\n mrs x9, elr_el1\n add x9, x9, #4\n"
    " msr elr_el1, x9\n eret\n .skip 0x800 - 0x218\n");

static u64 reads(u64 element, u64 address) {
  register u64 result asm("x0") = address;
  (void)element;
  asm volatile("ldr x0, [x0]" : "+r"(result)::"x9", "memory");
  return result;
}
static u64 writes(u64 element, u64 address) {
  register u64 result asm("x0") = 0;
  (void)element;
  asm volatile("str xzr, [%1, #8]" : "+r"(result) : "r"(address) : "x9", "memory");
  return result;
}

enum { kAll, kAsid, kAddress, kAddressAll, kLast, kLastAll, kWays };
static void forget(u64 how) {
  asm volatile("dsb ishst" ::: "memory");
  const u64 page = TEST >> 12;
  if (how == kAll) asm volatile("tlbi vmalle1is");
  if (how == kAsid) asm volatile("tlbi aside1is, %0" ::"r"(0UL));
  if (how == kAddress) asm volatile("tlbi vae1is, %0" ::"r"(page));
  if (how == kAddressAll) asm volatile("tlbi vaae1is, %0" ::"r"(page));
  if (how == kLast) asm volatile("tlbi vale1is, %0" ::"r"(page));
  if (how == kLastAll) asm volatile("tlbi vaale1is, %0" ::"r"(page));
  asm volatile("dsb ish; isb" ::: "memory");
}

static u32 code[2] __attribute__((aligned(64)));
static u64 calls(u64 element, u64 argument) {
  (void)element;
  asm volatile("isb" ::: "memory");
  return ((u64(*)(u64))(void*)code)(argument);
}
static void write_code(u64 value) {
  code[0] = 0xd2800000 | (u32)value << 5;  // MOV X0, #value
  code[1] = 0xd65f03c0;                    // RET
  asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
}

int main(void) {
  space = new_space(&kGranules[0]);
  u64* const entry = descriptor(&kGranules[0], space, TEST, 3);
  // Code that changes lies where the program may write.
  *descriptor(&kGranules[0], space, (u64)code, 3) &= ~(PXN | AP(2));
  translate(&kGranules[0], space, space, 0);
  REG(DISTRIBUTOR) = 0x52;
  begin_interrupts(0);
  register u64 x0 asm("x0") = 0xc4000003;
  register u64 x1 asm("x1") = 1;
  register u64 x2 asm("x2") = (u64)other_start;
  asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2)::"x3", "memory");
  show("on", x0);
  finish();

  put("-- interrupts\n");
  const u64 values[] = {3UL << 24 | 2, 4UL << 24 | 1UL << 40};  // to the other one; to all but the sender
  for (int i = 0; i < 2; ++i) {
    ready = 0;
    begin(waits_for_interrupt, 0);
    while (ready == 0) relax();
    pause_a_while();
    WRITE(ICC_SGI1R, values[i]);
    show("it is woken by", finish());
  }
  on(sends, 9UL << 24 | 3);
  show("to both: this one", pending(0, 0));
  show("that one", on(pending, 0));
  on(waits_for_interrupt, 0);
  waits_for_interrupt(0, 0);
  ready = 0;
  begin(interrupts_0, 0);
  enter((u64)spin, 0x345, (u64)&ready);
  finish();
  show("taken: vector", seen.vector);
  const u64 id = READ(ICC_IAR1);
  show("  id", id);
  WRITE(ICC_EOIR1, id);

  put("-- events\n");
  for (u64 i = 1; i <= 3; ++i) {
    ready = 0;
    begin(waits_for_event, i);
    while (ready == 0) relax();
    pause_a_while();
    told = i;
    asm volatile("dsb ishst; sev" ::: "memory");
    show("it goes on", finish());
  }

  put("-- atomics\n");
  both(adds, kTimes);
  show("ldadd", counter);
  counter = 0;
  both(adds_exclusively, kTimes);
  show("ldxr, stxr", counter);
  both(adds_bytes, 201);
  show("ldaxrb, stlxrb", bytes[0] << 8 | bytes[1]);
  both(adds_pairs, kTimes);
  show("ldxp, stxp", pair[0]);
  show("  torn", box.answer);
  counter = 0;
  both(compares, kTimes);
  show("casal", counter);
  both(locks, kTimes);
  show("a lock", plain);
  show("another value: stxr fails", exclusive_after(6));
  show("the same value: stxr fails", exclusive_after(5));

  put("-- order\n");
  for (u64 how = 0; how < 2; ++how) {
    both(looks, how);
    show("neither saw the other", box.answer);
  }

  put("-- translations\n");
  const u64 page = AF | SH | UXN | PXN | NG | PAGE | VALID;
  memory[0][0] = 11;
  memory[1][0] = 22;
  for (u64 how = 0; how < kWays; ++how) {
    show("tlbi", how);
    *entry = (u64)memory[0] | page;
    forget(how);
    show("read", on(reads, TEST));
    show("write", on(writes, TEST));
    *entry = (u64)memory[0] | page | AP(2);
    forget(how);
    show("read-only, read", on(reads, TEST));
    show("write", on(writes, TEST));
    *entry = 0;
    forget(how);
    show("invalid, read", on(reads, TEST));
    *entry = (u64)memory[1] | page;
    forget(how);
    show("another page, read", on(reads, TEST));
    *entry = 0;
    forget(how);
  }

  put("-- code\n");
  u64 wrong = 0;
  for (u64 i = 0; i < 40; ++i) {
    write_code(i);
    if (on(calls, 0) != i) ++wrong;
    if (i % 3 == 0 && calls(0, 0) != i) ++wrong;
  }
  show("another value than written", wrong);
  return 0;
}
