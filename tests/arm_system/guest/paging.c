// VMSAv8-64 (D8): permissions in each granule, levels, halves, the hardware's updates, address spaces, AT.
#include "tables.h"

CODE(load, "ldr x1, [x0]; mov x0, x1; svc #1");
CODE(store, "str x0, [x0]; svc #1");
CODE(load_user, "ldtr x1, [x0]; svc #1");
CODE(store_user, "sttr x0, [x0]; svc #1");
CODE(jump, "br x0");
CODE(target, "svc #1");

#define TEST 0x500000000UL     // where pages under test are mapped
#define CODE_AT 0x580000000UL  // EL0's code
#define UPPER 0xfffffff000000000UL

static u8 page[1 << 17] __attribute__((aligned(1 << 16)));

static u64 user_base(void) { return (u64)load & ~0xffffUL; }
static u64 at_el0(const void* code) { return CODE_AT + ((u64)code - user_base()); }

// One letter: allowed, or the fault by its status, as in "p3": permission, level 3.
static void result(void) {
  if (seen.esr == 0x56000001) {
    put(" ok");
    return;
  }
  const u64 class = seen.esr >> 26 & 63;
  const u64 status = seen.esr & 63;
  put(class == 0x20 || class == 0x21 ? " i" : class == 0x24 || class == 0x25 ? " d" : " ?");
  put_char("ztap????x???????"[status >> 2 & 15]);
  put_char((char)('0' + (status & 3)));
  if ((seen.esr & 64) != 0 && class >= 0x24) put("w");
}

static void try_all(u64 va, u64 pan) {
  put(" EL1");
  enter((u64)load, EL1H | pan, va);
  result();
  enter((u64)store, EL1H | pan, va + 8);
  result();
  enter((u64)jump, EL1H | pan, va + 16);
  result();
  put(" as EL0");
  enter((u64)load_user, EL1H | pan, va);
  result();
  enter((u64)store_user, EL1H | pan, va + 8);
  result();
  enter((u64)load_user, EL1H | pan | 1UL << 23, va);
  result();
  put(" EL0");
  enter(at_el0(load), EL0T, va);
  result();
  enter(at_el0(store), EL0T, va + 8);
  result();
  enter(at_el0(jump), EL0T, va + 16);
  result();
  put("\n");
}

static void map_user_code(const struct granule* g, u64* space) {
  for (u64 at = 0; at < 0x10000; at += 1UL << g->bits) {
    *descriptor(g, space, CODE_AT + at, 3) = (user_base() + at) | AF | SH | NG | AP(3) | PXN | PAGE | VALID;
  }
}

static void prepare_page(void) {
  for (unsigned i = 0; i < sizeof page / 4; ++i) ((u32*)page)[i] = 0xd4000021;  // svc #1
  asm volatile("dsb ish; ic iallu; dsb ish; isb" ::: "memory");
}

static void permissions(const struct granule* g) {
  u64* space = new_space(g);
  map_user_code(g, space);
  translate(g, space, space, 0);
  u64* entry = descriptor(g, space, TEST, 3);
  for (int wxn = 0; wxn < 2; ++wxn) {
    WRITE(sctlr_el1, 0x30d00801 | 1 << 26 | wxn << 19);
    for (unsigned i = 0; i < 32; ++i) {
      const u64 pan = (i & 16) != 0 ? 1UL << 22 : 0;
      if (wxn != 0 && pan != 0) continue;
      *entry = (u64)page | AF | SH | AP(i & 3) | (i & 4 ? PXN : 0) | (i & 8 ? UXN : 0) | PAGE | VALID;
      flush();
      prepare_page();
      put(wxn ? "WXN " : "");
      put(pan ? "PAN " : "");
      put("AP ");
      put_hex(i & 3);
      put(i & 4 ? " PXN" : "");
      put(i & 8 ? " UXN" : "");
      put(":");
      try_all(TEST, pan);
    }
  }
  WRITE(sctlr_el1, 0x30d00801 | 1 << 26);

  put("-- in table descriptors\n");
  u64* table = descriptor(g, space, TEST, 2);
  const u64 plain = *table;
  *entry = (u64)page | AF | SH | AP(1) | PAGE | VALID;
  for (unsigned i = 0; i < 16; ++i) {
    *table = plain | (u64)i << 59;  // PXNTable, UXNTable, APTable
    flush();
    prepare_page();
    put_hex(i);
    put(":");
    try_all(TEST, 0);
  }
  *table = plain;

  put("-- no access, and what is invalid\n");
  *entry = (u64)page | SH | AP(1) | PAGE | VALID;
  flush();
  put("AF:");
  try_all(TEST, 0);
  *entry = 0;
  flush();
  put("level 3:");
  try_all(TEST, 0);
  *entry = (u64)page | AF | VALID;  // reserved at the last level
  flush();
  put("reserved:");
  try_all(TEST, 0);
  *table = 0;
  flush();
  put("level 2:");
  try_all(TEST, 0);
  put("level 1:");
  try_all(TEST + (1UL << 34), 0);
  put("beyond:");
  try_all(1UL << (64 - g->size), 0);
  put("far beyond:");
  try_all(1UL << 54, 0);
  untranslate();
}

