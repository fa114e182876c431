// Memory: a linked list in random order, larger than the caches near the core.
#include "bench.h"

enum { kNodes = 1 << 19 };
struct Node { struct Node* next; uint64_t value; };
static struct Node nodes[kNodes];

int main(int argc, char** argv) {
  static uint32_t order[kNodes];
  uint64_t seed = 99, sum = 0;
  for (uint32_t i = 0; i < kNodes; ++i) order[i] = i;
  for (uint32_t i = kNodes - 1; i > 0; --i) {
    const uint32_t j = (uint32_t)(bench_random(&seed) % (i + 1)), t = order[i];
    order[i] = order[j], order[j] = t;
  }
  for (uint32_t i = 0; i < kNodes; ++i) nodes[order[i]].next = &nodes[order[(i + 1) % kNodes]], nodes[i].value = i;
  const struct Node* node = nodes;
  for (long step = bench_scale(argc, argv, 15000000); step > 0; --step) sum += node->value, node = node->next;
  return bench_result(sum);
}
