// Memory-model tests: small programs for two to four threads, run many times, and outcomes that the architecture forbids
// (Arm ARM B2.3; RISC-V unprivileged, appendix A). Exit status 1 if one was seen. With the argument "weak" the programs run
// without their fences: outcomes are then counted, not judged, and show that the harness can see them.
//   usage: litmus [NAME | weak]
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arch.h"

enum { kThreads = 4, kBatch = 256, kMilliseconds = 150 };

// Locations and results of one run of a program; each location has a cache line of its own.
struct run {
  location x __attribute__((aligned(64)));
  location y __attribute__((aligned(64)));
  location r[4] __attribute__((aligned(64)));
};

struct program {
  const char *name;
  int threads;
  void (*thread[kThreads])(struct run *);
  int (*forbidden)(const struct run *);
  int weak;  // without fences: forbidden() is allowed
};

#define THREAD(name) static void name(struct run *t)
#define FORBIDDEN(name, condition) \
  static int name(const struct run *t) { return condition; }

// Message passing: who sees the second store sees the first.
FORBIDDEN(mp, t->r[0] == 1 && t->r[1] == 0)
THREAD(mp_dmb_0) { store(&t->x, 1), full_fence(), store(&t->y, 1); }
THREAD(mp_dmb_1) { t->r[0] = load(&t->y), full_fence(), t->r[1] = load(&t->x); }
THREAD(mp_st_0) { store(&t->x, 1), store_fence(), store(&t->y, 1); }
THREAD(mp_ld_1) { t->r[0] = load(&t->y), load_fence(), t->r[1] = load(&t->x); }
THREAD(mp_rel_0) { store(&t->x, 1), store_release(&t->y, 1); }
THREAD(mp_acq_1) { t->r[0] = load_acquire(&t->y), t->r[1] = load(&t->x); }
THREAD(mp_acqpc_1) { t->r[0] = load_acquire_pc(&t->y), t->r[1] = load(&t->x); }
THREAD(mp_addr_1) {
  const uint64_t seen = load(&t->y);
  t->r[0] = seen, t->r[1] = load_after(&t->x, seen);
}
THREAD(mp_swp_0) { store(&t->x, 1), exchange(&t->y, 1); }
THREAD(mp_weak_0) { store(&t->x, 1), store(&t->y, 1); }
THREAD(mp_weak_1) { t->r[0] = load(&t->y), t->r[1] = load(&t->x); }

// Store buffering: one of the two sees the other's store. Acquire loads stay behind release stores (RCsc).
FORBIDDEN(sb, t->r[0] == 0 && t->r[1] == 0)
THREAD(sb_dmb_0) { store(&t->x, 1), full_fence(), t->r[0] = load(&t->y); }
THREAD(sb_dmb_1) { store(&t->y, 1), full_fence(), t->r[1] = load(&t->x); }
THREAD(sb_sys_0) { store(&t->x, 1), system_fence(), t->r[0] = load(&t->y); }
THREAD(sb_rel_0) { store_release(&t->x, 1), t->r[0] = load_acquire(&t->y); }
THREAD(sb_rel_1) { store_release(&t->y, 1), t->r[1] = load_acquire(&t->x); }
THREAD(sb_swp_0) { exchange(&t->x, 1), full_fence(), t->r[0] = load(&t->y); }
THREAD(sb_weak_0) { store(&t->x, 1), t->r[0] = load(&t->y); }
THREAD(sb_weak_1) { store(&t->y, 1), t->r[1] = load(&t->x); }

// Load buffering: no load sees a store that comes after it.
FORBIDDEN(lb, t->r[0] == 1 && t->r[1] == 1)
THREAD(lb_dmb_0) { t->r[0] = load(&t->x), full_fence(), store(&t->y, 1); }
THREAD(lb_dmb_1) { t->r[1] = load(&t->y), full_fence(), store(&t->x, 1); }
THREAD(lb_acq_0) { t->r[0] = load_acquire(&t->x), store(&t->y, 1); }
THREAD(lb_rel_1) { t->r[1] = load(&t->y), store_release(&t->x, 1); }
THREAD(lb_data_0) {
  const uint64_t seen = load(&t->x);
  t->r[0] = seen, store_after(&t->y, 1, seen);
}
THREAD(lb_data_1) {
  const uint64_t seen = load(&t->y);
  t->r[1] = seen, store_after(&t->x, 1, seen);
}
THREAD(lb_weak_0) { t->r[0] = load(&t->x), store(&t->y, 1); }
THREAD(lb_weak_1) { t->r[1] = load(&t->y), store(&t->x, 1); }

