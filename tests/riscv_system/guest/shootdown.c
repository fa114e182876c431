// What one hart changes and another has to notice: code (fence.i), translations (sfence.vma), accessed and dirty bits
// (Unprivileged 20240411, chapter 5; Privileged, 12.2.1, 12.3.1, 12.4.1).
#include "harts.h"

// --- code

static u32 code[2] __attribute__((aligned(8)));
#define LI_A0(value) ((u32)(value) << 20 | 0x513)
#define RET 0x8067

static u64 calls(u64 hart, u64 argument) {
  (void)hart;
  asm volatile("fence.i" ::: "memory");
  return ((u64(*)(u64))(void*)code)(argument);
}

// Until it has changed.
static volatile u64 calling;
static u64 calls_until(u64 hart, u64 value) {
  u64 others = 0, got;
  for (;;) {
    asm volatile("fence.i" ::: "memory");
    got = ((u64(*)(u64))(void*)code)(0);
    if (got == value) return others;
    if (got != value - 1) ++others;
    calling = hart;
  }
}

// --- translations: 4 KiB pages at TEST, in Sv39, as loads of machine mode see them with MPRV

#define TEST 0x40000000UL
#define VALID 1UL
#define READABLE 2UL
#define WRITABLE 4UL
#define ACCESSED 0x40UL
#define DIRTY 0x80UL
#define SOFTWARE 0x100UL
#define PAGE(address, flags) ((u64)(address) >> 12 << 10 | (flags))
static u64 root[512], middle[512], leaves[512], memory[4][512] __attribute__((aligned(4096)));

static void translate(u64 asid) { WRITE(satp, 8UL << 60 | asid << 44 | (u64)root >> 12); }

// With the rights of S: what is read or 0, or what the trap's cause is, with the top bit set.
#define ACCESS(instruction, address)                                                                             \
  ({                                                                                                             \
    u64 result_ = 0;                                                                                             \
    CLEAR(mstatus, MSTATUS_MPP);                                                                                 \
    SET(mstatus, 1UL << 11);                                                                                     \
    asm volatile(                                                                                                \
        "la t0, 1f\n csrw mtvec, t0\n li t1, 0x20000\n csrs mstatus, t1\n" instruction "\n csrc mstatus, t1\n"   \
        "j 2f\n .align 2\n 1: csrc mstatus, t1\n csrr %0, mcause\n li t1, 1\n slli t1, t1, 63\n or %0, %0, t1\n" \
        "2:"                                                                                                     \
        : "+r"(result_)                                                                                          \
        : "r"(address)                                                                                           \
        : "t0", "t1", "memory");                                                                                 \
    result_;                                                                                                     \
  })

static u64 begins(u64 hart, u64 asid) {
  (void)hart;
  WRITE(menvcfg_, ADUE);
  translate(asid);
  asm volatile("sfence.vma" ::: "memory");
  return 0;
}
static u64 reads(u64 hart, u64 address) {
  (void)hart;
  return ACCESS("ld %0, (%1)", address);
}
static u64 writes(u64 hart, u64 address) {
  (void)hart;
  return ACCESS("sd zero, 8(%1)", address);
}
enum { kAll, kAddress, kAsid, kBoth };
static u64 forgets(u64 hart, u64 how) {
  (void)hart;
  if (how == kAll) asm volatile("sfence.vma" ::: "memory");
  if (how == kAddress) asm volatile("sfence.vma %0" ::"r"(TEST) : "memory");
  if (how == kAsid) asm volatile("sfence.vma zero, %0" ::"r"(5) : "memory");
  if (how == kBoth) asm volatile("sfence.vma %0, %1" ::"r"(TEST), "r"(5) : "memory");
  return 0;
}
// For ever, until hart 0 asks for something else; whatever it read was what some page said.
static u64 reads_on(u64 hart, u64 address) {
  u64 wrong = 0;
  take_ipi(hart);
  calling = 1;
  while ((READ(mip) & MSI) == 0) {
    const u64 value = ACCESS("ld %0, (%1)", address);
    if (value != 10 && value != 11 && value >> 63 == 0) ++wrong;
  }
  asm volatile("sfence.vma" ::: "memory");
  return wrong << 32 | ACCESS("ld %0, (%1)", address);
}

