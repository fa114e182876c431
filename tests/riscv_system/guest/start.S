# Entry, and running code at a privilege level until it traps. Programs are linked at the start of virt's RAM and know
# nothing of the board but its console (16550 at 0x10000000), its test finisher (0x100000) and its CLINT (0x2000000).
        .section .text.start, "ax"
        .globl  _start
_start:
        csrr    t0, mhartid
        bnez    t0, park
        la      sp, stack_top
        la      t0, __bss_start
        la      t1, _end
1:      sd      zero, (t0)
        addi    t0, t0, 8
        bltu    t0, t1, 1b
        call    main
        li      t0, 0x100000
        li      t1, 0x5555
        sw      t1, (t0)
#ifdef HARTS
# The others wait for an interrupt from hart 0, and then for what they are to do: void other_hart(u64 hart).
park:   csrwi   mie, 8
1:      wfi
        la      t1, begun
        lw      t1, (t1)
        beqz    t1, 1b
        mv      a0, t0
        slli    t0, t0, 12
        la      sp, other_stacks
        add     sp, sp, t0
        call    other_hart
        .data
        .globl  begun
        .align  2
begun:  .word   0
#else
park:   wfi
        j       park
#endif

        .text
# void enter(unsigned long pc, unsigned long argument): mret to pc with mstatus as it is; returns when something traps, with
# `seen` filled in. What traps to supervisor mode makes a note there and comes back by ecall.
        .globl  enter
        .align  2
enter:
        addi    sp, sp, -112
        sd      ra, 0(sp)
        sd      s0, 8(sp)
        sd      s1, 16(sp)
        sd      s2, 24(sp)
        sd      s3, 32(sp)
        sd      s4, 40(sp)
        sd      s5, 48(sp)
        sd      s6, 56(sp)
        sd      s7, 64(sp)
        sd      s8, 72(sp)
        sd      s9, 80(sp)
        sd      s10, 88(sp)
        sd      s11, 96(sp)
        sd      gp, 104(sp)
        la      t0, saved_sp
        sd      sp, (t0)
        la      t0, machine_trap
        csrw    mtvec, t0
        la      t0, supervisor_trap
        csrw    stvec, t0
        csrw    mepc, a0
        la      t0, seen
        sd      zero, 0(t0)
        mv      a0, a1
        mret

        .align  2
        .globl  machine_trap
machine_trap:
        csrw    mscratch, t1
        la      t1, seen
        sd      a0, 48(t1)
        ld      t2, 0(t1)
        csrr    t0, mstatus
        sd      t0, 40(t1)
        bnez    t2, 2f                  # supervisor mode has made its note
        li      t0, 'M'
        sd      t0, 0(t1)
        csrr    t0, mcause
        sd      t0, 8(t1)
        csrr    t0, mtval
        sd      t0, 16(t1)
        csrr    t0, mepc
        sd      t0, 24(t1)
        csrr    t0, mstatus
        sd      t0, 32(t1)
2:      csrr    t0, mip
        sd      t0, 56(t1)
        # Nothing of what the code has set up stays in the way.
        li      t0, 0x20000             # MPRV
        csrc    mstatus, t0
        la      t0, saved_sp
        ld      sp, (t0)
        ld      ra, 0(sp)
        ld      s0, 8(sp)
        ld      s1, 16(sp)
        ld      s2, 24(sp)
        ld      s3, 32(sp)
        ld      s4, 40(sp)
        ld      s5, 48(sp)
        ld      s6, 56(sp)
        ld      s7, 64(sp)
        ld      s8, 72(sp)
        ld      s9, 80(sp)
        ld      s10, 88(sp)
        ld      s11, 96(sp)
        ld      gp, 104(sp)
        addi    sp, sp, 112
        ret

        .align  2
        .globl  supervisor_trap
supervisor_trap:
        la      t1, seen
        li      t0, 'S'
        sd      t0, 0(t1)
        csrr    t0, scause
        sd      t0, 8(t1)
        csrr    t0, stval
        sd      t0, 16(t1)
        csrr    t0, sepc
        sd      t0, 24(t1)
        csrr    t0, sstatus
        sd      t0, 32(t1)
        ecall

        # Vectored: entry n sets t3 to n.
        .align  8
        .globl  machine_vectors
machine_vectors:
        .rept   16
        j       1f
        .endr
1:      csrr    t3, mcause
        j       machine_trap

        .bss
        .align  4
saved_sp:
        .dword  0
        .globl  seen
        .align  4
seen:   .skip   64
        .align  4
stack:  .skip   16384
stack_top:
#ifdef HARTS
other_stacks:
        .skip   4 * 4096
#endif