static void blocks(const struct granule* g) {
  u64* space = new_space(g);
  map_user_code(g, space);
  translate(g, space, space, 0);
  for (unsigned level = g->first; level <= 2; ++level) {
    const u64 size = 1UL << shift_of(g, level);
    const u64 base = 0x40000000 & ~(size - 1);
    const u64 va = level == 1 ? 0x600000000UL : 0x6c0000000UL;
    *descriptor(g, space, va, level) = base | AF | SH | AP(1) | VALID;
    flush();
    prepare_page();
    put("block at level ");
    put_hex(level);
    put(":");
    try_all(va + ((u64)page - base), 0);
  }
  untranslate();
}

static void halves(const struct granule* g) {
  u64* lower = new_space(g);
  u64* upper = new_table();
  map_user_code(g, lower);
  translate(g, lower, upper, 0);
  *descriptor(g, lower, TEST, 3) = (u64)page | AF | SH | AP(1) | PAGE | VALID;
  *descriptor(g, upper, UPPER, 3) = ((u64)page + 0x10000) | AF | SH | AP(1) | PAGE | VALID;
  flush();
  prepare_page();
  put("lower:");
  try_all(TEST, 0);
  put("upper:");
  try_all(UPPER, 0);
  enter((u64)load, EL1H, UPPER);
  show("  its first word", (u32)seen.x0);
  put("EPD1:");
  const u64 tcr = READ(tcr_el1);
  WRITE(tcr_el1, tcr | 1UL << 23);
  flush();
  try_all(UPPER, 0);
  WRITE(tcr_el1, tcr | 1UL << 37 | 1UL << 38);
  flush();
  put("tagged, lower:");
  try_all(TEST | 0xa5UL << 56, 0);
  put("tagged, upper:");
  try_all((UPPER & ~(0xffUL << 56)) | 0x12UL << 56, 0);
  enter(at_el0(load), EL0T, (TEST + (1UL << 34)) | 0x5aUL << 56);
  show("  tag in FAR", seen.far);
  WRITE(tcr_el1, tcr);
  flush();
  put("tags count:");
  try_all(TEST | 0xa5UL << 56, 0);
  untranslate();
}

// FEAT_HAFDBS.
static void updates(const struct granule* g) {
  u64* space = new_space(g);
  map_user_code(g, space);
  translate(g, space, space, 1UL << 39 | 1UL << 40);
  u64* entry = descriptor(g, space, TEST, 3);
  prepare_page();
  for (unsigned i = 0; i < 4; ++i) {
    *entry = (u64)page | SH | (i & 1 ? AP(3) : AP(1)) | (i & 2 ? DBM : 0) | PAGE | VALID;
    flush();
    enter(at_el0(load), EL0T, TEST);
    put("load:");
    result();
    show(" flags", *entry & (AF | AP(3) | DBM));
    enter(at_el0(store), EL0T, TEST);
    put("store:");
    result();
    show(" flags", *entry & (AF | AP(3) | DBM));
  }
  untranslate();
}