static void change(u64 hart, const char* name, u64 entry, u64 how) {
  leaves[0] = entry;
  fence();
  on(hart, forgets, how);
  show(name, on(hart, reads, TEST));
  show("  write", on(hart, writes, TEST));
}

// Two write, hart 0 changes the software's bits of the same entry.
static u64 dirties(u64 hart, u64 round) {
  asm volatile("sfence.vma" ::: "memory");
  meet(kHarts, 1);
  if (hart == 0) {
    asm volatile("amoor.d x0, %1, (%0)" ::"r"(&leaves[1]), "r"(SOFTWARE) : "memory");
  } else {
    ACCESS("sd zero, 8(%1)", TEST + 4096);
  }
  return round;
}

int main(void) {
  begin_harts();
  put("-- code\n");
  code[1] = RET;
  u64 wrong = 0;
  for (u64 i = 0; i < 30; ++i) {
    code[0] = LI_A0(i);
    fence();
    if (on(1 + i % 2, calls, 0) != i) ++wrong;
    if (i % 3 == 0 && calls(0, 0) != i) ++wrong;
  }
  show("another value than written", wrong);
  wrong = 0;
  for (u64 i = 30; i < 40; ++i) {
    calling = 0;
    begin(1, calls_until, i);
    begin(2, calls_until, i);
    while (calling == 0) relax();
    code[0] = LI_A0(i);
    wrong += finish(1) + finish(2);
  }
  show("neither old nor new", wrong);

  put("-- translations\n");
  root[TEST >> 30] = PAGE(middle, VALID);
  middle[0] = PAGE(leaves, VALID);
  for (u64 i = 0; i < 4; ++i) memory[i][0] = 10 + i;
  begins(0, 5);
  for (u64 hart = 1; hart < kHarts; ++hart) {
    const u64 flags = VALID | READABLE | WRITABLE | ACCESSED | DIRTY;
    leaves[0] = PAGE(memory[0], flags);
    on(hart, begins, 5);
    for (u64 how = kAll; how <= kBoth; ++how) {
      show("sfence.vma", how);
      change(hart, "read", PAGE(memory[0], flags), how);
      change(hart, "another page", PAGE(memory[1], flags), how);
      change(hart, "read-only", PAGE(memory[1], flags & ~(WRITABLE | DIRTY)), how);
      change(hart, "invalid", PAGE(memory[1], flags & ~VALID), how);
      change(hart, "valid again", PAGE(memory[2], flags), how);
    }
  }
  const u64 flags = VALID | READABLE | WRITABLE | ACCESSED | DIRTY;
  for (u64 i = 0; i < 6; ++i) {
    leaves[0] = PAGE(memory[0], flags);
    fence();
    on(1, forgets, kAll);
    calling = 0;
    begin(1, reads_on, TEST);
    while (calling == 0) relax();
    pause_a_while();
    leaves[0] = i % 2 == 0 ? PAGE(memory[1], flags) : 0;
    fence();
    MSIP(1) = 1;
    show("while it reads", finish(1));
  }

  put("-- accessed and dirty\n");
  u64 lost = 0;
  for (u64 round = 0; round < 100; ++round) {
    leaves[1] = PAGE(memory[3], VALID | READABLE | WRITABLE);
    fence();
    everybody(dirties, round);
    if (leaves[1] != PAGE(memory[3], VALID | READABLE | WRITABLE | ACCESSED | DIRTY | SOFTWARE)) ++lost;
  }
  show("lost", lost);
  return 0;
}
