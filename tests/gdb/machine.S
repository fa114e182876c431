// Starts a program without an operating system, and ends its machine.
.globl _start, power_off
.section .text.start
#ifdef __riscv
_start:
  la sp, stack_top
  call main
1:
  j 1b
power_off:  // virt's test finisher
  li t0, 0x100000
  li t1, 0x5555
  sw t1, (t0)
  ret
#else
_start:
  adrp x0, stack_top
  add x0, x0, :lo12:stack_top
  mov sp, x0
  bl main
1:
  b 1b
power_off:  // PSCI's SYSTEM_OFF
  mov w0, #0x8
  movk w0, #0x8400, lsl #16
  hvc #0
  ret
#endif
