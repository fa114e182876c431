// Physical memory protection (Privileged 20240411, 3.7).
#include "test.h"

CODE(code_load, "ld a0, (a0); ecall");
CODE(code_load_word, "lw a0, (a0); ecall");
CODE(code_load_byte, "lbu a0, (a0); ecall");
CODE(code_store, "sd a0, (a0); ecall");

enum { R = 1, W = 2, X = 4, TOR = 8, NA4 = 16, NAPOT = 24, L = 128 };

static u64 area[1024] __attribute__((aligned(8192)));

static void set(int entry, u64 address, u64 config) {
  // Entry 15 is the last resort over everything.
  switch (entry) {
    case 0: WRITE(pmpaddr0, address); break;
    case 1: WRITE(pmpaddr1, address); break;
    case 2: WRITE(pmpaddr2, address); break;
    case 3: WRITE(pmpaddr3, address); break;
    default: break;
  }
  const u64 shift = 8 * (u64)entry;
  WRITE(pmpcfg0, (READ(pmpcfg0) & ~(0xffUL << shift)) | config << shift);
}

static char result(void) {
  if (seen.cause == 8 || seen.cause == 9 || seen.cause == 11) return '.';
  return (char)('0' + seen.cause);
}

static void row(const char* name, int level, int execute) {
  put(name);
  put(": ");
  for (int i = 0; i < 12; ++i) {
    run(level, code_load, (u64)&area[508 + i]);
    put_char(result());
    run(level, code_store, (u64)&area[508 + i]);
    put_char(result());
  }
  put(" ");
  for (int i = 0; i < 8; ++i) {
    run(level, code_load_word, (u64)&area[511] + 4 * (u64)i);
    put_char(result());
  }
  put(" ");
  for (int i = 0; i < 16; ++i) {
    run(level, code_load_byte, (u64)&area[511] + (u64)i);
    put_char(result());
  }
  if (!execute) return put("\n");
  put(" ");
  *(volatile u32*)&area[512] = 0x00000073;
  *(volatile u32*)&area[514] = 0x00000073;
  asm volatile("fence.i" ::: "memory");
  run(level, &area[512], 0);
  put_char(result());
  run(level, &area[514], 0);
  put_char(result());
  put("\n");
}

static void all(const char* name) {
  row(name, U, 1);
  row(name, S, 1);
  row(name, M, 1);
}

// Machine mode itself may not write there.
static void all_locked(const char* name) {
  row(name, U, 0);
  row(name, S, 0);
  row(name, M, 0);
}

int main(void) {
  const u64 at = (u64)&area[512];
  WRITE(pmpaddr15, -1UL);
  WRITE(pmpcfg2, 0x1fUL << 56);
  all("everything allowed");
  for (u64 rights = 0; rights < 8; ++rights) {
    set(0, at >> 2, NA4 | rights);
    show("config", READ(pmpcfg0));
    all("four bytes");
  }
  set(0, at >> 2, NAPOT | R);
  all("eight bytes");
  set(0, at >> 2 | 1, NAPOT | R | W);
  all("sixteen bytes");
  set(0, at >> 2, 0);
  set(1, (at + 16) >> 2, TOR | R);
  all("top of range");
  set(0, (at + 16) >> 2, 0);
  all("an empty range");
  set(0, (at + 24) >> 2, 0);
  all("a range that ends before it begins");
  set(0, (at - 8) >> 2, NA4 | R);
  set(1, (at + 8) >> 2, TOR | W | R);
  all("two entries");
  set(1, 0, 0);
  set(0, at >> 2 | 511, NAPOT | R | X);
  all("a page");
  set(0, at >> 2 | 511, NAPOT);
  set(1, at >> 2 | 0x3ff, NAPOT | R | W | X);
  all("the first entry decides");
  set(0, 0, 0);
  set(1, 0, 0);
  WRITE(pmpcfg2, 0);
  put("-- no entry matches\n");
  run(S, code_load, at);
  report("load", code_load);
  run(M, code_load, at);
  report("load in M", code_load);
  set(0, -1UL, NAPOT | R | W | X);
  put("-- locked\n");
  set(2, at >> 2, NAPOT | R | L);
  // Behind entry 0, which lets everything through: machine mode is bound by the first that matches.
  all_locked("behind");
  set(0, 0, 0);
  WRITE(pmpaddr15, -1UL);
  WRITE(pmpcfg2, 0x1fUL << 56);
  all_locked("locked");
  set(2, 0, 0);
  show("config", READ(pmpcfg0));
  show("address", READ(pmpaddr2) == at >> 2);
  WRITE(pmpaddr1, 5);
  show("the one before", READ(pmpaddr1));
  set(3, (at + 64) >> 2, TOR | L);
  WRITE(pmpaddr2, 5);
  show("config", READ(pmpcfg0));
  show("below a locked range", READ(pmpaddr2) == at >> 2);
  set(3, 0, 0);
  all_locked("locked range");
  show("pmpcfg2", READ(pmpcfg2));
  return 0;
}
