// Translation tables for a granule, in the lower half (TTBR0_EL1) or the upper one.
#pragma once

#include "test.h"

#define VALID 1UL
#define TABLE 2UL
#define PAGE 2UL
#define AP(n) ((u64)(n) << 6)
#define SH 0x300UL
#define AF 0x400UL
#define NG 0x800UL
#define DBM (1UL << 51)
#define PXN (1UL << 53)
#define UXN (1UL << 54)
#define DEVICE 4UL  // attributes 1

struct granule {
  const char* name;
  unsigned bits;   // of a page
  unsigned size;   // TCR_EL1.T0SZ and T1SZ
  unsigned first;  // level
  u64 tg0, tg1;    // in TCR_EL1
};
static const struct granule kGranules[] = {
    {"4K", 12, 25, 1, 0UL << 14, 2UL << 30},
    {"16K", 14, 28, 2, 2UL << 14, 1UL << 30},
    {"64K", 16, 28, 2, 1UL << 14, 3UL << 30},
};

static u8 pool[24 << 16] __attribute__((aligned(1 << 16)));
static u64 used;

extern char text_end[];

static u64* new_table(void) {
  u64* table = (u64*)(pool + (used++ << 16));
  for (unsigned i = 0; i < 8192; ++i) table[i] = 0;
  return table;
}
static unsigned shift_of(const struct granule* g, unsigned level) { return g->bits + (g->bits - 3) * (3 - level); }

// The descriptor of `va` at `level`, with tables above it.
static u64* descriptor(const struct granule* g, u64* table, u64 va, unsigned level) {
  va &= (1UL << (64 - g->size)) - 1;
  for (unsigned at = g->first;; ++at) {
    const u64 index = va >> shift_of(g, at) & ((1UL << (g->bits - 3)) - 1);
    if (at == level) return &table[index];
    if (table[index] == 0) table[index] = (u64)new_table() | TABLE | VALID;
    table = (u64*)(table[index] & 0xfffffffff000UL);
  }
}

static inline void flush(void) { asm volatile("dsb ish; tlbi vmalle1; dsb ish; isb" ::: "memory"); }

// The program itself and the devices, as they are; EL1 only.
static u64* new_space(const struct granule* g) {
  u64* table = new_table();
  const u64 page = 1UL << g->bits;
  for (u64 at = 0x40200000; at < 0x40800000; at += page) {
    const u64 rights = at < (u64)text_end ? AP(2) : 0;  // so that SCTLR_EL1.WXN does not concern the program
    *descriptor(g, table, at, 3) = at | AF | SH | UXN | rights | PAGE | VALID;
  }
  for (u64 at = 0x08000000; at < 0x09020000; at += page) {
    if (g->bits == 12 && at % 0x200000 == 0 && at + 0x200000 <= 0x09000000) {
      *descriptor(g, table, at, 2) = at | AF | DEVICE | UXN | PXN | VALID;
      at += 0x200000 - page;
      continue;
    }
    *descriptor(g, table, at, 3) = at | AF | DEVICE | UXN | PXN | PAGE | VALID;
  }
  return table;
}

#define MAIR 0x00ffUL  // 0: normal memory, write-back; 1: device

static void translate(const struct granule* g, u64* lower, u64* upper, u64 tcr) {
  WRITE(mair_el1, MAIR);
  WRITE(tcr_el1, g->size | (u64)g->size << 16 | g->tg0 | g->tg1 | 5UL << 32 | 1UL << 36 | 0x35003500UL | tcr);
  WRITE(ttbr0_el1, (u64)lower);
  WRITE(ttbr1_el1, (u64)upper);
  flush();
  WRITE(sctlr_el1, 0x30d00801 | 1 << 26);
}
static inline void untranslate(void) {
  WRITE(sctlr_el1, 0x30d00800);
  flush();
  used = 0;
}
