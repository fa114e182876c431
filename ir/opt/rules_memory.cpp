#include <limits>

#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

bool is_displacement(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
}

}  // namespace

void simplify_access(Rewriter& r, Inst& inst) {
  // load [x + c] : c goes into the displacement.
  while (r.op(inst.args[0]) == Op::Add) {
    const Inst& sum = r.def(inst.args[0]);
    if (!r.is_constant(sum.args[1]) || !r.may_address(inst.args[0], sum.args[0])) break;
    const auto displacement =
        static_cast<int64_t>(static_cast<uint64_t>(inst.imm) + static_cast<uint64_t>(r.def(sum.args[1]).imm));
    if (!is_displacement(displacement)) break;
    inst.imm = displacement;
    inst.args[0] = sum.args[0];
  }
  if (inst.op != Op::Store) return;
  // A store takes the low bytes: it needs no value that was narrowed or extended for it.
  const unsigned stored = 8 * unpack<MemDesc>(inst.aux).size();
  for (;;) {
    const Value value = inst.args[1];
    const Inst& def = r.def(value);
    const bool narrows = def.op == Op::Trunc && is_small_int(r.type(def.args[0]));
    const bool extends = (def.op == Op::Zext || def.op == Op::Sext) && bits(r.type(def.args[0])) >= stored;
    const bool same = def.op == Op::Bitcast && !is_vector(def.type) && !is_vector(r.type(def.args[0]));
    const bool part =
        def.op == Op::VTrunc && bits(r.type(def.args[0])) <= 128 && unpack<MemDesc>(inst.aux).big_endian == 0;
    if ((!narrows && !extends && !same && !part) || !r.may_reach(value, def.args[0])) break;
    inst.args[1] = def.args[0];
  }
}

}  // namespace menura::ir::opt
