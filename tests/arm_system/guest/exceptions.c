// Exceptions by cause and level: vector, syndrome, addresses, saved PSTATE, PSTATE afterwards (D1.3, D1.4, D19.2.37).
#include "test.h"

CODE(do_svc, "nop; svc #0x123");
CODE(do_brk, "brk #0xabc");
CODE(do_udf, "nop; nop; udf #1");
CODE(do_hvc, "hvc #5");
CODE(do_smc, "smc #7");
CODE(do_hlt, "hlt #9");
CODE(do_eret, "eret");
CODE(do_tlbi, "tlbi vmalle1");
CODE(do_at, "at s1e1r, x0");
CODE(do_read_sctlr, "mrs x3, sctlr_el1");
CODE(do_write_ttbr, "msr ttbr0_el1, x4");
CODE(do_read_midr, "mrs x5, midr_el1");
CODE(do_read_ctr, "mrs x6, ctr_el0; svc #0");
CODE(do_read_dczid, "mrs x0, dczid_el0; svc #0");
CODE(do_zva, "dc zva, x0; svc #0");
CODE(do_cvau, "dc cvau, x0; svc #0");
CODE(do_civac, "dc civac, x0; svc #0");
CODE(do_ivau, "ic ivau, x0; svc #0");
CODE(do_ivac, "dc ivac, x0; svc #0");
CODE(do_isw, "dc isw, x0; svc #0");
CODE(do_iallu, "ic iallu; svc #0");
CODE(do_daif, "mrs x7, daif; svc #0");
CODE(do_daifset, "msr daifset, #2; svc #0");
CODE(do_spsel, "msr spsel, #0; svc #0");
CODE(do_pan, "msr pan, #1; svc #0");
CODE(do_wfi, "wfi; svc #0");
CODE(do_wfe, "sevl; wfe; svc #0");
CODE(do_fp, "nop; fmov d0, x0; svc #0");
CODE(do_vector, "add v1.4s, v2.4s, v3.4s; svc #0");
CODE(do_vector_load, "ldr q3, [x0]; svc #0");
CODE(do_fpcr, "mrs x8, fpcr; svc #0");
CODE(do_counter, "mrs x9, cntvct_el0; svc #0");
CODE(do_physical, "mrs x10, cntpct_el0; svc #0");
CODE(do_frequency, "mrs x11, cntfrq_el0; svc #0");
CODE(do_timer, "mrs x12, cntv_ctl_el0; svc #0");
CODE(do_physical_timer, "msr cntp_ctl_el0, xzr; svc #0");
CODE(do_jump, "br x0");
CODE(do_load, "ldr x1, [x0]; svc #0");
CODE(do_store, "str x1, [x0]; svc #0");
CODE(do_sp_el0, "mrs x0, sp_el0; svc #0");
CODE(do_flags, "mov x1, #0xa0000000; msr nzcv, x1; svc #1");

