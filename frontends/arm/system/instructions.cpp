// Instructions that compiled code leaves to the Cpu (Arm ARM DDI 0487, C5 and C4.1.94): those of EL1, and those of EL0
// that a control traps.
#include "frontends/arm/decode/decode.h"
#include "frontends/arm/system/cpu.h"
#include "frontends/arm/system/psci.h"

namespace menura::arm {
namespace {

// The fields of a system instruction or register move.
struct SystemFields {
  explicit SystemFields(uint32_t word)
      : read(word >> 21 & 1),
        op0(word >> 19 & 3),
        op1(word >> 16 & 7),
        crn(word >> 12 & 15),
        crm(word >> 8 & 15),
        op2(word >> 5 & 7),
        rt(word & 31) {}
  unsigned read, op0, op1, crn, crm, op2, rt;
};

}  // namespace

Cpu::Next Cpu::execute(uint32_t word) {
  const RowName name = decode(word, frontend_.enabled());
  if ((header_->mode & Mode::kFpTrapped) != 0 && frontend_.uses_fp(name, word)) {
    take_synchronous(Esr::TrappedFp, Esr::kCondition, header_->pc);
    return Next::Run;
  }
  switch (name) {
    case RowName::mrs:
    case RowName::msr_register:
      access_register(word);
      return Next::Run;
    case RowName::msr_daifset:
    case RowName::msr_daifclr:
    case RowName::msr_spsel:
    case RowName::msr_pan:
    case RowName::msr_uao:
      move_to_pstate(name, word);
      return Next::Run;
    case RowName::dc_zva:  // it is here because SCTLR_EL1.DZE traps it
      trap_system(word);
      return Next::Run;
    case RowName::dc_cvac:
    case RowName::dc_cvau:
    case RowName::dc_cvap:
    case RowName::dc_cvadp:
    case RowName::dc_civac:
    case RowName::ic_ivau:
      if (!is_kernel() && (reg(SlotName::SCTLR_EL1) & Sctlr::kUci) == 0) {
        trap_system(word);
      } else {
        maintain_cache(word);
      }
      return Next::Run;
    default:
      break;
  }
  if (!is_kernel()) {
    undefined();
    return Next::Run;
  }
  switch (name) {
    case RowName::hvc:
      return call_firmware();
    case RowName::eret:
      exception_return();
      break;
    case RowName::sys:
      operate(word);
      break;
    default:
      undefined();
      break;
  }
  return Next::Run;
}

Cpu::Next Cpu::call_firmware() {
  done();
  const PsciAnswer answer =
      psci({.function = static_cast<uint32_t>(x(0)), .arguments = {x(1), x(2), x(3)}}, setup_.cluster);
  set_x(0, static_cast<uint64_t>(answer.value));
  if (answer.next == Next::Off) turn_off();
  if (answer.next != Next::Wait) return answer.next;
  waiting_ = true;
  return runnable() ? Next::Run : Next::Wait;
}

void Cpu::move_to_pstate(RowName name, uint32_t word) {
  const uint64_t operand = word >> 8 & 15;
  const bool is_daif = name == RowName::msr_daifset || name == RowName::msr_daifclr;
  if (!is_kernel()) {
    if (!is_daif) return undefined();
    if ((reg(SlotName::SCTLR_EL1) & Sctlr::kUma) == 0) return trap_system(word);
  }
  done();
  constexpr unsigned kDaifShift = 6;
  switch (name) {
    case RowName::msr_daifset:
      reg(SlotName::DAIF) |= operand << kDaifShift;
      break;
    case RowName::msr_daifclr:
      reg(SlotName::DAIF) &= ~(operand << kDaifShift);
      break;
    case RowName::msr_spsel:
      set_level(true, (operand & 1) == 0);
      break;
    case RowName::msr_pan:
      write_register(*find_register(static_cast<unsigned>(SystemRegister::PAN)), (operand & 1) * Pstate::kPan);
      break;
    default:
      write_register(*find_register(static_cast<unsigned>(SystemRegister::UAO)), (operand & 1) * Pstate::kUao);
      break;
  }
}

// EC 0x18: MSR, MRS or a system instruction that a control of EL1 forbids EL0.
void Cpu::trap_system(uint32_t word) {
  const SystemFields f(word);
  take_synchronous(Esr::TrappedSystem,
                   uint64_t{f.op0} << 20 | f.op2 << 17 | f.op1 << 14 | f.crn << 10 | f.rt << 5 | f.crm << 1 | f.read,
                   header_->pc);
}

// C5.3: SYS of EL1. Caches are coherent, with instructions, too, so those by set and way and IC have nothing to do.
void Cpu::operate(uint32_t word) {
  const SystemFields f(word);
  const uint64_t operand = x(f.rt);
  const auto is = [&](unsigned crm, unsigned op2) { return f.crm == crm && f.op2 == op2; };
  bool exists = false;
  if (f.crn == 8) {
    exists = invalidate_translations(f.crm, f.op2, operand);
  } else if (f.crn == 7 && (f.crm == 8 || f.crm == 9)) {
    exists = translate_for_par(f.crm, f.op2, operand);
  } else if (f.crn == 7 && is(6, 1)) {  // DC IVAC
    return maintain_cache(word);
  } else if (f.crn == 7) {
    // IC IALLUIS, IC IALLU, DC ISW, DC CSW, DC CISW
    exists = is(1, 0) || is(5, 0) || is(6, 2) || is(10, 2) || is(14, 2);
  }
  exists ? done() : undefined();
}

// D7.5.9.2: by address; it must be readable (DC IVAC: writable), and raises what an access would, as a write.
void Cpu::maintain_cache(uint32_t word) {
  const SystemFields f(word);
  const bool discards = f.op1 == 0;
  ir::Fault fault;
  softmmu::PageMapping mapping;
  if (walk(x(f.rt), discards ? ir::Access::Write : ir::Access::Read, 0, &mapping, &fault)) return done();
  fault.access = ir::Access::Write;
  take_abort(fault, Esr::kCm);
}

}  // namespace menura::arm