// Independent reads of independent writes: two readers agree on the order of two stores.
FORBIDDEN(iriw, t->r[0] == 1 && t->r[1] == 0 && t->r[2] == 1 && t->r[3] == 0)
THREAD(write_x) { store(&t->x, 1); }
THREAD(write_y) { store(&t->y, 1); }
THREAD(release_x) { store_release(&t->x, 1); }
THREAD(release_y) { store_release(&t->y, 1); }
THREAD(iriw_dmb_2) { t->r[0] = load(&t->x), full_fence(), t->r[1] = load(&t->y); }
THREAD(iriw_dmb_3) { t->r[2] = load(&t->y), full_fence(), t->r[3] = load(&t->x); }
THREAD(iriw_acq_2) { t->r[0] = load_acquire(&t->x), t->r[1] = load_acquire(&t->y); }
THREAD(iriw_acq_3) { t->r[2] = load_acquire(&t->y), t->r[3] = load_acquire(&t->x); }

// R: a store that loses against a later one of the other thread was before it.
FORBIDDEN(r, t->y == 2 && t->r[0] == 0)
THREAD(r_dmb_0) { store(&t->x, 1), full_fence(), store(&t->y, 1); }
THREAD(r_dmb_1) { store(&t->y, 2), full_fence(), t->r[0] = load(&t->x); }
THREAD(r_rel_0) { store_release(&t->x, 1), store_release(&t->y, 1); }
THREAD(r_rel_1) { store_release(&t->y, 2), t->r[0] = load_acquire(&t->x); }
THREAD(r_weak_1) { store(&t->y, 2), t->r[0] = load(&t->x); }

// 2+2W: stores to two locations in opposite orders do not both lose.
FORBIDDEN(ww, t->x == 1 && t->y == 1)
THREAD(ww_dmb_0) { store(&t->x, 1), full_fence(), store(&t->y, 2); }
THREAD(ww_dmb_1) { store(&t->y, 1), full_fence(), store(&t->x, 2); }
THREAD(ww_st_0) { store(&t->x, 1), store_fence(), store(&t->y, 2); }
THREAD(ww_rel_1) { store(&t->y, 1), store_release(&t->x, 2); }

// Coherence of one location, without any fence: reads do not go back, a thread sees its own stores and what came after.
FORBIDDEN(co_rr, t->r[0] > t->r[1])
THREAD(co_w2) { store(&t->x, 1), store(&t->x, 2); }
THREAD(co_rr_1) { t->r[0] = load(&t->x), t->r[1] = load(&t->x); }
FORBIDDEN(co_wr, t->r[0] == 0 || (t->r[0] == 3 && t->x == 1))
THREAD(co_wr_0) { store(&t->x, 1), t->r[0] = load(&t->x); }
THREAD(co_w3) { store(&t->x, 3); }
FORBIDDEN(co_rw, t->r[0] == 1 || (t->r[0] == 2 && t->x == 2))
THREAD(co_rw_0) { t->r[0] = load(&t->x), store(&t->x, 1); }
THREAD(co_w_2) { store(&t->x, 2); }
FORBIDDEN(co_ww, t->x == 1)

