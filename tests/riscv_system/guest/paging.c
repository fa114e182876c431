// Page tables: Sv39, Sv48, Sv57; every combination of an entry's flags for each kind of access, level, SUM and MXR; reserved
// bits, superpages, addresses that are none, accessed and dirty bits, MPRV (Privileged 20240411, 3.1.6.3, 12.3 to 12.6).
#include "test.h"

enum { V = 1, R = 2, W = 4, X = 8, UU = 16, G = 32, A = 64, D = 128 };

// Tables by level, the root in tables[levels - 1]. The test page's entry is in tables[0].
static u64 tables[5][512] __attribute__((aligned(4096)));
static u64 page[512] __attribute__((aligned(4096)));

// Code of the test page: what is run to see whether it can be executed.
CODE(code_load, "ld a0, (a0); ecall");
CODE(code_store, "sd a0, (a0); ecall");
CODE(code_lr, "lr.d a0, (a0); ecall");
CODE(code_sc, "sc.d a0, a0, (a0); ecall");
CODE(code_amo, "amoor.d a0, zero, (a0); ecall");

// Where the test page appears: inside the fourth gibibyte, where there is nothing, and whose entry at level 2 points to
// tables[1].
#define TEST 0xc0201000UL

static u64 pte(const void* to, u64 flags) { return (u64)to >> 12 << 10 | flags; }

// The code's gibibyte maps itself (for user mode where `user` is set), TEST is tables[0][1].
static u64 build(int levels, u64 code_flags) {
  for (int level = 0; level < 5; ++level) {
    for (int i = 0; i < 512; ++i) tables[level][i] = 0;
  }
  for (int level = levels - 1; level > 2; --level) tables[level][0] = pte(tables[level - 1], V);
  tables[2][0] = pte((void*)0, V | R | W | A | D | UU);  // devices
  tables[2][2] = pte((void*)0x80000000, code_flags);
  tables[2][3] = pte(tables[1], V);
  tables[1][1] = pte(tables[0], V);
  tables[0][1] = pte(page, 0);
  return (u64)(levels + 5) << 60 | (u64)tables[levels - 1] >> 12;
}

static void flush(void) { asm volatile("sfence.vma" ::: "memory"); }

static char result(void) {
  if (seen.cause == 8 || seen.cause == 9 || seen.cause == 11) return '.';
  if (seen.cause < 10) return (char)('0' + seen.cause);
  return (char)('a' + seen.cause - 10);
}

// Load, store, execute: how each ends.
static void accesses(int level, u64 address) {
  run(level, code_load, address);
  put_char(result());
  run(level, code_store, address);
  put_char(result());
  page[0] = 0x00000073;  // ecall
  asm volatile("fence.i" ::: "memory");
  run(level, (void*)address, 0);
  put_char(result());
}

static void flags_table(const char* name, u64 satp, int level, u64 status) {
  put("-- ");
  put(name);
  put("\n");
  for (u64 flags = 0; flags < 256; flags += 2) {
    if (flags % 32 == 0) {
      put_hex(flags);
      put(":");
    }
    put(" ");
    // With both bits set: what is left to a hardware update is another test.
    tables[0][1] = pte(page, flags | V | A | D);
    flush();
    WRITE(satp, satp);
    SET(mstatus, status);
    accesses(level, TEST);
    CLEAR(mstatus, MSTATUS_SUM | MSTATUS_MXR);
    WRITE(satp, 0);
    if (flags % 32 == 30) put("\n");
  }
}

static void one(const char* name, u64 satp, u64 entry, u64 address) {
  tables[0][1] = entry;
  flush();
  WRITE(satp, satp);
  run(S, code_load, address);
  WRITE(satp, 0);
  report(name, code_load);
}

