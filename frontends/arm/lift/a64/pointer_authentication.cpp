// Pointer authentication (D8.8, shared/functions/pac), as Linux sets it up: addresses of 48 bits, and the top byte is
// ignored for code and data alike, so that a code lies in bits 54 to 48. The code itself comes from a cheap mixing
// function, inline, or from QARMA5 in a helper.
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

constexpr int64_t kCodeBits = 0x007f000000000000;       // 54 to 48
constexpr int64_t kExtensionBits = 0x00ff000000000000;  // with bit 55, which selects the half of the address space

// The keys, with their place in the mode word's switch and in the error code.
enum class Key : uint8_t { Ia, Ib, Da, Db };

SlotName low_of(Key key) {
  constexpr SlotName kLow[] = {SlotName::APIAKeyLo, SlotName::APIBKeyLo, SlotName::APDAKeyLo, SlotName::APDBKeyLo};
  return kLow[static_cast<unsigned>(key)];
}
SlotName high_of(Key key) {
  constexpr SlotName kHigh[] = {SlotName::APIAKeyHi, SlotName::APIBKeyHi, SlotName::APDAKeyHi, SlotName::APDBKeyHi};
  return kHigh[static_cast<unsigned>(key)];
}
// SCTLR_EL1.EnIA and so on: without them the instruction does nothing.
bool is_enabled(Lifter& l, Key key) { return !l.has_mode(Mode::kKeyDisabled << static_cast<unsigned>(key)); }

// ComputePAC: 64 bits of code; the one of our own needs the high bits to depend on everything, since those are used.
Value compute(Lifter& l, Value data, Value modifier, SlotName low, SlotName high) {
  const Value key_low = l.b.get(slot(low));
  const Value key_high = l.b.get(slot(high));
  if (l.has(Feature::PAuthQARMA5)) {
    return l.b.call(static_cast<ir::HelperId>(HelperName::Qarma5), {data, modifier, key_low, key_high});
  }
  constexpr auto kOdd1 = static_cast<int64_t>(0x9e3779b97f4a7c15);
  constexpr auto kOdd2 = static_cast<int64_t>(0xd6e8feb86659fd93);
  const Value first = l.mul(l.xor_(data, key_low), l.imm(kOdd1));
  const Value turned = l.rotr_by(l.xor_(first, l.xor_(modifier, key_high)), 32);
  return l.mul(turned, l.imm(kOdd2));
}
// Its bits where a pointer holds them. QARMA's are in their own place, ours at the top.
Value code_bits(Lifter& l, Value code) {
  if (!l.has(Feature::PAuthQARMA5)) code = l.shr_by(code, 9);
  return l.and_(code, l.imm(kCodeBits));
}

// ext_ptr: the extension bits as bit 55 says.
Value extended(Lifter& l, Value pointer) {
  const Value upper = l.sar_by(l.shl_by(pointer, 8), 63);
  // The top byte is ignored in the lower half of the address space only (Linux sets TBI0 and not TBI1).
  const auto upper_bits = static_cast<int64_t>(0xffff000000000000);
  return l.or_(l.and_(pointer, l.imm(~kExtensionBits)), l.and_(upper, l.imm(upper_bits)));
}

// AddPAC.
Value add_code(Lifter& l, Value pointer, Value modifier, Key key) {
  const Value good = extended(l, pointer);
  Value code = code_bits(l, compute(l, good, modifier, low_of(key), high_of(key)));
  // A pointer that was bad before gets a bad code: the code's top bit is turned.
  const Value bad = l.b.icmp(ir::Cond::Ne, pointer, good);
  code = l.xor_(code, l.b.select(bad, l.imm(int64_t{1} << 54), l.imm(0)));
  return l.or_(l.and_(good, l.imm(~kCodeBits)), code);
}

