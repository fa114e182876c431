// Comparisons: into the flags, and into lanes.
#include "frontends/arm/lift/a64/fp.h"

namespace menura::arm::lift {
namespace {

FpDesc compare_desc(const FpLanes& lanes, FpCond cond, bool signaling) {
  FpDesc desc = lanes.desc();
  desc.signaling = signaling;
  desc.cond = static_cast<uint32_t>(cond);
  return desc;
}

}  // namespace

void compare(const FpLanes& lanes, bool signaling, VReg vn, VReg vm) {
  lanes.l.float_flags(lanes.get(vn), lanes.get(vm), compare_desc(lanes, FpCond::Un, signaling));
}

void compare_with_zero(const FpLanes& lanes, bool signaling, VReg vn) {
  lanes.l.float_flags(lanes.get(vn), lanes.constant(0), compare_desc(lanes, FpCond::Un, signaling));
}

// Where the condition fails nothing is compared, and no exception raised: zeros take the operands' place.
void compare_if(const FpLanes& lanes, bool signaling, int64_t cond, VReg vn, VReg vm, int64_t nzcv) {
  Lifter& l = lanes.l;
  const FpDesc desc = compare_desc(lanes, FpCond::Un, signaling);
  if (cond >= 14) return l.float_flags(lanes.get(vn), lanes.get(vm), desc);
  const Value holds = l.condition_holds(static_cast<unsigned>(cond));
  const Value zero = lanes.constant(0);
  const Value a = l.b.select(holds, lanes.get(vn), zero);
  const Value b = l.b.select(holds, lanes.get(vm), zero);
  l.float_flags_if(holds, a, b, desc, static_cast<unsigned>(nzcv));
}

void choose(const FpLanes& lanes, int64_t cond, VReg vd, VReg vn, VReg vm) {
  if (cond >= 14) return lanes.set(vd, lanes.get(vn));
  const Value holds = lanes.l.condition_holds(static_cast<unsigned>(cond));
  lanes.set(vd, lanes.l.b.select(holds, lanes.get(vn), lanes.get(vm)));
}

// FPCompareEQ is quiet, the others are not.
Value FpLanes::holds(FpCond cond, Value a, Value c) const {
  const FpDesc how = compare_desc(*this, cond, cond != FpCond::Eq);
  if (!is_scalar()) return op(Op::FCmp, {a, c}, how);
  return l.b.convert(Op::Sext, integer(), l.b.fcmp(a, c, how));
}

void compare_lanes(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.holds(cond, lanes.get(vn), lanes.get(vm)));
}

void compare_lanes_with_zero(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn) {
  lanes.set(vd, lanes.holds(cond, lanes.get(vn), lanes.constant(0)));
}

void compare_magnitudes(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn, VReg vm) {
  lanes.set(vd, lanes.holds(cond, lanes.magnitude(lanes.get(vn)), lanes.magnitude(lanes.get(vm))));
}

}  // namespace menura::arm::lift
