// Entry, and running code at an exception level until it comes back by an exception. The programs know nothing of the board but
// its console (PL011 at 0x09000000), its GICv3 and PSCI by HVC.
// With MONITOR they run at EL3, as firmware in flash. With HYPERVISOR they run at EL2, and what EL1 takes comes to EL2 by HVC, too.
#if defined(MONITOR)
#define OWN(name) name##_el3
#elif defined(HYPERVISOR)
#define OWN(name) name##_el2
#define CALL_FIRMWARE smc
#else
#define OWN(name) name##_el1
#define CALL_FIRMWARE hvc
#endif
        .arch   armv8.2-a
        .section .text.start, "ax"
        .globl  _start
_start:
        ldr     x9, =stack_top
        mov     sp, x9
        ldr     x9, =__bss_start
        ldr     x10, =_end
1:      str     xzr, [x9], #8
        cmp     x9, x10
        b.lo    1b
        ldr     x9, =vectors
        msr     OWN(vbar), x9
        isb
        bl      main
#ifdef MONITOR
        ldr     x0, =0x090b0000         // the secure GPIO (PL061): line 0 becomes an output, and high
        mov     w1, #1
        str     w1, [x0, #0x400]
        str     w1, [x0, #4]
#else
        ldr     x0, =0x84000008         // PSCI SYSTEM_OFF
        CALL_FIRMWARE #0
#endif
        b       .

        .text
// void enter(u64 pc, u64 spsr, u64 argument): ERET to pc; returns when an exception comes, with `seen` filled in.
        .globl  enter
enter:
        stp     x19, x20, [sp, #-112]!
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        mrs     x9, daif
        str     x9, [sp, #96]
        ldr     x9, =saved_sp
        mov     x10, sp
        str     x10, [x9]
        ldr     x9, =user_stack_top
        msr     sp_el0, x9
        msr     OWN(elr), x0
        msr     OWN(spsr), x1
        mov     x0, x2
        isb
        eret

// What came: offset of the vector, ESR, FAR, ELR, SPSR, and PSTATE as it is now.
common:
        ldr     x0, =seen
        str     x1, [x0]
        mrs     x1, OWN(esr)
        str     x1, [x0, #8]
        mrs     x1, OWN(far)
        str     x1, [x0, #16]
        mrs     x1, OWN(elr)
        str     x1, [x0, #24]
        mrs     x1, OWN(spsr)
        str     x1, [x0, #32]
        mrs     x1, daif
        str     x1, [x0, #40]
        mrs     x1, CurrentEL
        str     x1, [x0, #48]
        mrs     x1, SPSel
        str     x1, [x0, #56]
        mrs     x1, s3_0_c4_c2_3        // PAN
        str     x1, [x0, #64]
        mrs     x1, s3_0_c4_c2_4        // UAO
        str     x1, [x0, #72]
        ldp     x1, x9, [sp], #16
        str     x1, [x0, #80]           // X0
        ldr     x9, =saved_sp
        ldr     x9, [x9]
        mov     sp, x9
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldr     x9, [sp, #96]
        msr     daif, x9
        ldp     x19, x20, [sp], #112
        ret

        .align  11
        .globl  vectors
vectors:
        .set    offset, 0
        .rept   16
        .align  7
        stp     x0, x1, [sp, #-16]!
        mov     x1, #offset
        b       common
        .set    offset, offset + 0x80
        .endr

#ifdef HYPERVISOR
        .align  11
        .globl  guest_vectors
guest_vectors:
        .set    number, 0
        .rept   16
        .align  7
        hvc     #(0x100 + number)
        .set    number, number + 1
        .endr
#endif

        .bss
        .align  4
saved_sp:
        .xword  0
        .globl  seen
        .align  4
seen:   .skip   128
        .align  4
stack:  .skip   16384
stack_top:
        .skip   4096
        .globl  user_stack_top
user_stack_top:
