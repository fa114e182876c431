// SHA-1, SHA-256 and the S-box of SM4 in vectors of 128 bits.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;

bool Emitter::vec_hash(const Inst& inst, Reg dst, Reg a, Reg b, Reg c) {
  if (inst.op == Op::VSm4Substitute) return vec_sm4_substitute(dst, a);
  if (!host_.sha) return false;
  switch (inst.op) {
    case Op::VSha1Rounds:
      vec_move(dst, a);
      a_.sha1rnds4(xm(dst), xm(b), asmjit::Imm(inst.imm));
      return true;
    case Op::VSha256Rounds:
      vec_sha256_rounds(dst, a, b, c);
      return true;
    case Op::VSha256Sigma0:
      vec_move(dst, a);
      a_.sha256msg1(xm(dst), xm(b));
      return true;
    default:
      vec_move(dst, a);
      a_.sha256msg2(xm(dst), xm(b));
      return true;
  }
}

// The host takes the words in xmm0, which may be anyone's.
void Emitter::vec_sha256_rounds(Reg dst, Reg a, Reg b, Reg c) {
  const Reg words = kXmm0;
  if (c == words) {
    vec_move(dst, a);
    a_.sha256rnds2(xm(dst), xm(b), xm(words));
    return;
  }
  const Reg kept = temp_vec();
  vec_move(kept, words);
  const auto moved = [&](Reg reg) { return reg == words ? kept : reg; };
  if (dst != words) {
    vec_move(dst, a);
    vec_move(words, c);
    a_.sha256rnds2(xm(dst), xm(moved(b)), xm(words));
    vec_move(words, kept);
    return;
  }
  // No one needs what xmm0 has: the result goes there.
  const Reg t = temp_vec();
  vec_move(t, a);
  vec_move(words, c);
  a_.sha256rnds2(xm(t), xm(moved(b)), xm(words));
  vec_move(words, t);
}

bool Emitter::vec_sm4_substitute(Reg, Reg) { return false; }

}  // namespace menura::x64
