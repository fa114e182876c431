// What is remembered of tables: address space identifiers, sfence.vma and Svinval in all their forms, rights that change
// with sstatus, code that is changed through another address (Privileged 20240411, 12.1.11, 12.2.1, chapter 15).
#include "test.h"

enum { V = 1, R = 2, W = 4, X = 8, UU = 16, A = 64, D = 128 };

#define TEST 0xc0201000UL   // the page that moves
#define ALIAS 0xc0202000UL  // the first of the two pages, to write to

static u64 roots[2][512] __attribute__((aligned(4096)));
static u64 middles[2][512] __attribute__((aligned(4096)));
static u64 leaves[2][512] __attribute__((aligned(4096)));
static u64 pages[2][512] __attribute__((aligned(4096)));

CODE(code_load, "ld a0, (a0); ecall");
// Reads a user page with SUM clear, set and clear again: the first and the last load fault.
CODE(code_sum, "li t0, 0x40000; csrs sstatus, t0; ld a1, (a0); csrc sstatus, t0; ld a0, (a0); ecall");
CODE(code_mxr, "li t0, 0x80000; csrs sstatus, t0; ld a1, (a0); csrc sstatus, t0; ld a0, (a0); ecall");
// Many times: both contexts are known then.
CODE(code_sum_loop,
     "li t0, 0x40000; li t1, 5000; li a1, 0; 1: csrs sstatus, t0; ld a2, (a0); add a1, a1, a2; csrc sstatus, t0; "
     "addi t1, t1, -1; bnez t1, 1b; mv a0, a1; ecall");
// a0: where to run, a1 is loaded with the word to write there through ALIAS.
CODE(code_modify,
     "li t2, 0xc0202000; li t0, 200; li s0, 0; mv s1, a0;"
     "1: andi t3, t0, 1; slli t3, t3, 20; li t4, 0x00100513; add t3, t3, t4; sw t3, (t2);"  // li a0, 1 or li a0, 2
     "li t4, 0x00008067; sw t4, 4(t2); fence.i; jalr s1; add s0, s0, a0; addi t0, t0, -1; bnez t0, 1b;"
     "mv a0, s0; ecall");

static u64 pte(const void* to, u64 flags) { return (u64)to >> 12 << 10 | flags; }

static u64 build(int space, u64 asid) {
  roots[space][0] = pte((void*)0, V | R | W | A | D | UU);
  roots[space][2] = pte((void*)0x80000000, V | R | W | X | A | D);
  roots[space][3] = pte(middles[space], V);
  middles[space][1] = pte(leaves[space], V);
  leaves[space][1] = pte(pages[space], V | R | W | X | A | D);
  leaves[space][2] = pte(pages[0], V | R | W | A | D);
  return 8UL << 60 | asid << 44 | (u64)roots[space] >> 12;
}

static u64 load(u64 satp) {
  WRITE(satp, satp);
  run(S, code_load, TEST);
  WRITE(satp, 0);
  return seen.cause == 9 ? seen.a0 : seen.cause;
}

static void both(const char* name, const u64* satps) {
  put(name);
  for (int i = 0; i < 4; ++i) {
    put(" ");
    put_hex(load(satps[i & 1]));
  }
  put("\n");
}