int main(void) {
  open_memory();
  const u64 code = V | R | W | X | A | D;
  for (int levels = 3; levels <= 5; ++levels) {
    put("== levels ");
    put_dec((u64)levels);
    put("\n");
    u64 satp = build(levels, code);
    WRITE(satp, satp);
    if (READ(satp) != satp) {
      put("not there\n");
      continue;
    }
    WRITE(satp, 0);
    flags_table("S", satp, S, 0);
    flags_table("S, SUM", satp, S, MSTATUS_SUM);
    flags_table("S, MXR", satp, S, MSTATUS_MXR);
    flags_table("S, SUM, MXR", satp, S, MSTATUS_SUM | MSTATUS_MXR);
    tables[2][2] |= UU;
    flags_table("U", satp, U, 0);
    flags_table("U, SUM, MXR", satp, U, MSTATUS_SUM | MSTATUS_MXR);
    tables[2][2] &= ~(u64)UU;

    put("-- reserved bits of a leaf\n");
    for (int bit = 54; bit < 64; ++bit) one("bit", satp, pte(page, V | R | A | D) | 1UL << bit, TEST);
    one("software's bits", satp, pte(page, V | R | A | D) | 3UL << 8, TEST);
    put("-- reserved bits above\n");
    const u64 reserved[] = {A, D, UU, G, 1UL << 8, 1UL << 54, 1UL << 60, 1UL << 61, 1UL << 62, 1UL << 63, W};
    for (unsigned i = 0; i < sizeof reserved / sizeof reserved[0]; ++i) {
      tables[1][1] = pte(tables[0], V) | reserved[i];
      one("pointer", satp, pte(page, V | R | A | D), TEST);
    }
    tables[1][1] = pte(tables[0], V);
    one("pointer at the last level", satp, pte(page, V), TEST);
    tables[1][1] = 0;
    one("invalid pointer", satp, pte(page, V | R | A | D), TEST);
    tables[1][1] = pte((void*)0x40, V);
    one("pointer to nowhere", satp, pte(page, V | R | A | D), TEST);
    put("-- superpages\n");
    tables[1][1] = pte((void*)0x80000000, V | R | A | D);
    one("aligned", satp, 0, TEST);
    tables[1][1] = pte((void*)0x80001000, V | R | A | D);
    one("misaligned", satp, 0, TEST);
    tables[1][1] = pte(tables[0], V);
    const u64 saved = tables[2][3];
    tables[2][3] = pte((void*)0x80200000, V | R | A | D);
    one("misaligned gibibyte", satp, 0, TEST);
    tables[2][3] = pte((void*)0x80000000, V | R | A | D);
    one("gibibyte", satp, 0, TEST);
    tables[2][3] = saved;
    put("-- addresses\n");
    const int width = 12 + 9 * levels;
    one("the highest of the lower half", satp, 0, (1UL << (width - 1)) - 8);
    one("the first that is none", satp, pte(page, V | R | A | D), 1UL << (width - 1));
    one("a bit too many", satp, pte(page, V | R | A | D), TEST | 1UL << width);
    one("the last that is none", satp, pte(page, V | R | A | D), -(1UL << (width - 1)) - 8);
    one("the lowest of the upper half", satp, pte(page, V | R | A | D), -(1UL << (width - 1)));
    one("the highest", satp, pte(page, V | R | A | D), -8UL);

    put("-- accessed and dirty by hardware\n");
    const char* const codes[] = {code_load, code_store, code_lr, code_sc, code_amo};
    for (u64 flags = 0; flags < 4; ++flags) {
      for (int i = 0; i < 5; ++i) {
        tables[0][1] = pte(page, V | R | W | flags << 6);
        page[0] = 0;
        flush();
        WRITE(satp, satp);
        run(S, codes[i], TEST);
        WRITE(satp, 0);
        put_char(result());
        show(" entry", tables[0][1] & 255);
      }
    }
    put("-- across two pages\n");
    tables[0][1] = pte(page, V | R | W | A | D);
    tables[0][2] = 0;
    flush();
    WRITE(satp, satp);
    run(S, code_load, TEST + 4093);
    WRITE(satp, 0);
    report("load", code_load);
    WRITE(satp, satp);
    run(S, code_store, TEST + 4093);
    WRITE(satp, 0);
    report("store", code_store);
    tables[0][0] = 0;
    WRITE(satp, satp);
    run(S, code_load, TEST - 3);
    WRITE(satp, 0);
    report("load from the page before", code_load);
    show("untouched", page[511]);
    ((u32*)page)[1023] = 0x00130013;  // the first half of a nop: addi x0, x0, 0 is 0x00000013
    ((unsigned short*)page)[2047] = 0x0013;
    tables[0][1] = pte(page, V | R | X | A | D);
    flush();
    asm volatile("fence.i" ::: "memory");
    WRITE(satp, satp);
    run(S, (void*)(TEST + 4094), 0);
    WRITE(satp, 0);
    report("fetch", (void*)(TEST + 4094));

    put("-- MPRV\n");
    for (int mpp = U; mpp <= M; mpp += mpp == S ? 2 : 1) {
      for (u64 user = 0; user < 2; ++user) {
        page[0] = 0x1234;
        tables[0][1] = pte(page, V | R | W | A | D | (user != 0 ? UU : 0));
        flush();
        WRITE(satp, satp);
        u64 value = 0;
        // By hand, since run() goes through mret, which clears MPRV.
        asm volatile(
            "la t0, 1f\n csrw mtvec, t0\n csrc mstatus, %[mpp]\n csrs mstatus, %[set]\n"
            "csrs mstatus, %[mprv]\n ld %[value], (%[address])\n .balign 4\n 1: csrc mstatus, %[mprv]\n"
            : [value] "+&r"(value)
            : [mpp] "r"(MSTATUS_MPP), [set] "r"((u64)mpp << 11), [mprv] "r"(MSTATUS_MPRV), [address] "r"(TEST)
            : "t0", "memory");
        WRITE(satp, 0);
        put_dec((u64)mpp);
        show(" value", value);
      }
    }
  }
  return 0;
}
