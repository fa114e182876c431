#include "linux-user/syscalls/guest_copy.h"

#include <ucontext.h>

// Assembly, so that the range of instructions that may fault is known and no register state is lost. Copies of 1, 2, 4,
// 8 and 16 bytes are single accesses: the interpreter's loads and stores rely on it. (One of 16 aligned bytes is atomic
// on hosts with AVX: Intel SDM volume 3, 9.1.1; AMD64 APM volume 2, 7.3.2.)
asm(R"(
  .text
  .p2align 4
  .globl menura_guest_copy
  .type menura_guest_copy, @function
menura_guest_copy:
  cmpq $8, %rdx
  je 2f
  cmpq $16, %rdx
  je 3f
  cmpq $4, %rdx
  je 5f
  cmpq $2, %rdx
  je 6f
  movq %rdx, %rcx
  cld
menura_guest_copy_begin:
  rep movsb
  jmp 4f
2: movq (%rsi), %rax
  movq %rax, (%rdi)
  jmp 4f
3: movdqu (%rsi), %xmm0
  movdqu %xmm0, (%rdi)
  jmp 4f
5: movl (%rsi), %eax
  movl %eax, (%rdi)
  jmp 4f
6: movzwl (%rsi), %eax
  movw %ax, (%rdi)
menura_guest_copy_end:
4: xorl %eax, %eax
  ret
  .size menura_guest_copy, .-menura_guest_copy

  .p2align 4
  .globl menura_guest_strlen
  .type menura_guest_strlen, @function
menura_guest_strlen:
  xorl %eax, %eax
menura_guest_strlen_begin:
1: cmpq %rsi, %rax
  jae 2f
  cmpb $0, (%rdi,%rax)
  je 2f
  incq %rax
  jmp 1b
menura_guest_strlen_end:
2: ret
menura_guest_copy_fault:
  movq $-14, %rax
  ret
  .size menura_guest_strlen, .-menura_guest_strlen
)");

extern "C" {
extern const char menura_guest_copy_begin[], menura_guest_copy_end[];
extern const char menura_guest_strlen_begin[], menura_guest_strlen_end[];
extern const char menura_guest_copy_fault[];
}

namespace menura::linux_user {

bool recover_guest_copy(void* host_context) {
  auto& rip = static_cast<ucontext_t*>(host_context)->uc_mcontext.gregs[REG_RIP];
  const auto inside = [&](const char* begin, const char* end) {
    return rip >= reinterpret_cast<greg_t>(begin) && rip < reinterpret_cast<greg_t>(end);
  };
  if (!inside(menura_guest_copy_begin, menura_guest_copy_end) &&
      !inside(menura_guest_strlen_begin, menura_guest_strlen_end)) {
    return false;
  }
  rip = reinterpret_cast<greg_t>(menura_guest_copy_fault);
  return true;
}

}  // namespace menura::linux_user
