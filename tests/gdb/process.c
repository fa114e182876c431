// What gdb looks at in a process: calls, a variable that changes, a signal, an exit status.
#include <signal.h>
#include <stdio.h>

volatile int counter;

__attribute__((noinline)) int square(int n) {
  counter += 1;
  return n * n;
}

// From here on everything is known to compilers that wait for what is hot.
__attribute__((noinline)) void begin(void) { counter = 0; }

static void on_signal(int signal) { counter += signal; }

int main(void) {
  int sum = 0;
  for (int i = 0; i < 1000; i++) square(i);
  begin();
  for (int i = 0; i < 5; i++) sum += square(i);
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  return sum;
}
