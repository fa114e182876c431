// Threads: two busy threads that meet now and then in a mutex and an atomic counter.
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t shared_sum;
static atomic_ulong meetings;
static long work;

static void* worker(void* argument) {
  uint64_t state = (uint64_t)(uintptr_t)argument + 1;
  for (long i = 0; i < work; ++i) {
    uint64_t local = 0;
    for (int j = 0; j < 2000; ++j) local += bench_random(&state) >> 32;
    pthread_mutex_lock(&mutex);
    shared_sum += local;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_add(&meetings, 1);
  }
  return NULL;
}

int main(int argc, char** argv) {
  work = bench_scale(argc, argv, 60000);
  // A second argument of 1 does the same work on one thread: what scaling is measured against.
  const int one = argc > 2 && argv[2][0] == '1';
  pthread_t thread;
  if (one) worker((void*)1);
  else if (pthread_create(&thread, NULL, worker, (void*)1) != 0) return 1;
  worker((void*)2);
  if (!one) pthread_join(thread, NULL);
  return bench_result(shared_sum + meetings);
}
