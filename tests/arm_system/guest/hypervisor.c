// EL2: what comes there by HVC, by traps and by routing (D1.3, D19.2.48), stage 2 (D8), EL2's own translation, and EL2 as
// a host (VHE). What EL1 takes, its vectors bring here by HVC #0x100 and up.
#include "test.h"

extern char guest_vectors[];

CODE(do_hvc, "nop; hvc #5");
CODE(do_smc, "smc #7; hvc #1");
CODE(do_svc, "svc #3");
CODE(do_udf, "udf #1");
CODE(do_brk, "brk #2");
CODE(do_wfi, "wfi; hvc #1");
CODE(do_fp, "fmov d0, x0; hvc #1");
CODE(do_isw, "dc isw, xzr; hvc #1");
CODE(do_cvac, "dc cvac, x0; hvc #1");
CODE(do_civac, "dc civac, x0; hvc #1");
CODE(do_cvau, "dc cvau, x0; hvc #1");
CODE(do_ivau, "ic ivau, x0; hvc #1");
CODE(do_iallu, "ic iallu; hvc #1");
CODE(do_zva, "dc zva, x0; hvc #1");
CODE(do_tlbi, "tlbi vmalle1; hvc #1");
CODE(do_tlbi_el2, "tlbi alle2; hvc #1");
CODE(do_at_el2, "at s1e2r, x0; hvc #1");
CODE(do_nop, "nop; nop; hvc #1");
CODE(do_load, "ldr x1, [x0]; hvc #1");
CODE(do_store, "str x1, [x0]; hvc #1");
CODE(do_jump, "br x0");
CODE(do_unprivileged, "ldtr x1, [x0]; hvc #1");
CODE(do_level, "mrs x0, CurrentEL; hvc #1");

