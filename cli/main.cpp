#include <cstdio>

int main() {
  std::puts("menura: nothing to run yet");
  return 125;
}
