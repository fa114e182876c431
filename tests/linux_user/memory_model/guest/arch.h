// Single accesses and fences by name, for each architecture. Accesses are 64 bits wide and one instruction each, so that the
// compiler can neither join nor move them.
#pragma once
#include <stdint.h>

typedef volatile uint64_t location;

#if defined(__aarch64__)

#define LOAD(name, instruction)                                                          \
  static inline uint64_t name(location *at) {                                            \
    uint64_t value;                                                                      \
    __asm__ volatile(instruction " %0, [%1]" : "=r"(value) : "r"(at) : "memory");        \
    return value;                                                                        \
  }
#define STORE(name, instruction)                                                         \
  static inline void name(location *at, uint64_t value) {                                \
    __asm__ volatile(instruction " %0, [%1]" : : "r"(value), "r"(at) : "memory");        \
  }
LOAD(load, "ldr")
LOAD(load_acquire, "ldar")
LOAD(load_acquire_pc, ".arch armv8.3-a\n ldapr")
STORE(store, "str")
STORE(store_release, "stlr")
// A load whose address depends on `before`, and a store whose value does.
static inline uint64_t load_after(location *at, uint64_t before) {
  uint64_t value;
  __asm__ volatile("eor %0, %2, %2\n ldr %0, [%1, %0]" : "=&r"(value) : "r"(at), "r"(before) : "memory");
  return value;
}
static inline void store_after(location *at, uint64_t value, uint64_t before) {
  uint64_t scratch;
  __asm__ volatile("eor %0, %3, %3\n add %0, %0, %1\n str %0, [%2]" : "=&r"(scratch) : "r"(value), "r"(at), "r"(before) : "memory");
}
static inline uint64_t exchange(location *at, uint64_t value) {
  uint64_t old;
  __asm__ volatile(".arch armv8.1-a\n swpal %1, %0, [%2]" : "=&r"(old) : "r"(value), "r"(at) : "memory");
  return old;
}
static inline void atomic_add(location *at, uint64_t value) {
  __asm__ volatile(".arch armv8.1-a\n ldadd %0, xzr, [%1]" : : "r"(value), "r"(at) : "memory");
}
static inline void exclusive_add(location *at, uint64_t value) {
  uint64_t old;
  uint32_t failed;
  __asm__ volatile("1: ldxr %0, [%3]\n add %0, %0, %2\n stxr %w1, %0, [%3]\n cbnz %w1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(value), "r"(at)
                   : "memory");
}
// The two halves; the second returns whether it has stored.
static inline uint64_t load_exclusive(location *at) {
  uint64_t value;
  __asm__ volatile("ldaxr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
  return value;
}
static inline int store_exclusive(location *at, uint64_t value) {
  uint32_t failed;
  __asm__ volatile("stlxr %w0, %1, [%2]" : "=&r"(failed) : "r"(value), "r"(at) : "memory");
  return failed == 0;
}
// With ways that part and meet again between the two.
static inline void exclusive_max(location *at, uint64_t value) {
  uint64_t old;
  uint32_t failed;
  __asm__ volatile(
      "1: ldaxr %0, [%3]\n cmp %0, %2\n b.lo 2f\n b 3f\n 2: mov %0, %2\n 3: tbz %0, #0, 4f\n eor %0, %0, #2\n eor %0, %0, #2\n"
      "4: stlxr %w1, %0, [%3]\n cbnz %w1, 1b"
      : "=&r"(old), "=&r"(failed)
      : "r"(value), "r"(at)
      : "cc", "memory");
}
static inline uint64_t compare_and_swap(location *at, uint64_t expected, uint64_t value) {
  uint64_t old;
  uint32_t failed;
  __asm__ volatile("1: ldaxr %0, [%4]\n cmp %0, %2\n b.ne 2f\n stlxr %w1, %3, [%4]\n cbnz %w1, 1b\n 2:"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(expected), "r"(value), "r"(at)
                   : "cc", "memory");
  return old;
}
static inline void lock(location *at) {
  uint64_t old;
  uint32_t failed;
  __asm__ volatile("1: ldaxr %0, [%3]\n cbnz %0, 1b\n stxr %w1, %2, [%3]\n cbnz %w1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(1UL), "r"(at)
                   : "memory");
}
static inline void unlock(location *at) { store_release(at, 0); }
static inline void full_fence(void) { __asm__ volatile("dmb ish" : : : "memory"); }
static inline void system_fence(void) { __asm__ volatile("dmb sy" : : : "memory"); }
static inline void load_fence(void) { __asm__ volatile("dmb ishld" : : : "memory"); }
static inline void store_fence(void) { __asm__ volatile("dmb ishst" : : : "memory"); }

#elif defined(__riscv)

#define LOAD(name, instruction)                                                    \
  static inline uint64_t name(location *at) {                                      \
    uint64_t value;                                                                \
    __asm__ volatile(instruction : "=r"(value) : "r"(at) : "memory");              \
    return value;                                                                  \
  }
LOAD(load, "ld %0, (%1)")
// The mappings of C's seq_cst, acquire and release accesses (A.5 of the unprivileged manual). Loads of the first kind pair
// with stores of the first kind.
LOAD(load_acquire, "fence rw, rw\n ld %0, (%1)\n fence r, rw")
LOAD(load_acquire_pc, "ld %0, (%1)\n fence r, rw")
static inline void store(location *at, uint64_t value) {
  __asm__ volatile("sd %0, (%1)" : : "r"(value), "r"(at) : "memory");
}
static inline void store_release(location *at, uint64_t value) {
  __asm__ volatile("fence rw, w\n sd %0, (%1)" : : "r"(value), "r"(at) : "memory");
}
static inline uint64_t load_after(location *at, uint64_t before) {
  uint64_t value;
  __asm__ volatile("xor %0, %2, %2\n add %0, %0, %1\n ld %0, (%0)" : "=&r"(value) : "r"(at), "r"(before) : "memory");
  return value;
}
static inline void store_after(location *at, uint64_t value, uint64_t before) {
  uint64_t scratch;
  __asm__ volatile("xor %0, %3, %3\n add %0, %0, %1\n sd %0, (%2)" : "=&r"(scratch) : "r"(value), "r"(at), "r"(before) : "memory");
}
static inline uint64_t exchange(location *at, uint64_t value) {
  uint64_t old;
  __asm__ volatile("amoswap.d.aqrl %0, %1, (%2)" : "=&r"(old) : "r"(value), "r"(at) : "memory");
  return old;
}
static inline void atomic_add(location *at, uint64_t value) {
  __asm__ volatile("amoadd.d zero, %0, (%1)" : : "r"(value), "r"(at) : "memory");
}
static inline void exclusive_add(location *at, uint64_t value) {
  uint64_t old, failed;
  __asm__ volatile("1: lr.d %0, (%3)\n add %0, %0, %2\n sc.d %1, %0, (%3)\n bnez %1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(value), "r"(at)
                   : "memory");
}
static inline uint64_t load_exclusive(location *at) {
  uint64_t value;
  __asm__ volatile("lr.d.aqrl %0, (%1)" : "=r"(value) : "r"(at) : "memory");
  return value;
}
static inline int store_exclusive(location *at, uint64_t value) {
  uint64_t failed;
  __asm__ volatile("sc.d.aqrl %0, %1, (%2)" : "=&r"(failed) : "r"(value), "r"(at) : "memory");
  return failed == 0;
}
static inline void exclusive_max(location *at, uint64_t value) {
  uint64_t old, failed;
  __asm__ volatile(
      "1: lr.d.aqrl %0, (%3)\n andi %1, %0, 1\n bltu %0, %2, 2f\n j 3f\n 2: mv %0, %2\n 3: bnez %1, 4f\n xori %0, %0, 2\n"
      "xori %0, %0, 2\n 4: sc.d.aqrl %1, %0, (%3)\n bnez %1, 1b"
      : "=&r"(old), "=&r"(failed)
      : "r"(value), "r"(at)
      : "memory");
}
static inline uint64_t compare_and_swap(location *at, uint64_t expected, uint64_t value) {
  uint64_t old, failed;
  __asm__ volatile("1: lr.d.aqrl %0, (%4)\n bne %0, %2, 2f\n sc.d.aqrl %1, %3, (%4)\n bnez %1, 1b\n 2:"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(expected), "r"(value), "r"(at)
                   : "memory");
  return old;
}
static inline void lock(location *at) {
  uint64_t old, failed;
  __asm__ volatile("1: lr.d.aq %0, (%3)\n bnez %0, 1b\n sc.d %1, %2, (%3)\n bnez %1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(1UL), "r"(at)
                   : "memory");
}
static inline void unlock(location *at) { store_release(at, 0); }
static inline void full_fence(void) { __asm__ volatile("fence rw, rw" : : : "memory"); }
static inline void system_fence(void) { __asm__ volatile("fence iorw, iorw" : : : "memory"); }
static inline void load_fence(void) { __asm__ volatile("fence r, rw" : : : "memory"); }
static inline void store_fence(void) { __asm__ volatile("fence w, w" : : : "memory"); }

#else
#error no accesses for this architecture
#endif