// Auth, without FEAT_FPAC: a pointer that fails becomes one that faults, with the number of the key in bits 54 and 53.
Value authenticate(Lifter& l, Value pointer, Value modifier, Key key) {
  const Value good = extended(l, pointer);
  const Value code = code_bits(l, compute(l, good, modifier, low_of(key), high_of(key)));
  const Value same = l.b.icmp(ir::Cond::Eq, code, l.and_(pointer, l.imm(kCodeBits)));
  const bool is_b = key == Key::Ib || key == Key::Db;
  const int64_t error = int64_t{is_b ? 2 : 1} << 53;
  const Value poisoned = l.or_(l.and_(good, l.imm(~(int64_t{3} << 53))), l.imm(error));
  return l.b.select(same, good, poisoned);
}

void sign(Lifter& l, Key key, Reg rd, Value modifier) {
  if (is_enabled(l, key)) l.set_x(rd, add_code(l, l.x(rd), modifier, key));
}
void check(Lifter& l, Key key, Reg rd, Value modifier) {
  if (is_enabled(l, key)) l.set_x(rd, authenticate(l, l.x(rd), modifier, key));
}
// The value of a register after its check, where an instruction does more with it.
Value checked(Lifter& l, Key key, Value pointer, Value modifier) {
  return is_enabled(l, key) ? authenticate(l, pointer, modifier, key) : pointer;
}

constexpr Reg kX16{16};
constexpr Reg kX17{17};
Value sp(Lifter& l) { return l.x_sp(Reg{31}); }

}  // namespace

// --- Hints

void xpaclri(Lifter& l) { l.set_x(kLr, extended(l, l.x(kLr))); }
void pacia1716(Lifter& l) { sign(l, Key::Ia, kX17, l.x(kX16)); }
void pacib1716(Lifter& l) { sign(l, Key::Ib, kX17, l.x(kX16)); }
void autia1716(Lifter& l) { check(l, Key::Ia, kX17, l.x(kX16)); }
void autib1716(Lifter& l) { check(l, Key::Ib, kX17, l.x(kX16)); }
void paciaz(Lifter& l) { sign(l, Key::Ia, kLr, l.imm(0)); }
void pacibz(Lifter& l) { sign(l, Key::Ib, kLr, l.imm(0)); }
void autiaz(Lifter& l) { check(l, Key::Ia, kLr, l.imm(0)); }
void autibz(Lifter& l) { check(l, Key::Ib, kLr, l.imm(0)); }
void paciasp(Lifter& l) { sign(l, Key::Ia, kLr, sp(l)); }
void pacibsp(Lifter& l) { sign(l, Key::Ib, kLr, sp(l)); }
void autiasp(Lifter& l) { check(l, Key::Ia, kLr, sp(l)); }
void autibsp(Lifter& l) { check(l, Key::Ib, kLr, sp(l)); }

// --- Data-processing (1 source)

void pacia(Lifter& l, Rn rn, Rd rd) { sign(l, Key::Ia, rd, l.x_sp(rn)); }
void pacib(Lifter& l, Rn rn, Rd rd) { sign(l, Key::Ib, rd, l.x_sp(rn)); }
void pacda(Lifter& l, Rn rn, Rd rd) { sign(l, Key::Da, rd, l.x_sp(rn)); }
void pacdb(Lifter& l, Rn rn, Rd rd) { sign(l, Key::Db, rd, l.x_sp(rn)); }
void autia(Lifter& l, Rn rn, Rd rd) { check(l, Key::Ia, rd, l.x_sp(rn)); }
void autib(Lifter& l, Rn rn, Rd rd) { check(l, Key::Ib, rd, l.x_sp(rn)); }
void autda(Lifter& l, Rn rn, Rd rd) { check(l, Key::Da, rd, l.x_sp(rn)); }
void autdb(Lifter& l, Rn rn, Rd rd) { check(l, Key::Db, rd, l.x_sp(rn)); }
void paciza(Lifter& l, Rd rd) { sign(l, Key::Ia, rd, l.imm(0)); }
void pacizb(Lifter& l, Rd rd) { sign(l, Key::Ib, rd, l.imm(0)); }
void pacdza(Lifter& l, Rd rd) { sign(l, Key::Da, rd, l.imm(0)); }
void pacdzb(Lifter& l, Rd rd) { sign(l, Key::Db, rd, l.imm(0)); }
void autiza(Lifter& l, Rd rd) { check(l, Key::Ia, rd, l.imm(0)); }
void autizb(Lifter& l, Rd rd) { check(l, Key::Ib, rd, l.imm(0)); }
void autdza(Lifter& l, Rd rd) { check(l, Key::Da, rd, l.imm(0)); }
void autdzb(Lifter& l, Rd rd) { check(l, Key::Db, rd, l.imm(0)); }
void xpaci(Lifter& l, Rd rd) { l.set_x(rd, extended(l, l.x(rd))); }
void xpacd(Lifter& l, Rd rd) { l.set_x(rd, extended(l, l.x(rd))); }
// C6.2.233: the upper half of the code of any 64 bits.
void pacga(Lifter& l, Rm rm, Rn rn, Rd rd) {
  const Value code = compute(l, l.x(rn), l.x_sp(rm), SlotName::APGAKeyLo, SlotName::APGAKeyHi);
  l.set_x(rd, l.and_(code, l.imm(static_cast<int64_t>(0xffffffff00000000))));
}