static const struct program kPrograms[] = {
    {"MP+dmb+dmb", 2, {mp_dmb_0, mp_dmb_1}, mp, 0},
    {"MP+dmbst+dmbld", 2, {mp_st_0, mp_ld_1}, mp, 0},
    {"MP+rel+acq", 2, {mp_rel_0, mp_acq_1}, mp, 0},
    {"MP+rel+acqpc", 2, {mp_rel_0, mp_acqpc_1}, mp, 0},
    {"MP+rel+addr", 2, {mp_rel_0, mp_addr_1}, mp, 0},
    {"MP+swap+acq", 2, {mp_swp_0, mp_acq_1}, mp, 0},
    {"SB+dmb+dmb", 2, {sb_dmb_0, sb_dmb_1}, sb, 0},
    {"SB+dmbsy+dmb", 2, {sb_sys_0, sb_dmb_1}, sb, 0},
    {"SB+rel-acq+rel-acq", 2, {sb_rel_0, sb_rel_1}, sb, 0},
    {"SB+rel-acq+dmb", 2, {sb_rel_0, sb_dmb_1}, sb, 0},
    {"SB+swap-dmb+dmb", 2, {sb_swp_0, sb_dmb_1}, sb, 0},
    {"LB+dmb+dmb", 2, {lb_dmb_0, lb_dmb_1}, lb, 0},
    {"LB+acq+rel", 2, {lb_acq_0, lb_rel_1}, lb, 0},
    {"LB+data+data", 2, {lb_data_0, lb_data_1}, lb, 0},
    {"IRIW+dmb+dmb", 4, {write_x, write_y, iriw_dmb_2, iriw_dmb_3}, iriw, 0},
    {"IRIW+rel+acq", 4, {release_x, release_y, iriw_acq_2, iriw_acq_3}, iriw, 0},
    {"R+dmb+dmb", 2, {r_dmb_0, r_dmb_1}, r, 0},
    {"R+rel+rel-acq", 2, {r_rel_0, r_rel_1}, r, 0},
    {"2+2W+dmb+dmb", 2, {ww_dmb_0, ww_dmb_1}, ww, 0},
    {"2+2W+dmbst+rel", 2, {ww_st_0, ww_rel_1}, ww, 0},
    {"CoRR", 2, {co_w2, co_rr_1}, co_rr, 0},
    {"CoWR", 2, {co_wr_0, co_w3}, co_wr, 0},
    {"CoRW", 2, {co_rw_0, co_w_2}, co_rw, 0},
    {"CoWW", 2, {co_w2, co_rr_1}, co_ww, 0},
    {"MP", 2, {mp_weak_0, mp_weak_1}, mp, 1},
    {"SB", 2, {sb_weak_0, sb_weak_1}, sb, 1},
    {"LB", 2, {lb_weak_0, lb_weak_1}, lb, 1},
    {"R", 2, {r_dmb_0, r_weak_1}, r, 1},
};

static struct run runs[kBatch];
static const struct program *current;
static volatile int stop;
static pthread_barrier_t gate;
static struct {
  location at __attribute__((aligned(64)));
} progress[kThreads];

static void *work(void *argument) {
  const long me = (long)argument;
  const int threads = current->threads;
  void (*const step)(struct run *) = current->thread[me];
  for (;;) {
    pthread_barrier_wait(&gate);  // the runs are fresh
    if (stop) return NULL;
    for (uint64_t i = 0; i < kBatch; ++i) {
      // Start each run together, if the others are running at all.
      __atomic_store_n(&progress[me].at, i + 1, __ATOMIC_SEQ_CST);
      for (int other = 0; other < threads; ++other) {
        for (int spins = 0; spins < 200 && __atomic_load_n(&progress[other].at, __ATOMIC_ACQUIRE) < i + 1; ++spins) {
        }
      }
      step(&runs[i]);
    }
    pthread_barrier_wait(&gate);  // the runs are done
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

// How many of the runs of some milliseconds ended in the forbidden outcome.
static long count(const struct program *program, long *total) {
  pthread_t threads[kThreads];
  current = program;
  stop = 0;
  pthread_barrier_init(&gate, NULL, program->threads + 1);
  for (long i = 0; i < program->threads; ++i) pthread_create(&threads[i], NULL, work, (void *)i);
  const double end = now() + kMilliseconds;
  long seen = 0;
  for (*total = 0; *total == 0 || now() < end; *total += kBatch) {
    memset(runs, 0, sizeof runs);
    for (int i = 0; i < kThreads; ++i) progress[i].at = 0;
    pthread_barrier_wait(&gate);
    pthread_barrier_wait(&gate);
    for (int i = 0; i < kBatch; ++i) seen += program->forbidden(&runs[i]) != 0;
  }
  stop = 1;
  pthread_barrier_wait(&gate);
  for (int i = 0; i < program->threads; ++i) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&gate);
  return seen;
}

int main(int argc, char **argv) {
  const int weak = argc > 1 && strcmp(argv[1], "weak") == 0;
  int failures = 0;
  for (unsigned i = 0; i < sizeof kPrograms / sizeof *kPrograms; ++i) {
    const struct program *program = &kPrograms[i];
    if (program->weak != weak || (argc > 1 && !weak && strcmp(argv[1], program->name) != 0)) continue;
    long total;
    const long seen = count(program, &total);
    printf("%s: %ld of %ld runs ended %s\n", program->name, seen, total, weak ? "out of order" : "in a forbidden outcome");
    failures += !weak && seen != 0;
  }
  return failures != 0;
}
