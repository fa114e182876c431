// Threads: shared and thread-local memory, mutexes, conditions, robust mutexes, many short lives, exit of the first.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, robust;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long guarded, turns;
static atomic_long counted;
static _Thread_local int mine = 5;

static void *work(void *argument) {
  for (int i = 0; i < 5000; ++i) {
    pthread_mutex_lock(&mutex);
    ++guarded;
    pthread_mutex_unlock(&mutex);
    atomic_fetch_add(&counted, 3);
    ++mine;
  }
  return (void *)((long)argument * 100000 + mine);
}
static void *take_and_die(void *argument) {
  pthread_mutex_lock(&robust);
  return NULL;
}
static void *ping(void *argument) {
  const long me = (long)argument;
  for (int i = 0; i < 500; ++i) {
    pthread_mutex_lock(&mutex);
    while (turns % 2 != me) pthread_cond_wait(&condition, &mutex);
    ++turns;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}
static void *nothing(void *argument) { return argument; }
static void *forever(void *argument) {
  while (1) pause();
}
static void *leave_last(void *argument) {
  usleep(20000);
  syscall(SYS_exit, 9);
  return NULL;
}
static void *finish(void *argument) {
  pthread_join(*(pthread_t *)argument, NULL);
  puts("the first thread is gone");
  exit(6);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  pthread_t threads[8];
  long sum = 0;
  for (long i = 0; i < 8; ++i) pthread_create(&threads[i], NULL, work, (void *)i);
  for (int i = 0; i < 8; ++i) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  printf("%ld %ld %ld %d\n", guarded, (long)counted, sum, mine);

  pthread_create(&threads[0], NULL, ping, (void *)0L);
  pthread_create(&threads[1], NULL, ping, (void *)1L);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  printf("turns %ld\n", turns);

  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&robust, &attributes);
  pthread_create(&threads[0], NULL, take_and_die, NULL);
  pthread_join(threads[0], NULL);
  printf("owner died: %d\n", pthread_mutex_lock(&robust) == EOWNERDEAD);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_t pi;
  pthread_mutex_init(&pi, &attributes);
  const int locked = pthread_mutex_lock(&pi);
  printf("priority-inheriting: %d %d\n", locked, pthread_mutex_unlock(&pi));

  for (int i = 0; i < 200; ++i) {
    pthread_create(&threads[0], NULL, nothing, NULL);
    if (i % 2 == 0) pthread_join(threads[0], NULL);
    else pthread_detach(threads[0]);
  }
  pthread_create(&threads[0], NULL, forever, NULL);
  pthread_cancel(threads[0]);
  void *result = NULL;
  pthread_join(threads[0], &result);
  printf("cancelled: %d\n", result == PTHREAD_CANCELED);

  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 10000000;
  if (until.tv_nsec >= 1000000000) ++until.tv_sec, until.tv_nsec -= 1000000000;
  const int timed = sem_timedwait(&semaphore, &until);
  printf("timed out: %d %s\n", timed, strerrorname_np(errno));
  printf("ids: %d\n", syscall(SYS_gettid) == getpid());

  // Which thread's status is the process's is the kernel's choice.
  const pid_t pid = fork();
  if (pid == 0) {
    pthread_create(&threads[0], NULL, leave_last, NULL);
    syscall(SYS_exit, 4);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  printf("status of two: %d\n", WEXITSTATUS(status));

  static pthread_t first;
  first = pthread_self();
  pthread_create(&threads[0], NULL, finish, &first);
  pthread_exit(NULL);
}
