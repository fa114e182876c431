// The vDSO of arm64 guests (vdso(7)): the functions that the kernel gives to every process.
//
// __kernel_rt_sigreturn has no CFI, like the kernel's own: unwinders know a signal frame by these two instructions, and
// restore all of it from there. The instruction before it is not the end of another function, for unwinders that look
// up the return address - 4.
//
// __kernel_clock_gettime answers CLOCK_MONOTONIC by itself: the virtual counter counts its nanoseconds (vcpu/door.h).

#define NR_rt_sigreturn 139
#define NR_clock_gettime 113
#define NR_clock_getres 114
#define NR_gettimeofday 169
#define CLOCK_MONOTONIC 1

.macro function name
  .globl \name
  .type \name, %function
  .p2align 4
\name:
.endm
.macro end name
  .size \name, . - \name
.endm
.macro calls name, number
  function \name
  .cfi_startproc
  bti c
  mov x8, #\number
  svc #0
  ret
  .cfi_endproc
  end \name
.endm

  .text
  .p2align 4
  nop
  nop
  nop
  nop
  nop
  nop
  nop
  nop
  .globl __kernel_rt_sigreturn
  .type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
  mov x8, #NR_rt_sigreturn
  svc #0
  end __kernel_rt_sigreturn

  function __kernel_clock_gettime
  .cfi_startproc
  bti c
  cmp w0, #CLOCK_MONOTONIC
  b.ne 1f
  mov w9, #0xca00  // 1,000,000,000
  movk w9, #0x3b9a, lsl #16
  mrs x10, cntvct_el0
  udiv x11, x10, x9
  msub x10, x11, x9, x10
  stp x11, x10, [x1]
  mov w0, #0
  ret
1:
  mov x8, #NR_clock_gettime
  svc #0
  ret
  .cfi_endproc
  end __kernel_clock_gettime

  calls __kernel_gettimeofday, NR_gettimeofday
  calls __kernel_clock_getres, NR_clock_getres
