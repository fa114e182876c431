// Timers, the interrupt controller, masks and waiting (D12.2, D1.3.5, D1.6).
#include "test.h"

CODE(spin, "1: b 1b");
CODE(unmask, "msr daifclr, #2; svc #2");
CODE(unmask_by_register, "msr daif, xzr; svc #2");

#define DISTRIBUTOR 0x08000000UL
#define REDISTRIBUTOR 0x080a0000UL
#define REG(at) (*(volatile u32*)(at))

#define ICC_PMR S3_0_C4_C6_0
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1
#define ICC_SGI1R S3_0_C12_C11_5
#define ICC_SRE S3_0_C12_C12_5
#define ICC_IGRPEN1 S3_0_C12_C12_7
#define ICC_RPR S3_0_C12_C11_3

static void take(const char* name) {
  put(name);
  show(": vector", seen.vector);
  const u64 id = READ(ICC_IAR1);
  show("  id", id);
  show("  priority", READ(ICC_RPR));
  show("  isr", READ(isr_el1));
  WRITE(ICC_EOIR1, id);
}

int main(void) {
  WRITE(ICC_SRE, READ(ICC_SRE) | 1);
  REG(DISTRIBUTOR) = 0x52;
  REG(REDISTRIBUTOR + 0x14) = 0;
  while ((REG(REDISTRIBUTOR + 0x14) & 4) != 0) {
  }
  REG(REDISTRIBUTOR + 0x10080) = ~0U;
  for (int i = 0; i < 32; ++i) *(volatile u8*)(REDISTRIBUTOR + 0x10400 + i) = 0xa0;
  REG(REDISTRIBUTOR + 0x10100) = 1U << 27 | 1U << 30 | 1U << 5;
  WRITE(ICC_PMR, 0xf0);
  WRITE(ICC_IGRPEN1, 1);

  WRITE(cntv_tval_el0, 1000);
  WRITE(cntv_ctl_el0, 1);
  enter((u64)spin, 0x340, 0);  // EL0t, IRQ unmasked
  take("virtual timer at EL0");
  show("  ctl", READ(cntv_ctl_el0));
  WRITE(cntv_ctl_el0, 3);
  show("  masked, ctl", READ(cntv_ctl_el0));
  show("  isr", READ(isr_el1));
  WRITE(cntv_ctl_el0, 0);
  show("  off, ctl", READ(cntv_ctl_el0));

  WRITE(cntp_cval_el0, READ(cntpct_el0) + 1000);
  WRITE(cntp_ctl_el0, 1);
  enter((u64)spin, 0x345, 0);
  take("physical timer at EL1h");
  WRITE(cntp_ctl_el0, 0);

  WRITE(cntv_tval_el0, -5);
  WRITE(cntv_ctl_el0, 1);
  enter((u64)unmask, EL1H, 0);
  take("pending, then unmasked");
  show("  elr", seen.elr - (u64)unmask);
  enter((u64)unmask_by_register, EL1T, 0);
  take("unmasked by MSR DAIF at EL1t");
  show("  elr", seen.elr - (u64)unmask_by_register);
  WRITE(cntv_ctl_el0, 0);
  enter((u64)unmask, EL1H, 0);
  show("nothing is pending: esr", seen.esr);

  // WFI ends although interrupts are masked.
  WRITE(cntv_tval_el0, 100000);
  WRITE(cntv_ctl_el0, 1);
  asm volatile("wfi");
  show("after wfi: isr", READ(isr_el1));
  WRITE(cntv_ctl_el0, 0);
  show("off: isr", READ(isr_el1));

  WRITE(ICC_SGI1R, 5UL << 24 | 1);
  enter((u64)unmask, EL1H, 0);
  take("software-generated");
  WRITE(ICC_PMR, 0xa0);
  WRITE(ICC_SGI1R, 5UL << 24 | 1);
  enter((u64)unmask, EL1H, 0);
  show("below the mask: esr", seen.esr);
  WRITE(ICC_PMR, 0xf0);
  enter((u64)unmask, EL1H, 0);
  take("above it");

  const u64 before = READ(cntvct_el0);
  const u64 after = READ(cntvct_el0);
  show("the counter goes up", after >= before);
  const u64 most = READ(cntv_cval_el0) - READ(cntvct_el0);
  const u32 value = (u32)READ(cntv_tval_el0);
  show("tval", (u32)most - value <= (u32)(most - (READ(cntv_cval_el0) - READ(cntvct_el0))));
  return 0;
}