static const struct {
  const char* name;
  char* code;
} kCodes[] = {
#define ROW(name) \
  { #name, do_##name }
    ROW(svc),    ROW(brk),        ROW(udf),       ROW(smc),       ROW(hlt),        ROW(tlbi),
    ROW(at),     ROW(read_sctlr), ROW(read_midr), ROW(read_ctr),  ROW(read_dczid), ROW(zva),
    ROW(cvau),   ROW(civac),      ROW(ivau),      ROW(ivac),      ROW(isw),        ROW(iallu),
    ROW(daif),   ROW(daifset),    ROW(wfe),       ROW(fp),        ROW(vector),     ROW(vector_load),
    ROW(fpcr),   ROW(counter),    ROW(physical),  ROW(frequency), ROW(timer),      ROW(physical_timer),
    ROW(sp_el0), ROW(flags),      ROW(pan),
};

static u64 block[16] __attribute__((aligned(64)));

static void all(const char* what, u64 spsr) {
  put("-- ");
  put(what);
  put("\n");
  for (unsigned i = 0; i < sizeof kCodes / sizeof kCodes[0]; ++i) {
    if (spsr != EL0T && (kCodes[i].code == do_tlbi || kCodes[i].code == do_at)) continue;
    enter((u64)kCodes[i].code, spsr, (u64)block);
    report(kCodes[i].name, kCodes[i].code);
  }
}

int main(void) {
  const u64 sctlr = READ(sctlr_el1);
  WRITE(sctlr_el1, 0x30d00800);  // what is RES1 in Armv8.0
  all("EL0, nothing allowed", EL0T);
  WRITE(sctlr_el1, 0x30d00800 | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26);
  WRITE(cntkctl_el1, 0x303);
  WRITE(cpacr_el1, 1 << 20);
  all("EL0, floating point trapped there", EL0T);
  WRITE(cpacr_el1, 3 << 20);
  all("EL0, all allowed", EL0T);
  WRITE(cpacr_el1, 0);
  all("EL1h", EL1H);
  WRITE(cpacr_el1, 2 << 20);
  all("EL1t", EL1T);
  WRITE(cpacr_el1, 3 << 20);

  put("-- privileged at EL0\n");
  enter((u64)do_hvc, EL0T, 0);
  report("hvc", do_hvc);
  enter((u64)do_eret, EL0T, 0);
  report("eret", do_eret);
  enter((u64)do_spsel, EL0T, 0);
  report("spsel", do_spsel);
  enter((u64)do_write_ttbr, EL0T, 0);
  report("write_ttbr", do_write_ttbr);
  WRITE(sctlr_el1, 0x30d00800);
  enter((u64)do_wfi, EL0T, 0);
  report("wfi", do_wfi);

  put("-- PSTATE\n");
  for (int i = 0; i < 8; ++i) {
    const u64 spsr = (i & 1 ? 0xf0000000 : 0x50000000) | (i & 2 ? 1UL << 22 : 0) | (i & 4 ? 1UL << 23 : 0);
    WRITE(sctlr_el1, 0x30500800 | (i & 2 ? 1 << 23 : 0));  // SPAN
    const u64 daif = (u64)(i * 5 & 15) << 6 | 0x80;
    enter((u64)do_svc, spsr | daif | (i < 4 ? 5 : 0), 0);
    report("svc", do_svc);
    show("  daif", seen.daif);
    show("  el", seen.current);
    show("  spsel", seen.spsel);
    show("  pan", seen.pan);
    show("  uao", seen.uao);
  }
  WRITE(sctlr_el1, 0x30d00800);

  put("-- illegal returns\n");
  enter((u64)do_svc, 0x3c9, 0);  // EL2h
  report("EL2h", do_svc);
  enter((u64)do_svc, 0x3c1, 0);  // reserved
  report("EL0h", do_svc);
  enter((u64)do_svc, 0x3d3, 0);  // AArch32
  report("AArch32", do_svc);
  enter((u64)do_svc, EL0T | 1 << 20, 0);  // PSTATE.IL
  report("IL", do_svc);

  put("-- addresses, without translation\n");
  for (int level = 0; level < 2; ++level) {
    const u64 spsr = level == 0 ? EL0T : EL1H;
    enter((u64)do_jump, spsr, (u64)do_svc + 2);
    report("misaligned pc", do_svc);
    enter((u64)do_load, spsr, 1UL << 50);
    report("address size, load", do_load);
    enter((u64)do_store, spsr, 1UL << 52);
    report("address size, store", do_store);
    enter((u64)do_jump, spsr, 1UL << 51);
    report("address size, fetch", do_jump);
    enter((u64)do_load, spsr, 0x3f000000000);
    report("nothing there, load", do_load);
    enter((u64)do_store, spsr, 0x3f000000000);
    report("nothing there, store", do_store);
    enter((u64)do_jump, spsr, 0x3f000000000);
    report("nothing there, fetch", do_jump);
  }
  WRITE(sctlr_el1, sctlr);
  return 0;
}
