// A guest that never ends and never leaves its loop, in a machine or as a process.
#include <stdint.h>

volatile uint64_t counter;

int main(void) {
  for (;;) counter++;
}
