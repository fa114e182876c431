// What a timeline shows: a hot loop, a thread with a name, a signal, a child that executes this program anew.
// usage: process [abort|burst|child|hot TURNS|wait]
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void* work(void* argument) {
  prctl(PR_SET_NAME, "worker \"1\"");
  usleep(1000);
  return argument;
}

static void handle(int signal) { (void)signal; }

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "child") == 0) return 5;
  volatile int sum = 0;
  const long turns = strcmp(what, "hot") == 0 ? atol(arguments[2]) : 200000;
  for (long i = 0; i < turns; ++i) sum += (int)i;
  signal(SIGUSR1, handle);
  raise(SIGUSR1);
  pthread_t thread;
  pthread_create(&thread, NULL, work, NULL);
  pthread_join(thread, NULL);
  const pid_t child = fork();
  if (child == 0) {
    execl(arguments[0], arguments[0], "child", (char*)NULL);
    _exit(6);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (strcmp(what, "burst") == 0) {
    for (int i = 0; i < 600000; ++i) getppid();
  }
  if (strcmp(what, "abort") == 0) abort();
  puts("ready");
  fflush(stdout);
  if (strcmp(what, "wait") == 0) pause();
  return WEXITSTATUS(status);
}
