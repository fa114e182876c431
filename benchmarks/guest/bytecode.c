// Indirect jumps: a small stack machine with a switch, as interpreters have.
#include "bench.h"

enum { kPush, kAdd, kSub, kMul, kLoad, kStore, kJumpNonzero, kDup, kXor, kHalt };

int main(int argc, char** argv) {
  // local0 = n; local1 = 0; do { local1 = (local1 * 3 + local0) ^ 5; local0 -= 1; } while (local0)
  static const int code[] = {kLoad, 1, kPush, 3,  kMul,   kLoad, 0, kAdd,          kPush, 5,    kXor, kStore, 1,
                             kLoad, 0, kPush, 1,  kSub,   kDup,  kStore, 0,        kJumpNonzero, 0, kHalt};
  uint64_t stack[16], local[2] = {(uint64_t)bench_scale(argc, argv, 3000000), 0};
  int sp = 0, pc = 0;
  for (;;) {
    switch (code[pc++]) {
      case kPush: stack[sp++] = (uint64_t)code[pc++]; break;
      case kAdd: --sp; stack[sp - 1] += stack[sp]; break;
      case kSub: --sp; stack[sp - 1] -= stack[sp]; break;
      case kMul: --sp; stack[sp - 1] *= stack[sp]; break;
      case kXor: --sp; stack[sp - 1] ^= stack[sp]; break;
      case kLoad: stack[sp++] = local[code[pc++]]; break;
      case kStore: local[code[pc++]] = stack[--sp]; break;
      case kDup: stack[sp] = stack[sp - 1]; ++sp; break;
      case kJumpNonzero: { const int target = code[pc++]; if (stack[--sp]) pc = target; break; }
      default: return bench_result(local[1]);
    }
  }
}
