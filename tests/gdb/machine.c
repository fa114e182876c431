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

int main(void) {
  int sum = 0;
  for (int i = 0; i < 10; i++) sum = add(sum, i);
  origin.x = sum;
  *(volatile uint32_t*)0x100000 = 0x5555;  // virt's power switch
  for (;;) {
  }
}
