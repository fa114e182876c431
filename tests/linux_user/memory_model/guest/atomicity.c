// What must not be torn or lost between threads: single-copy atomic accesses, read-modify-write, exclusive pairs, locks.
//   exit status 1 and a line for each that failed
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arch.h"

enum { kThreads = 3, kAdds = 20000, kMilliseconds = 120 };

static struct {
  uint8_t bytes[64];
} __attribute__((aligned(64))) shared;
static location *const cell = (location *)&shared;
static volatile int stop;
static int failures;

static void report(const char *what, int failed) {
  printf("%s: %s\n", what, failed ? "FAILED" : "ok");
  failures += failed;
}

// Runs the function on each thread until some milliseconds are over, or until all end by themselves; adds up what they return.
static long run(void *(*function)(void *), int threads, int timed) {
  pthread_t ids[kThreads];
  long sum = 0;
  stop = 0;
  for (long i = 0; i < threads; ++i) pthread_create(&ids[i], NULL, function, (void *)i);
  if (timed) nanosleep(&(struct timespec){0, kMilliseconds * 1000000L}, NULL);
  stop = 1;
  for (int i = 0; i < threads; ++i) {
    void *result;
    pthread_join(ids[i], &result);
    sum += (long)result;
  }
  return sum;
}

static void *add_atomic(void *unused) {
  (void)unused;
  for (int i = 0; i < kAdds; ++i) atomic_add(cell, 1);
  return 0;
}
static void *add_exclusive(void *unused) {
  (void)unused;
  for (int i = 0; i < kAdds; ++i) exclusive_add(cell, 1);
  return 0;
}
// Both kinds on one location.
static void *add_mixed(void *me) {
  return (long)me % 2 ? add_atomic(me) : add_exclusive(me);
}
static location guard __attribute__((aligned(64)));
static void *add_locked(void *unused) {
  (void)unused;
  for (int i = 0; i < kAdds / 10; ++i) {
    lock(&guard);
    store(cell, load(cell) + 1);
    unlock(&guard);
  }
  return 0;
}
// Peterson's lock: needs the order of a store and a later load.
static location wants[2][8] __attribute__((aligned(64))), turn __attribute__((aligned(64)));
static void *add_peterson(void *argument) {
  const long me = (long)argument;
  for (int i = 0; i < kAdds / 10; ++i) {
    store(&wants[me][0], 1);
    store_release(&turn, !me);
    full_fence();
    while (load(&wants[!me][0]) == 1 && load(&turn) == (uint64_t)!me) {
    }
    full_fence();
    store(cell, load(cell) + 1);
    store_release(&wants[me][0], 0);
  }
  return 0;
}

static void count(const char *what, void *(*function)(void *), int threads, uint64_t expected) {
  *cell = 0;
  run(function, threads, 0);
  report(what, *cell != expected);
}

// Writers store all zeros or all ones; a reader that sees both halves differ has seen a torn access.
#define TEARING(name, bytes, write, read)                                         \
  static void *name(void *me) {                                                   \
    uint8_t *const at = name##_at;                                                \
    long torn = 0;                                                                \
    if ((long)me != 0) {                                                          \
      for (uint64_t value = 0; !stop; value = ~value) write;                      \
      return 0;                                                                   \
    }                                                                             \
    while (!stop) {                                                               \
      uint64_t low, high;                                                         \
      read;                                                                       \
      torn += low != high;                                                        \
    }                                                                             \
    return (void *)torn;                                                          \
  }
#if defined(__aarch64__)
// An aligned doubleword; LSE2: any access within 16 aligned bytes, and pairs of them (B2.2.1).
static uint8_t *doubleword_at = shared.bytes, *unaligned_at = shared.bytes + 3, *pair_at = shared.bytes, *vector_at = shared.bytes,
               *casp_at = shared.bytes, *exclusive_pair_at = shared.bytes;
#define STR __asm__ volatile("str %0, [%1]" : : "r"(value), "r"(at) : "memory")
#define LDR                                                                   \
  __asm__ volatile("ldr %0, [%1]" : "=r"(low) : "r"(at) : "memory");          \
  high = low >> 32, low &= 0xffffffff
TEARING(doubleword, 8, STR, LDR)
TEARING(unaligned, 8, STR, LDR)
TEARING(pair, 16, __asm__ volatile("stp %0, %0, [%1]" : : "r"(value), "r"(at) : "memory"),
        __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(low), "=r"(high) : "r"(at) : "memory"))
TEARING(vector, 16, __asm__ volatile("dup v0.2d, %0\n str q0, [%1]" : : "r"(value), "r"(at) : "v0", "memory"),
        __asm__ volatile("ldr q0, [%2]\n fmov %0, d0\n umov %1, v0.d[1]" : "=&r"(low), "=r"(high) : "r"(at) : "v0", "memory"))
TEARING(casp, 16,
        __asm__ volatile(".arch armv8.1-a\n mov x2, %0\n mov x3, %0\n mvn x0, %0\n mvn x1, %0\n caspal x0, x1, x2, x3, [%1]"
                         :
                         : "r"(value), "r"(at)
                         : "x0", "x1", "x2", "x3", "memory"),
        __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(low), "=r"(high) : "r"(at) : "memory"))
TEARING(exclusive_pair, 16,
        __asm__ volatile("1: ldxp x0, x1, [%1]\n stxp w2, %0, %0, [%1]\n cbnz w2, 1b" : : "r"(value), "r"(at) : "x0", "x1", "x2", "memory"),
        __asm__ volatile("1: ldxp %0, %1, [%2]\n stxp w2, %0, %1, [%2]\n cbnz w2, 1b" : "=&r"(low), "=&r"(high) : "r"(at) : "x2", "memory"))
#endif

int main(void) {
  count("atomic add", add_atomic, 3, 3 * kAdds);
  count("exclusive add", add_exclusive, 3, 3 * kAdds);
  count("atomic and exclusive add", add_mixed, 3, 3 * kAdds);
  count("lock", add_locked, 3, 3 * (kAdds / 10));
  count("Peterson's lock", add_peterson, 2, 2 * (kAdds / 10));
#if defined(__aarch64__)
#define TORN(name) memset(&shared, 0, sizeof shared), report(#name " is not torn", run(name, 2, 1) != 0)
  TORN(doubleword);
  TORN(unaligned);
  TORN(pair);
  TORN(vector);
  TORN(casp);
  TORN(exclusive_pair);
#endif
  return failures != 0;
}
