// EL3: what comes there by SMC, by traps and by routing, from both security states, and what answers the secure state
// alone (D1.3, D19.2.116). It starts in flash.
#include "test.h"

CODE(do_smc, "smc #7");
CODE(do_hvc, "hvc #5; smc #1");
CODE(do_level, "mrs x0, CurrentEL; smc #1");
CODE(do_fp, "fmov d0, x0; smc #1");
CODE(do_wfi, "wfi; smc #1");
CODE(do_cpacr, "mrs x0, cpacr_el1; smc #1");
CODE(do_cptr, "mrs x0, cptr_el2; smc #1");
CODE(do_debug, "mrs x0, mdscr_el1; smc #1");
CODE(do_lock, "mrs x0, oslsr_el1; smc #1");
CODE(do_secure_timer, "mrs x0, cntps_ctl_el1; smc #1");
CODE(do_load, "ldr x0, [x0]; smc #1");
CODE(do_scr, "mrs x0, scr_el3; smc #1");
CODE(do_tlbi, "tlbi alle3; smc #1");

static const struct {
  const char* name;
  const char* code;
} kCodes[] = {
#define ROW(name) \
  { #name, do_##name }
    ROW(smc),  ROW(hvc),   ROW(level),        ROW(fp),   ROW(cpacr), ROW(cptr), ROW(debug),
    ROW(lock), ROW(scr), ROW(secure_timer), ROW(tlbi),
};

#define NS 1UL
#define EA 8UL
#define HCE (1UL << 8)
#define RES1 0x430UL
#define ST (1UL << 11)
#define TWI (1UL << 12)
#define EL2H 0x3c9UL

// Where both states reach it, as vectors that call the monitor are.
static u32* const kCode = (u32*)0x40200000;
static u32* const kVectors = (u32*)0x40201000;

static void run(const char* name, const char* code, u64 spsr, u64 argument) {
  for (unsigned i = 0; i < 8; ++i) kCode[i] = ((const u32*)code)[i];
  asm volatile("dsb sy; ic iallu; dsb sy; isb" ::: "memory");
  enter((u64)kCode, spsr, argument);
  if (seen.esr >> 16 == 0x5e00 && (seen.esr & 0xffff) >= 0x100) {
    const u64 two = (seen.spsr >> 2 & 3) == 2;
    put(name);
    put(two ? ": EL2 " : ": EL1 ");
    put_hex(((seen.esr & 0xffff) - 0x100) * 0x80);
    put(" esr ");
    put_hex(two ? READ(esr_el2) : READ(esr_el1));
    put("\n");
  } else {
    report(name, kCode);
  }
}

static void all(const char* title, u64 scr) {
  static const struct {
    const char* name;
    u64 spsr;
  } kLevels[] = {{"EL1 ", EL1H}, {"EL2 ", EL2H}};
  put("-- ");
  put(title);
  put("\n");
  WRITE(scr_el3, scr | RES1);
  for (unsigned l = 0; l < 2; ++l) {
    if (l == 1 && (scr & NS) == 0) continue;
    for (unsigned i = 0; i < sizeof kCodes / sizeof kCodes[0]; ++i) {
      put(kLevels[l].name);
      run(kCodes[i].name, kCodes[i].code, kLevels[l].spsr, 0);
    }
  }
}

int main(void) {
  show("level", READ(CurrentEL));
  show("id_aa64pfr0_el1", READ(id_aa64pfr0_el1) >> 8 & 0xff);
  for (unsigned i = 0; i < 16; ++i) kVectors[i * 32] = 0xd4000003 | (0x100 + i) << 5;
  WRITE(vbar_el1, (u64)kVectors);
  WRITE(vbar_el2, (u64)kVectors);
  WRITE(sctlr_el1, 0x30d00800);
  WRITE(sctlr_el2, 0x30c50830);
  WRITE(hcr_el2, 1UL << 31);
  WRITE(cpacr_el1, 0x300000);
  WRITE(cptr_el2, 0x33ff);
  WRITE(cptr_el3, 0);
  WRITE(mdcr_el3, 0);
  WRITE(mdcr_el2, 0);
  all("non-secure", NS);
  all("secure", 0);
  all("HCE", NS | HCE);
  all("ST", ST);
  WRITE(cptr_el3, 1 << 10);
  all("TFP", NS);
  WRITE(cptr_el3, 1UL << 31);
  all("TCPAC", NS);
  WRITE(cptr_el3, 0);
  WRITE(mdcr_el3, 1 << 9);
  all("TDA", NS);
  WRITE(mdcr_el3, 1 << 10);
  all("TDOSA", NS);
  WRITE(mdcr_el3, 0);

  put("-- waiting\n");
  WRITE(scr_el3, RES1 | NS | TWI);
  run("wfi", do_wfi, EL1H, 0);
  run("wfi", do_wfi, EL2H, 0);

  put("-- secure memory\n");
  static const u64 kPlaces[] = {0, 0x0e000000, 0x09040000, 0x090b0000, 0x40202000};
  for (unsigned scr = 0; scr < 3; ++scr) {
    WRITE(scr_el3, RES1 | (scr == 0 ? 0 : scr == 1 ? NS : NS | EA));
    for (unsigned i = 0; i < sizeof kPlaces / sizeof kPlaces[0]; ++i) {
      show(scr == 0 ? "secure" : scr == 1 ? "non-secure" : "routed", kPlaces[i]);
      run("load", do_load, EL1H, kPlaces[i]);
    }
  }

  put("-- returns\n");
  static const u64 kModes[] = {1, 2, 4, 5, 6, 8, 9, 10, 12, 13};
  for (unsigned ns = 0; ns < 2; ++ns) {
    WRITE(scr_el3, RES1 | ns);
    for (unsigned i = 0; i < sizeof kModes / sizeof kModes[0]; ++i) {
      put_hex(kModes[i]);
      run(ns != 0 ? " non-secure" : " secure", do_level, 0x3c0 | kModes[i], 0);
    }
  }
  return 0;
}
