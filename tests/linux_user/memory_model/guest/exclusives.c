// Load-exclusive and store-exclusive (LR and SC) with something between them: what must make the store fail, and what must
// not keep it from succeeding for ever. Threads take turns by handshakes, so that every run goes the same way.
//   exit status 1 and a line for each that failed
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"

// A page of its own, cells of different reservation granules (at most 2 KiB, B2.9.3) and of the same one.
static location page[512] __attribute__((aligned(4096)));
static location *const cell = &page[0], *const neighbour = &page[1], *const far = &page[256];
static location turn[8] __attribute__((aligned(4096)));
static int failures;

static void report(const char *what, int failed) {
  printf("%s: %s\n", what, failed ? "FAILED" : "ok");
  failures += failed;
}

// --- another thread, which does one thing when asked

static void (*volatile deed)(void);
static void *other(void *unused) {
  (void)unused;
  for (uint64_t round = 1;; round += 2) {
    while (load_acquire(turn) != round) {
    }
    if (deed == NULL) return NULL;
    deed();
    store_release(turn, round + 1);
  }
}
static void hand_over(void) {
  const uint64_t round = load(turn) + 1;
  store_release(turn, round);
  while (load_acquire(turn) != round + 1) {
  }
}
static void change_and_back(void) { store(cell, 5), full_fence(), store(cell, 7); }
static void store_the_same(void) { store(cell, 7); }
static void store_elsewhere(void) { store(far, 1); }
static void add_nothing(void) { atomic_add(cell, 0); }
static void exclusive_nothing(void) { exclusive_add(cell, 0); }

// Whether the store succeeds: 0 or 1.
static int with(void (*what)(void)) {
  deed = what;
  int stored = 0;
  for (int i = 0; i < 50; ++i) {
    store(cell, 7);
    load_exclusive(cell);
    hand_over();
    stored |= store_exclusive(cell, 8);
  }
  return stored;
}

// --- this thread alone; each returns whether a loop of it ended before the last of many rounds

enum { kRounds = 10000 };
#define LOOP(name, between)                                 \
  static int name(void) {                                   \
    for (int i = 0; i < kRounds; ++i) {                     \
      const uint64_t value = load_exclusive(cell);          \
      between;                                              \
      if (store_exclusive(cell, value + 1)) return 1;       \
    }                                                       \
    return 0;                                               \
  }
LOOP(load_between, load(far))
LOOP(store_to_page, store(far, value))
LOOP(atomic_in_page, atomic_add(far, value))
LOOP(much_between, for (int n = 0; n < 40; ++n) store(&page[256 + n], load(&page[300 + n]) + value))
static __attribute__((noinline)) uint64_t first_half(location *at) { return load_exclusive(at); }
static __attribute__((noinline)) int second_half(location *at, uint64_t value) { return store_exclusive(at, value); }
static int in_functions(void) {
  for (int i = 0; i < kRounds; ++i) {
    if (second_half(cell, first_half(cell) + 1)) return 1;
  }
  return 0;
}

static void alone(void) {
  load_exclusive(cell);
  store_exclusive(cell, 7);
  report("a store-exclusive without a load-exclusive fails", store_exclusive(cell, 8) != 0);
  load_exclusive(cell);
  report("so does one to another place", store_exclusive(far, 8) != 0);
  load_exclusive(cell);
  syscall(SYS_getppid);
  report("and one behind a system call", store_exclusive(cell, 8) != 0);
  load_exclusive(cell);
  store(cell, 9);
  report("one that succeeds has seen the store before it", store_exclusive(cell, 8) && load(cell) != 8);

  report("a load between does not hinder it for ever", !load_between());
  report("nor does a store to the same page", !store_to_page());
  report("nor an atomic operation", !atomic_in_page());
  report("nor many accesses", !much_between());
  report("nor calls", !in_functions());
  uint64_t sum = load(cell);
  for (int i = 0; i < kRounds; ++i) exclusive_max(cell, sum + i % 3), sum = load(cell);
  report("nor branches between", sum != load(cell) || sum < 2);
}

// --- a stack whose nodes come back at once; the head's successor is read between the two exclusives

enum { kThreads = 3, kNodes = 4, kTurns = 4000 };
static struct node {
  location next, owners;
} __attribute__((aligned(64))) nodes[kNodes + 1];
static location head __attribute__((aligned(64))), lost;

static uint64_t pop(void) {
  uint64_t top;
  do {
    top = load_exclusive(&head);
    if (top == 0) return 0;
  } while (!store_exclusive(&head, load(&nodes[top].next)));
  full_fence();
  return top;
}
static void push(uint64_t node) {
  uint64_t top;
  do {
    top = load(&head);
    store(&nodes[node].next, top);
    full_fence();
    // The head must be the one that was stored: an ordinary compare and swap.
  } while (compare_and_swap(&head, top, node) != top);
}
static void *use_stack(void *unused) {
  (void)unused;
  for (int i = 0; i < kTurns; ++i) {
    // Two nodes, pushed in the order in which they came: the same head over other nodes.
    const uint64_t first = pop(), second = pop();
    for (int n = 0; n < 2; ++n) {
      const uint64_t node = n == 0 ? first : second;
      if (node == 0) continue;
      if (exchange(&nodes[node].owners, 1) != 0) atomic_add(&lost, 1);
      if (exchange(&nodes[node].owners, 0) != 1) atomic_add(&lost, 1);
    }
    if (second != 0 && i % 2) push(second);
    if (first != 0) push(first);
    if (second != 0 && i % 2 == 0) push(second);
  }
  return NULL;
}
static void stack(void) {
  pthread_t threads[kThreads];
  for (uint64_t node = 1; node <= kNodes; ++node) push(node);
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, use_stack, NULL);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  int seen[kNodes + 1] = {0}, count = 0;
  for (uint64_t node = pop(); node != 0 && count <= kNodes; node = pop()) ++count, ++seen[node];
  int wrong = count != kNodes || load(&lost) != 0;
  for (int node = 1; node <= kNodes; ++node) wrong |= seen[node] != 1;
  report("a stack keeps its nodes", wrong);
}

int main(void) {
  alone();
  pthread_t thread;
  pthread_create(&thread, NULL, other, NULL);
  report("a store-exclusive notices A-B-A", with(change_and_back));
  report("and the same value stored", with(store_the_same));
  report("and an atomic operation without effect", with(add_nothing));
  report("and an exclusive pair without effect", with(exclusive_nothing));
  with(store_elsewhere);  // may fail or not
  deed = NULL;
  store_release(turn, load(turn) + 1);
  pthread_join(thread, NULL);
  stack();
  return failures != 0;
}