int main(void) {
  open_memory();
  const u64 satps[2] = {build(0, 1), build(1, 2)};
  pages[0][0] = 0xa;
  pages[1][0] = 0xb;
  asm volatile("sfence.vma" ::: "memory");
  both("two spaces", satps);

  // Each way to forget one page or one space, after the tables have been exchanged.
  for (int way = 0; way < 7; ++way) {
    const u64 first = leaves[0][1];
    leaves[0][1] = leaves[1][1];
    leaves[1][1] = first;
    const u64 one = 1, two = 2, address = TEST;
    switch (way) {
      case 0: asm volatile("sfence.vma" ::: "memory"); break;
      case 1: asm volatile("sfence.vma %0" ::"r"(address) : "memory"); break;
      case 2: asm volatile("sfence.vma x0, %0; sfence.vma x0, %1" ::"r"(one), "r"(two) : "memory"); break;
      case 3: asm volatile("sfence.vma %0, %1; sfence.vma %0, %2" ::"r"(address), "r"(one), "r"(two) : "memory"); break;
      // sfence.w.inval; sinval.vma; sfence.inval.ir
      case 4: asm volatile(".word 0x18000073; .insn r 0x73, 0, 0x0b, x0, %0, x0; .word 0x18100073" ::"r"(address) : "memory"); break;
      case 5: asm volatile(".word 0x18000073; .insn r 0x73, 0, 0x0b, x0, x0, %0; .insn r 0x73, 0, 0x0b, x0, x0, %1; .word 0x18100073" ::"r"(one), "r"(two) : "memory"); break;
      case 6: asm volatile(".word 0x18000073; .insn r 0x73, 0, 0x0b, x0, x0, x0; .word 0x18100073" ::: "memory"); break;
    }
    put_dec((u64)way);
    both(" exchanged", satps);
  }
  leaves[0][1] = 0;
  asm volatile("sfence.vma %0" ::"r"(TEST) : "memory");
  both("taken away", satps);
  // A superpage is forgotten as a whole, whatever address in it is named.
  middles[0][1] = pte((void*)0x80000000, V | R | A | D);
  asm volatile("sfence.vma" ::: "memory");
  show("superpage", load(satps[0]) != 0);
  middles[0][1] = pte(leaves[0], V);
  leaves[0][1] = pte(pages[0], V | R | W | X | A | D);
  asm volatile("sfence.vma %0" ::"r"(TEST + 0x5000) : "memory");
  pages[0][0] = 0xc;
  show("page", load(satps[0]));

  put("-- rights that change\n");
  leaves[0][1] = pte(pages[0], V | R | W | A | D | UU);
  asm volatile("sfence.vma" ::: "memory");
  WRITE(satp, satps[0]);
  CLEAR(mstatus, MSTATUS_SUM | MSTATUS_MXR);
  run(S, code_sum, TEST);
  report("SUM", code_sum);
  run(S, code_sum_loop, TEST);
  show("sum", seen.a0);
  WRITE(satp, 0);
  leaves[0][1] = pte(pages[0], V | X | A | D);
  asm volatile("sfence.vma" ::: "memory");
  WRITE(satp, satps[0]);
  run(S, code_mxr, TEST);
  report("MXR", code_mxr);
  WRITE(satp, 0);

  put("-- code changed through another address\n");
  WRITE(satp, satps[0]);
  run(S, code_modify, TEST);
  report("alias", code_modify);
  show("sum", seen.a0);
  WRITE(satp, 0);
  leaves[0][2] = pte(pages[0], V | R | W | X | A | D);
  asm volatile("sfence.vma" ::: "memory");
  WRITE(satp, satps[0]);
  run(S, code_modify, ALIAS);
  show("itself", seen.a0);
  WRITE(satp, 0);

  put("-- memory types\n");
  for (u64 on = 0; on < 2; ++on) {
    WRITE(menvcfg_, READ(menvcfg_) & ~(1UL << 62));
    if (on != 0) WRITE(menvcfg_, READ(menvcfg_) | 1UL << 62);
    for (u64 type = 0; type < 4; ++type) {
      leaves[0][1] = pte(pages[0], V | R | W | A | D) | type << 61;
      asm volatile("sfence.vma" ::: "memory");
      load(satps[0]);
      put_dec(on);
      put_dec(type);
      show(" cause", seen.cause);
    }
  }
  put("-- without hardware updates\n");
  WRITE(menvcfg_, READ(menvcfg_) & ~ADUE);
  for (u64 flags = 0; flags < 4; ++flags) {
    leaves[0][1] = pte(pages[0], V | R | W | flags << 6);
    asm volatile("sfence.vma" ::: "memory");
    load(satps[0]);
    put_dec(flags);
    show(" cause", seen.cause);
    show("  entry", leaves[0][1] & 255);
  }
  return 0;
}
