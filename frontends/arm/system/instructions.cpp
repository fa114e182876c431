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

// Cache maintenance to the point of unification, else to that of coherency.
bool to_unification(RowName name) { return name == RowName::dc_cvau || name == RowName::ic_ivau; }

}  // namespace

Cpu::Next Cpu::execute(uint32_t word) {
  const RowName name = decode(word, frontend_.enabled());
  if ((header_->mode & Mode::kFpTrapped) != 0 && frontend_.uses_fp(name, word)) {
    Esr::Class reason;
    const unsigned target = fp_trap(&reason);
    take_synchronous(reason, reason == Esr::TrappedFp ? Esr::kCondition : 0, header_->pc, target);
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
    case RowName::dc_zva:  // it is here because SCTLR_ELx.DZE or HCR_EL2.TDZ traps it
      trap_system(word, !is_kernel() && (own_sctlr() & Sctlr::kDze) == 0 ? default_target() : 2);
      return Next::Run;
    case RowName::dc_cvac:
    case RowName::dc_cvau:
    case RowName::dc_cvap:
    case RowName::dc_cvadp:
    case RowName::dc_civac:
    case RowName::ic_ivau:
      if (!is_kernel() && (own_sctlr() & Sctlr::kUci) == 0) {
        trap_system(word);
      } else if (traps_operation(to_unification(name) ? Hcr::kTpu : Hcr::kTpc)) {
        trap_system(word, 2);
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
      return call_hypervisor(word);
    case RowName::smc:
      return call_monitor(word);
    case RowName::eret:
      exception_return();
      break;
    case RowName::sys:
    case RowName::sys_el2:
    case RowName::sys_el3:
      operate(word);
      break;
    default:
      undefined();
      break;
  }
  return Next::Run;
}

bool Cpu::traps_operation(uint64_t control) const {
  return level() <= 1 && has_hypervisor() && !is_host() && (hcr() & control) != 0;
}

// C6.2.99.
Cpu::Next Cpu::call_hypervisor(uint32_t word) {
  if (setup_.cluster.conduit == Cluster::Conduit::Hvc) return call_firmware();
  const bool enabled = has(Feature::EL3) ? (scr() & Scr::kHce) != 0 : (hcr() & Hcr::kHcd) == 0;
  if (!has(Feature::EL2) || !enabled || (level() == 1 && is_secure())) {
    undefined();
  } else {
    take_synchronous(Esr::Hvc64, word >> 5 & 0xffff, header_->pc + kInstructionBytes, level() == 3 ? 3 : 2);
  }
  return Next::Run;
}

// C6.2.332.
Cpu::Next Cpu::call_monitor(uint32_t word) {
  const bool firmware = setup_.cluster.conduit == Cluster::Conduit::Smc;
  const uint64_t immediate = word >> 5 & 0xffff;
  if (level() == 1 && (firmware || has(Feature::EL3)) && (hcr() & Hcr::kTsc) != 0) {
    take_synchronous(Esr::Smc64, immediate, header_->pc, 2);
  } else if (firmware) {
    return call_firmware();
  } else if (!has(Feature::EL3) || (scr() & Scr::kSmd) != 0) {
    undefined();
  } else {
    take_synchronous(Esr::Smc64, immediate, header_->pc + kInstructionBytes, 3);
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
    if ((own_sctlr() & Sctlr::kUma) == 0) return trap_system(word);
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
      set_level(level(), (operand & 1) == 0);
      break;
    case RowName::msr_pan:
      write_register(*find_register(static_cast<unsigned>(SystemRegister::PAN)), (operand & 1) * Pstate::kPan);
      break;
    default:
      write_register(*find_register(static_cast<unsigned>(SystemRegister::UAO)), (operand & 1) * Pstate::kUao);
      break;
  }
}

// EC 0x18: MSR, MRS or a system instruction that a control of a higher level forbids.
void Cpu::trap_system(uint32_t word, unsigned target) {
  const SystemFields f(word);
  take_synchronous(Esr::TrappedSystem,
                   uint64_t{f.op0} << 20 | f.op2 << 17 | f.op1 << 14 | f.crn << 10 | f.rt << 5 | f.crm << 1 | f.read,
                   header_->pc, target);
}

// C5.3: SYS of EL1 and above. Caches are coherent, with instructions, too, so those by set and way and IC have nothing
// to do.
void Cpu::operate(uint32_t word) {
  const SystemFields f(word);
  const uint64_t operand = x(f.rt);
  const auto is = [&](unsigned crm, unsigned op2) { return f.crm == crm && f.op2 == op2; };
  bool exists = false;
  if ((f.op1 == 4 && level() < 2) || (f.op1 == 6 && level() < 3)) return undefined();
  if (f.crn == 8) {
    if (level() == 1 && traps_operation(Hcr::kTtlb)) return trap_system(word, 2);
    exists = invalidate_translations(f.op1, f.crm, f.op2, operand);
  } else if (f.crn == 7 && (f.crm == 8 || f.crm == 9)) {
    exists = translate_for_par(f.op1, f.crm, f.op2, operand);
  } else if (f.op1 == 0 && f.crn == 7 && is(6, 1)) {  // DC IVAC
    if (traps_operation(Hcr::kTpc)) return trap_system(word, 2);
    return maintain_cache(word);
  } else if (f.op1 == 0 && f.crn == 7) {
    if ((is(1, 0) || is(5, 0)) && traps_operation(Hcr::kTpu)) return trap_system(word, 2);
    if (f.op2 == 2 && traps_operation(Hcr::kTsw)) return trap_system(word, 2);
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
