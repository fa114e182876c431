# Machine mode on virt: a hot loop, a character, an exception, a timer interrupt that ends WFI, power-off.
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, 3f
    la t0, handler
    csrw mtvec, t0
    li t1, 20000
1:  addi t1, t1, -1
    bnez t1, 1b
    li t0, 0x10000000           # ns16550a, THR
    li t1, '!'
    sb t1, 0(t0)
    ecall
    li t0, 0x200bff8            # aclint, mtime
    ld t1, 0(t0)
    li t2, 5000000              # half a second
    add t1, t1, t2
    li t0, 0x2004000            # mtimecmp of hart 0
    sd t1, 0(t0)
    li t0, 0x80                 # mie.MTIE
    csrw mie, t0
2:  wfi                         # ends also where it comes too late
    csrsi mstatus, 8            # MIE
    csrci mstatus, 8
    beqz s0, 2b
    li t0, 0x100000             # sifive,test
    li t1, 0x5555
    sw t1, 0(t0)
3:  wfi
    j 3b

    .balign 4
handler:
    csrr t3, mcause
    bltz t3, interrupt
    csrr t3, mepc
    addi t3, t3, 4
    csrw mepc, t3
    mret
interrupt:
    csrw mie, zero
    li t3, 0x2004000            # mtimecmp: the line goes low
    li t4, -1
    sd t4, 0(t3)
    li s0, 1
    mret
