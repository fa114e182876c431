# Starts the program of machine.c.
.globl _start
.section .text.start
_start:
  la sp, stack_top
  call main
1:
  j 1b