// --- Branches

namespace {

void jump(Lifter& l, Key key, Reg rn, Value modifier) {
  const Value target = checked(l, key, l.x(rn), modifier);
  l.set_branch_type_of_jump(rn);
  l.b.jump_indirect(target);
}
void call(Lifter& l, Key key, Reg rn, Value modifier) {
  const Value target = checked(l, key, l.x(rn), modifier);
  l.set_branch_type_of_call();
  l.set_x(kLr, l.b.pc_value(l.b.next_pc()));
  l.b.call_indirect(target, l.b.next_pc());
}

}  // namespace

void braaz(Lifter& l, Rn rn) { jump(l, Key::Ia, rn, l.imm(0)); }
void brabz(Lifter& l, Rn rn) { jump(l, Key::Ib, rn, l.imm(0)); }
void braa(Lifter& l, Rn rn, Rm rm) { jump(l, Key::Ia, rn, l.x_sp(rm)); }
void brab(Lifter& l, Rn rn, Rm rm) { jump(l, Key::Ib, rn, l.x_sp(rm)); }
void blraaz(Lifter& l, Rn rn) { call(l, Key::Ia, rn, l.imm(0)); }
void blrabz(Lifter& l, Rn rn) { call(l, Key::Ib, rn, l.imm(0)); }
void blraa(Lifter& l, Rn rn, Rm rm) { call(l, Key::Ia, rn, l.x_sp(rm)); }
void blrab(Lifter& l, Rn rn, Rm rm) { call(l, Key::Ib, rn, l.x_sp(rm)); }
void retaa(Lifter& l) { l.b.return_to(checked(l, Key::Ia, l.x(kLr), sp(l))); }
void retab(Lifter& l) { l.b.return_to(checked(l, Key::Ib, l.x(kLr), sp(l))); }

// --- Load register (pointer authentication code)

namespace {

// C6.2.165: the base with its writeback is the checked address.
void load(Lifter& l, Key key, int64_t offset, bool writeback, Reg rn, Reg rt) {
  const Value base = checked(l, key, l.x_sp(rn), l.imm(0));
  const Value value = l.load(Type::I64, l.address(base, offset), 3);
  if (writeback) l.set_x_sp(rn, l.add(base, l.imm(offset)));
  l.set_x(rt, value);
}

}  // namespace

void ldraa(Lifter& l, Simm10 simm10, Rn rn, Rt rt) { load(l, Key::Da, simm10, false, rn, rt); }
void ldraa_pre(Lifter& l, Simm10 simm10, Rn rn, Rt rt) { load(l, Key::Da, simm10, true, rn, rt); }
void ldrab(Lifter& l, Simm10 simm10, Rn rn, Rt rt) { load(l, Key::Db, simm10, false, rn, rt); }
void ldrab_pre(Lifter& l, Simm10 simm10, Rn rn, Rt rt) { load(l, Key::Db, simm10, true, rn, rt); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/pointer_authentication.inc"
#undef INST

}  // namespace menura::arm
