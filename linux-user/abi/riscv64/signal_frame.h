// struct rt_sigframe of riscv64 Linux (arch/riscv/kernel/signal.c) and what it is made of
// (arch/riscv/include/uapi/asm/{ucontext,sigcontext,ptrace}.h).
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

namespace menura::linux_user::riscv64 {

struct alignas(16) FpState {
  uint64_t f[32];
  uint32_t fcsr;
  // The union with the Q extension's state is larger. Its last words are the header of the next extension's state (V);
  // all zeros: no more.
  uint32_t reserved[67];
};

struct Mcontext {
  uint64_t pc;
  uint64_t x[31];  // x1-x31
  FpState fp;
};

struct Ucontext {
  uint64_t flags;
  uint64_t link;
  stack_t stack;
  uint64_t mask;
  uint8_t reserved_mask[1024 / 8 - sizeof(uint64_t)];
  alignas(16) Mcontext mcontext;
};

struct SignalFrame {
  siginfo_t info;
  Ucontext context;
};

// Sizes and offsets of those headers.
static_assert(sizeof(siginfo_t) == 128);
static_assert(sizeof(stack_t) == 24);
static_assert(sizeof(FpState) == 528);
static_assert(sizeof(Mcontext) == 784);
static_assert(offsetof(Ucontext, mask) == 40);
static_assert(offsetof(Ucontext, mcontext) == 176);
static_assert(sizeof(Ucontext) == 960);
static_assert(sizeof(SignalFrame) == 1088);

}  // namespace menura::linux_user::riscv64
