// EL1 on virt with GICv3: a hot loop, a character, an exception, a timer interrupt that ends WFI, power-off.
    .globl _start
_start:
    adr x0, vectors
    msr vbar_el1, x0
    msr daifset, #2
    mov x1, #20000
1:  subs x1, x1, #1
    b.ne 1b
    mov x0, #0x09000000                 // pl011, UARTDR
    mov w1, #'!'
    str w1, [x0]
    svc #0
    mov x0, #0x08000000                 // gicv3: GICD_CTLR = ARE, EnableGrp1
    mov w1, #0x12
    str w1, [x0]
    mov x0, #0x080a0000                 // GICR_WAKER: awake
    str wzr, [x0, #0x14]
    mov x0, #0x080b0000
    mov w1, #-1
    str w1, [x0, #0x80]                 // GICR_IGROUPR0
    mov w1, #(1 << 30)
    str w1, [x0, #0x100]                // GICR_ISENABLER0: the physical timer
    mov x1, #0xff
    msr S3_0_C4_C6_0, x1                // ICC_PMR_EL1
    mov x1, #1
    msr S3_0_C12_C12_7, x1              // ICC_IGRPEN1_EL1
    mrs x1, cntfrq_el0
    lsr x1, x1, #1                      // half a second
    msr cntp_tval_el0, x1
    mov x1, #1
    msr cntp_ctl_el0, x1
2:  wfi                                 // ends also where it comes too late
    msr daifclr, #2
    isb
    msr daifset, #2
    cbz x19, 2b
    movz x0, #0x8400, lsl #16           // PSCI: SYSTEM_OFF
    movk x0, #0x0008
    hvc #0
3:  wfi
    b 3b

    .balign 2048
vectors:
    .org vectors + 0x200                // the same level, SP_ELx: synchronous
    eret
    .org vectors + 0x280                // IRQ
    mrs x20, S3_0_C12_C12_0             // ICC_IAR1_EL1
    msr cntp_ctl_el0, xzr
    mov x19, #1
    msr S3_0_C12_C12_1, x20             // ICC_EOIR1_EL1
    eret
    .org vectors + 0x800