static void spaces(const struct granule* g) {
  u64* first = new_space(g);
  u64* second = new_space(g);
  map_user_code(g, first);
  map_user_code(g, second);
  translate(g, first, first, 0);
  *descriptor(g, first, TEST, 3) = (u64)page | AF | SH | NG | AP(1) | PAGE | VALID;
  *descriptor(g, second, TEST, 3) = ((u64)page + 0x10000) | AF | SH | NG | AP(1) | PAGE | VALID;
  *(u64*)page = 1;
  *(u64*)(page + 0x10000) = 2;
  flush();
  for (unsigned i = 0; i < 6; ++i) {
    WRITE(ttbr0_el1, (u64)(i % 2 == 0 ? first : second) | (u64)(i % 2 + 7) << 48);
    enter(at_el0(load), EL0T, TEST);
    show("in its space", seen.x0);
  }
  // The table of address space 7 changes.
  WRITE(ttbr0_el1, (u64)first | 7UL << 48);
  enter(at_el0(load), EL0T, TEST);
  *descriptor(g, first, TEST, 3) = ((u64)page + 0x10000) | AF | SH | NG | AP(1) | PAGE | VALID;
  asm volatile("dsb ish; tlbi vae1is, %0; dsb ish; isb" ::"r"(7UL << 48 | TEST >> 12) : "memory");
  enter(at_el0(load), EL0T, TEST);
  show("after VAE1IS", seen.x0);
  *descriptor(g, first, TEST, 3) = (u64)page | AF | SH | NG | AP(1) | PAGE | VALID;
  asm volatile("dsb ish; tlbi aside1, %0; dsb ish; isb" ::"r"(7UL << 48) : "memory");
  enter(at_el0(load), EL0T, TEST);
  show("after ASIDE1", seen.x0);
  *descriptor(g, first, TEST, 3) = ((u64)page + 0x10000) | AF | SH | NG | AP(1) | PAGE | VALID;
  asm volatile("dsb ish; tlbi vaale1, %0; dsb ish; isb" ::"r"(TEST >> 12) : "memory");
  enter(at_el0(load), EL0T, TEST);
  show("after VAALE1", seen.x0);
  untranslate();
}

static void ask(const char* name, u64 va) {
  const u64 par = READ(par_el1);
  put(name);
  if ((par & 1) != 0) {
    show(" fails", par);
    return;
  }
  put((par & 0xfffffffff000UL) == (((u64)page + (va & 0xfff000)) & 0xfffffffff000UL) ? " page" : " elsewhere");
  show("", par & ~0xfffffffff000UL);
}

static void asking(const struct granule* g) {
  u64* space = new_space(g);
  translate(g, space, space, 0);
  for (unsigned i = 0; i < 5; ++i) {
    *descriptor(g, space, TEST, 3) = i == 4 ? 0 : (u64)page | AF | SH | AP(i) | PAGE | VALID;
    flush();
    put("AP ");
    put_hex(i);
    put("\n");
    asm volatile("at s1e1r, %0; isb" ::"r"(TEST) : "memory");
    ask("  S1E1R", TEST);
    asm volatile("at s1e1w, %0; isb" ::"r"(TEST) : "memory");
    ask("  S1E1W", TEST);
    asm volatile("at s1e0r, %0; isb" ::"r"(TEST) : "memory");
    ask("  S1E0R", TEST);
    asm volatile("at s1e0w, %0; isb" ::"r"(TEST) : "memory");
    ask("  S1E0W", TEST);
    asm volatile(".arch armv8.2-a\n msr pan, #1; at s1e1rp, %0; msr pan, #0; isb" ::"r"(TEST) : "memory");
    ask("  S1E1RP", TEST);
  }
  untranslate();
}

int main(void) {
  WRITE(cpacr_el1, 3 << 20);
  for (unsigned i = 0; i < 3; ++i) {
    const struct granule* g = &kGranules[i];
    put("-- granule ");
    put(g->name);
    put("\n");
    permissions(g);
    blocks(g);
    halves(g);
    updates(g);
    spaces(g);
    asking(g);
  }
  return 0;
}
