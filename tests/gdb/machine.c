// What gdb looks at in a machine: calls, a structure that changes, and an end.
#include <stdint.h>

volatile uint64_t counter;
struct point {
  int x, y;
} origin = {3, 4};

__attribute__((noinline)) int add(int a, int b) {
  counter += a;
  return a + b;
}

// From here on everything is known to compilers that wait for what is hot.
__attribute__((noinline)) void begin(void) { counter = 0; }

void power_off(void);

int main(void) {
  int sum = 0;
  for (int i = 0; i < 1000; i++) add(i, sum);
  begin();
  for (int i = 0; i < 10; i++) sum = add(sum, i);
  origin.x = sum;
  power_off();
  for (;;) {
  }
}