static const struct {
  const char* name;
  char* code;
} kCodes[] = {
#define ROW(name) \
  { #name, do_##name }
    ROW(hvc),   ROW(smc), ROW(svc),  ROW(udf), ROW(brk),   ROW(wfi),  ROW(fp),       ROW(isw),    ROW(cvac), ROW(civac),
    ROW(cvau), ROW(ivau), ROW(iallu), ROW(zva), ROW(tlbi), ROW(tlbi_el2), ROW(at_el2), ROW(level),
};

static const struct {
  const char* name;
  u32 number;
} kRegisters[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, access, feature, slot, reset, mask, rule) \
  {#name, ((op0)&1) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)},
#include "frontends/arm/system_registers.def"
};

#define RW (1UL << 31)
#define TGE (1UL << 27)
#define E2H (1UL << 34)
#define EL0T_EL2 0x3c0UL
#define EL2H 0x3c9UL

static u64 block[16] __attribute__((aligned(64)));
static u32 code[16] __attribute__((aligned(64)));

static int came_from_el1(void) { return seen.esr >> 16 == 0x5a00 && (seen.esr & 0xffff) >= 0x100; }
static int is_end(void) { return seen.esr == 0x5a000001; }

static void say(const char* name, const void* start) {
  if (!came_from_el1()) {
    report(name, start);
    return;
  }
  put(name);
  put(": EL1 ");
  put_hex(((seen.esr & 0xffff) - 0x100) * 0x80);
  put(" esr ");
  put_hex(READ(esr_el1));
  put(" elr +");
  put_hex(READ(elr_el1) - (u64)start);
  put(" spsr ");
  put_hex(READ(spsr_el1));
  put("\n");
}
static void run(const char* name, const void* start, u64 spsr, u64 argument) {
  enter((u64)start, spsr, argument);
  say(name, start);
}

// What of everything traps with a control set.
static void trapped(const char* title) {
  put("-- ");
  put(title);
  put("\n");
  for (unsigned i = 0; i < sizeof kCodes / sizeof kCodes[0]; ++i) {
    if (kCodes[i].code == do_wfi && (READ(hcr_el2) >> 13 & 1) == 0) continue;  // it would wait
    if (kCodes[i].code == do_hvc) continue;
    enter((u64)kCodes[i].code, EL1H, (u64)block);
    if (!is_end() && !came_from_el1()) report(kCodes[i].name, kCodes[i].code);
  }
  for (unsigned i = 0; i < sizeof kRegisters / sizeof kRegisters[0]; ++i) {
    // QEMU 7.2 has neither: DBGPRCR_EL1, DBGCLAIMSET_EL1, DBGCLAIMCLR_EL1, DBGAUTHSTATUS_EL1.
    const u32 missing[] = {0x00a4, 0x03c6, 0x03ce, 0x03f6};
    int skip = 0;
    for (unsigned k = 0; k < 4; ++k) skip |= kRegisters[i].number == missing[k];
    if (skip) continue;
    for (unsigned read = 0; read < 2; ++read) {
      code[0] = (read != 0 ? 0xd5300000 : 0xd5100000) | kRegisters[i].number << 5;
      code[1] = 0xd4000022;  // hvc #1
      asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
      // What is written where nothing traps it is what was there.
      u64 before = 0;
      if (read == 0) {
        code[0] |= 0x200000;
        asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
        enter((u64)code, EL1H, 0);
        before = is_end() ? seen.x0 : 0;
        code[0] &= ~0x200000U;
        asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
      }
      enter((u64)code, EL1H, before);
      if (is_end() || came_from_el1()) continue;
      put(kRegisters[i].name);
      report(read != 0 ? " read" : " write", code);
    }
  }
}

// --- translation tables: blocks of 1 GiB and 2 MiB, pages of 4 KiB
static u64 top[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 bottom[512] __attribute__((aligned(4096)));
static u64 guest_top[512] __attribute__((aligned(4096)));

#define GIB (1UL << 30)
#define AF 0x400UL

static void flush(void) {
  asm volatile("dsb sy; tlbi alle2; tlbi alle1; dsb sy; isb" ::: "memory");
}

static void stage2(void) {
  put("-- stage 2\n");
  const u64 normal = 0xfUL << 2 | 3UL << 8 | AF;  // write-back, inner shareable
  const u64 all = 3UL << 6;
  top[0] = 0 | all | 1UL << 2 | AF | 1;
  top[1] = (u64)middle | 3;
  for (u64 i = 0; i < 512; ++i) middle[i] = (GIB + (i << 21)) | all | normal | 1;
  middle[0x100] = (u64)bottom | 3;                  // 0x60000000
  bottom[0] = 0x40200000 | all | normal | 3;        // elsewhere
  bottom[1] = 0x40200000 | 1UL << 6 | normal | 3;   // read-only
  bottom[2] = 0x40200000 | 2UL << 6 | normal | 3;   // write-only
  bottom[3] = 0x40200000 | all | normal | 1UL << 54 | 3;
  bottom[4] = 0x40200000 | all | (normal & ~AF) | 3;
  bottom[5] = 0x10000000000 | all | normal | 3;     // beyond the output
  WRITE(vttbr_el2, (u64)top | 5UL << 48);
  WRITE(vtcr_el2, 1UL << 31 | 2UL << 16 | 1UL << 6 | 25);  // 39 bits of input, from level 1, 40 of output
  WRITE(hcr_el2, RW | 1);
  flush();
  static const u64 kOffsets[] = {0, 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x20000000};
  for (unsigned i = 0; i < sizeof kOffsets / sizeof kOffsets[0]; ++i) {
    const u64 address = 0x60000000 + kOffsets[i] + 0x10;
    show("address", address);
    for (unsigned k = 0; k < 3; ++k) {
      if (k == 1 && i != 1 && i < 4) continue;  // the program itself lies there
      WRITE(hpfar_el2, 0);
      char* const start = k == 0 ? do_load : k == 1 ? do_store : do_jump;
      if (k == 2 && i != 3 && i != 6) continue;
      run(k == 0 ? "load" : k == 1 ? "store" : "jump", start, EL1H, address);
      show("hpfar", READ(hpfar_el2));
    }
  }
  put("beyond the input\n");
  run("load", do_load, EL1H, 1UL << 39);
  show("hpfar", READ(hpfar_el2));

  put("tables of stage 1\n");
  for (u64 i = 0; i < 4; ++i) guest_top[i] = i * GIB | AF | 0x300 | 1;
  WRITE(mair_el1, 0xffffff);
  WRITE(tcr_el1, 25UL | 1UL << 23 | 2UL << 32 | 0x3500);
  WRITE(ttbr0_el1, (u64)guest_top);
  WRITE(sctlr_el1, 0x30d00801);
  flush();
  run("level", do_level, EL1H, 0);
  run("load", do_load, EL1H, 0x60000010);
  run("load", do_load, EL1H, 0x60006010);
  show("hpfar", READ(hpfar_el2));
  run("stage 1 fault", do_load, EL1H, 5 * GIB);
  WRITE(ttbr0_el1, 0x60006000);
  flush();
  run("table", do_nop, EL1H, 0);
  show("hpfar", READ(hpfar_el2));
  show("far", READ(far_el2));
  WRITE(ttbr0_el1, (u64)guest_top);
  flush();
  asm volatile("at s12e1r, %0; isb" ::"r"(0x60000010UL));
  show("s12e1r", READ(par_el1));
  asm volatile("at s12e1w, %0; isb" ::"r"(0x60001010UL));
  show("s12e1w", READ(par_el1));
  asm volatile("at s1e1r, %0; isb" ::"r"(0x60001010UL));
  show("s1e1r", READ(par_el1));
  WRITE(sctlr_el1, 0x30d00800);
  WRITE(hcr_el2, RW);
  flush();
}

static void own_translation(void) {
  put("-- EL2's own translation\n");
  for (u64 i = 0; i < 512; ++i) top[i] = 0;
  top[0] = 0 | AF | 1UL << 2 | 1UL << 54 | 1;
  top[1] = (u64)middle | 3;
  for (u64 i = 0; i < 512; ++i) middle[i] = (GIB + (i << 21)) | AF | 0x300 | 1;
  middle[0x100] = (u64)bottom | 3;
  for (u64 i = 0; i < 512; ++i) bottom[i] = 0;
  bottom[0] = 0x40200000 | AF | 0x300 | 1UL << 7 | 3;    // read-only
  bottom[1] = 0x40200000 | AF | 0x300 | 1UL << 54 | 3;   // XN
  bottom[2] = 0x40200000 | AF | 0x300 | 1UL << 6 | 1UL << 53 | 3;  // AP[1] and PXN say nothing here
  bottom[3] = 0x40200000 | 0x300 | 3;
  WRITE(mair_el2, 0x00ff);
  WRITE(tcr_el2, 1UL << 31 | 1UL << 23 | 2UL << 16 | 0x3500 | 25);
  WRITE(ttbr0_el2, (u64)top);
  flush();
  WRITE(sctlr_el2, 0x30c50831);
  run("level", do_level, EL2H, 0);
  for (u64 i = 0; i < 5; ++i) {
    show("page", i);
    run("load", do_load, EL2H, 0x60000010 + (i << 12));
    if (i != 1 && i != 2) run("store", do_store, EL2H, 0x60000010 + (i << 12));
    if (i == 1) run("jump", do_jump, EL2H, 0x60000000 + (i << 12));
  }
  run("upper half", do_load, EL2H, ~0xfffUL);
  asm volatile("at s1e2r, %0; isb" ::"r"(0x60000010UL));
  show("s1e2r", READ(par_el1));
  asm volatile("at s1e2w, %0; isb" ::"r"(0x60000010UL));
  show("s1e2w", READ(par_el1));
  WRITE(sctlr_el2, 0x30c50830);
  flush();
}

static void host(void) {
  put("-- a host\n");
  WRITE(hcr_el2, RW | E2H | TGE);
  WRITE(far_el1, 0x1234);     // FAR_EL2
  WRITE(s3_5_c6_c0_0, 0x42);  // FAR_EL12
  show("far_el2", READ(far_el2));
  show("far_el1", READ(far_el1));
  show("far_el12", READ(s3_5_c6_c0_0));
  WRITE(cpacr_el1, 0x300000);
  show("cptr_el2 fpen", READ(cptr_el2) & 0x300000);
  WRITE(cntv_cval_el0, 77);
  WRITE(s3_5_c14_c3_2, 78);  // CNTV_CVAL_EL02
  show("cnthv_cval", READ(s3_4_c14_c3_2));
  show("cntv_cval_el02", READ(s3_5_c14_c3_2));
  WRITE(cntvoff_el2, 1UL << 40);
  show("offset of a host", READ(cntvct_el0) - READ(cntpct_el0) < 1UL << 32);
  WRITE(sctlr_el1, 0x30d00800 | 1 << 26);  // of EL2
  run("svc", do_svc, EL0T_EL2, 0);
  run("udf", do_udf, EL0T_EL2, 0);
  run("brk", do_brk, EL0T_EL2, 0);
  run("fp", do_fp, EL0T_EL2, 0);
  WRITE(cpacr_el1, 0x100000);
  run("fp trapped at EL0", do_fp, EL0T_EL2, 0);
  run("fp at EL2", do_fp, EL2H, 0);
  WRITE(cpacr_el1, 0);
  run("fp trapped", do_fp, EL2H, 0);
  run("to EL1", do_nop, EL1H, 0);
  WRITE(hcr_el2, RW | E2H);
  run("EL1", do_level, EL1H, 0);
  put("FAR_EL12 at EL1");
  code[0] = 0xd5300000 | (1U << 14 | 5 << 11 | 6 << 7) << 5;
  code[1] = 0xd4000022;
  asm volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
  run("", code, EL1H, 0);
  WRITE(hcr_el2, RW);
  put("FAR_EL12 without E2H");
  run("", code, EL2H, 0);
  show("offset of a guest", (READ(cntpct_el0) - READ(cntvct_el0)) >> 40);
  WRITE(cntvoff_el2, 0);
  WRITE(cptr_el2, 0x33ff);
  WRITE(sctlr_el2, 0x30c50830);
}

int main(void) {
  show("level", READ(CurrentEL));
  show("id_aa64pfr0_el1 el2", READ(id_aa64pfr0_el1) >> 8 & 15);
  show("id_aa64mmfr1_el1 vh", READ(id_aa64mmfr1_el1) >> 8 & 15);
  WRITE(hcr_el2, RW);
  WRITE(vbar_el1, (u64)guest_vectors);
  WRITE(sctlr_el1, 0x30d00800 | 1 << 26 | 1 << 14);
  WRITE(cpacr_el1, 0x300000);
  WRITE(cptr_el2, 0x33ff);
  WRITE(cnthctl_el2, 3);
  WRITE(mdcr_el2, 0);

  for (unsigned i = 0; i < sizeof kCodes / sizeof kCodes[0]; ++i) {
    if (kCodes[i].code == do_wfi) continue;
    put("EL0 ");
    run(kCodes[i].name, kCodes[i].code, EL0T, (u64)block);
    put("EL1 ");
    run(kCodes[i].name, kCodes[i].code, EL1H, (u64)block);
    put("EL2 ");
    run(kCodes[i].name, kCodes[i].code, EL2H, (u64)block);
  }

  put("-- returns\n");
  static const u64 kModes[] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 0x10, 0x13};
  for (unsigned tge = 0; tge < 2; ++tge) {
    WRITE(hcr_el2, RW | tge * TGE);
    for (unsigned i = 0; i < sizeof kModes / sizeof kModes[0]; ++i) {
      if (kModes[i] >= 0x10) continue;  // QEMU's CPU has AArch32 at EL0
      put_hex(kModes[i]);
      run(tge != 0 ? " with TGE" : "", do_nop, 0x3c0 | kModes[i], 0);
    }
  }
  run("svc with TGE", do_svc, EL0T, 0);
  run("fp with TGE", do_fp, EL0T, 0);

  put("-- virtual interrupts\n");
  WRITE(hcr_el2, RW | 1 << 4 | 1 << 7);
  run("IRQ", do_nop, EL1H & ~0x80UL, 0);
  run("masked", do_nop, EL1H, 0);
  run("at EL0", do_nop, EL0T & ~0x80UL, 0);
  run("not at EL2", do_nop, EL2H & ~0x80UL, 0);
  WRITE(hcr_el2, RW | 1 << 7);
  run("not without IMO", do_nop, EL1H & ~0x80UL, 0);
  WRITE(hcr_el2, RW | 1 << 3 | 1 << 6);
  run("FIQ", do_nop, EL1H & ~0x40UL, 0);

  static const struct {
    const char* name;
    unsigned bit;
  } kTraps[] = {{"TWI", 13},  {"TID1", 16}, {"TID2", 17}, {"TID3", 18}, {"TSC", 19}, {"TACR", 21}, {"TSW", 22},
                {"TPC", 23},  {"TPU", 24},  {"TTLB", 25}, {"TVM", 26},  {"TDZ", 28}, {"TRVM", 30}, {"TLOR", 35}};
  for (unsigned i = 0; i < sizeof kTraps / sizeof kTraps[0]; ++i) {
    WRITE(hcr_el2, RW | 1UL << kTraps[i].bit);
    trapped(kTraps[i].name);
  }
  WRITE(hcr_el2, RW);
  WRITE(cptr_el2, 0x33ff | 1 << 10);
  trapped("TFP");
  run("at EL2", do_fp, EL2H, 0);
  WRITE(cptr_el2, 0x33ff | 1UL << 31);
  trapped("TCPAC");
  WRITE(cptr_el2, 0x33ff);
  WRITE(cnthctl_el2, 0);
  trapped("CNTHCTL_EL2 0");
  WRITE(cnthctl_el2, 3);
  static const struct {
    const char* name;
    unsigned bit;
  } kDebug[] = {{"TDE", 8}, {"TDA", 9}, {"TDOSA", 10}, {"TDRA", 11}};
  for (unsigned i = 0; i < sizeof kDebug / sizeof kDebug[0]; ++i) {
    WRITE(mdcr_el2, 1UL << kDebug[i].bit);
    trapped(kDebug[i].name);
  }
  WRITE(mdcr_el2, 0);
  stage2();
  own_translation();
  host();
  return 0;
}
