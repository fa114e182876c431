// struct rt_sigframe of arm64 Linux (arch/arm64/kernel/signal.c) and what it is made of
// (arch/arm64/include/uapi/asm/{ucontext,sigcontext}.h).
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

namespace menura::linux_user::arm64 {

// The head of each record in Mcontext::records; the list ends with one of magic 0 and size 0.
struct RecordHead {
  uint32_t magic;
  uint32_t size;  // bytes, this head included
};

inline constexpr uint32_t kFpsimdMagic = 0x46508001;
struct alignas(16) FpsimdRecord {
  RecordHead head;
  uint32_t fpsr;
  uint32_t fpcr;
  alignas(16) uint8_t v[32][16];
};

inline constexpr uint32_t kEsrMagic = 0x45535201;
struct EsrRecord {
  RecordHead head;
  uint64_t esr;
};

// Records that do not fit go on at `data`, a multiple of 16 (the kernel puts them right behind the list's end).
inline constexpr uint32_t kExtraMagic = 0x45585401;
struct ExtraRecord {
  RecordHead head;
  uint64_t data;
  uint32_t size;
  uint32_t reserved[3];
};

struct Mcontext {
  uint64_t fault_address;
  uint64_t regs[31];
  uint64_t sp;
  uint64_t pc;
  uint64_t pstate;
  alignas(16) uint8_t records[4096];
};

struct Ucontext {
  uint64_t flags;
  uint64_t link;
  stack_t stack;
  uint64_t mask;
  uint8_t reserved_mask[1024 / 8 - sizeof(uint64_t)];
  Mcontext mcontext;
};

struct SignalFrame {
  siginfo_t info;
  Ucontext context;
};

// Above the frame on the stack, for unwinders by frame pointer.
struct FrameRecord {
  uint64_t fp;
  uint64_t lr;
};

// Sizes and offsets of those headers.
static_assert(sizeof(siginfo_t) == 128);
static_assert(sizeof(stack_t) == 24);
static_assert(sizeof(FpsimdRecord) == 528);
static_assert(offsetof(FpsimdRecord, v) == 16);
static_assert(sizeof(EsrRecord) == 16);
static_assert(sizeof(ExtraRecord) == 32);
static_assert(offsetof(Mcontext, records) == 288);
static_assert(sizeof(Mcontext) == 4384);
static_assert(offsetof(Ucontext, mask) == 40);
static_assert(offsetof(Ucontext, mcontext) == 176);
static_assert(sizeof(Ucontext) == 4560);
static_assert(sizeof(SignalFrame) == 4688);

}  // namespace menura::linux_user::arm64
