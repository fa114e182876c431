// Host faults in compiled code become guest exits. Runs in signal handlers: takes no lock and allocates nothing.
#include <cpuid.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>

#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

// Where the kernel keeps general registers, by their number in instruction encodings.
constexpr std::array<int, 16> kContextRegister = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                                  REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                  REG_R12, REG_R13, REG_R14, REG_R15};

// The prediction stack is full: start afresh, and let the call be made again. A call that has pushed its guest return
// address already (rsp is a multiple of 16 then) keeps it.
void start_stack_afresh(const Vcpu& vcpu, ucontext_t& context) {
  greg_t& rsp = context.uc_mcontext.gregs[REG_RSP];
  uint64_t fresh = vcpu.cpu.code_rsp_base;
  if (rsp % 16 == 0) {
    fresh -= 8;
    *reinterpret_cast<uint64_t*>(fresh) = *reinterpret_cast<const uint64_t*>(rsp);
  }
  rsp = static_cast<greg_t>(fresh);
}

// xmm16-31 are in an area of their own, where the frame has one (Intel SDM vol. 1, 13.5.7; the kernel says what the
// frame has by a mark in reserved bytes of the old format).
void find_high_vectors(const ucontext_t& context, HostRegisters& registers) {
  static constexpr std::array<uint8_t, 16> kInitial = {};
  constexpr uint32_t extended = 0x46505853;  // FP_XSTATE_MAGIC1
  constexpr unsigned mark_at = 464;
  constexpr unsigned present_at = 512;
  constexpr unsigned component = 7;
  constexpr unsigned stride = 64;
  const auto* const area = reinterpret_cast<const uint8_t*>(context.uc_mcontext.fpregs);
  uint32_t mark = 0;
  uint64_t present = 0;
  std::memcpy(&mark, area + mark_at, sizeof mark);
  if (mark == extended) std::memcpy(&present, area + present_at, sizeof present);
  const bool there = (present >> component & 1) != 0;
  uint32_t size = 0;
  uint32_t offset = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  if (there) __cpuid_count(0xd, component, size, offset, c, d);
  for (unsigned i = 0; i < 16; ++i) registers.vector[16 + i] = there ? area + offset + stride * i : kInitial.data();
}

HostRegisters registers_of(const ucontext_t& context) {
  HostRegisters registers;
  for (unsigned i = 0; i < registers.general.size(); ++i) {
    registers.general[i] = &context.uc_mcontext.gregs[kContextRegister[i]];
    registers.vector[i] = &context.uc_mcontext.fpregs->_xmm[i];
  }
  find_high_vectors(context, registers);
  return registers;
}

// A slot of code with recoveries.
void recover(const SlotPlace& place, const ir::Slot& slot, const HostRegisters& registers,
             const Translation& translation, uint8_t* state) {
  const bool relative = place.kind == SlotPlace::Kind::PcRelative;
  const uint64_t value = static_cast<uint64_t>(place.value) + (relative ? translation.pc : 0);
  const void* from = &value;
  if (place.kind == SlotPlace::Kind::Register) from = registers[place.reg];
  if (place.kind == SlotPlace::Kind::Frame) {
    uint64_t base = 0;
    std::memcpy(&base, registers[place.reg], sizeof base);
    from = reinterpret_cast<const void*>(base + value);
  }
  if (place.kind == SlotPlace::Kind::Code) from = reinterpret_cast<const void*>(translation.host_address() + value);
  const unsigned bytes = ir::storage_bytes(slot.type);
  const bool constant = place.kind == SlotPlace::Kind::Constant || relative;
  const unsigned known = constant ? std::min<unsigned>(place.bytes(bytes), sizeof value) : place.bytes(bytes);
  if (place.part != SlotPlace::Part::Over4 && place.part != SlotPlace::Part::Over8) {
    std::memset(state + slot.offset, place.part == SlotPlace::Part::Boxed ? 0xff : 0, bytes);
  }
  std::memcpy(state + slot.offset, from, known);
}

}  // namespace

bool TranslatorEngine::recover_state(Vcpu& vcpu, const Translation& translation, uint64_t host_pc,
                                     const HostRegisters& registers) {
  ir::CpuHeader& cpu = vcpu.cpu;
  auto* const state = reinterpret_cast<uint8_t*>(&cpu);
  const ir::StateLayout& layout = frontend_.layout();
  for (const Home& home : translation.homes) {
    const ir::Slot& slot = layout.slot(home.slot);
    // Host registers hold no more than 16 bytes of a slot.
    std::memcpy(state + slot.offset, registers[home.reg], std::min(ir::storage_bytes(slot.type), 16U));
  }
  const auto offset = static_cast<uint32_t>(host_pc - translation.host_address());
  if (!translation.recoveries.empty()) {
    const auto recovery = std::lower_bound(translation.recoveries.begin(), translation.recoveries.end(), offset,
                                           [](const Recovery& entry, uint32_t value) { return entry.host < value; });
    // Compiled code touches guest memory in no other place.
    if (recovery == translation.recoveries.end() || recovery->host != offset) return false;
    for (const SlotPlace& place : translation.places.subspan(recovery->first, recovery->count)) {
      recover(place, layout.slot(place.slot), registers, translation, state);
    }
    cpu.pc = translation.pc + static_cast<uint64_t>(int64_t{recovery->pc});
  }
  const auto behind = std::upper_bound(translation.pcs.begin(), translation.pcs.end(), offset,
                                       [](uint32_t value, const PcEntry& entry) { return value < entry.host; });
  const PcEntry entry = behind == translation.pcs.begin() ? PcEntry{} : *(behind - 1);
  cpu.budget += entry.ahead;
  cpu.retired -= entry.ahead;
  if (translation.recoveries.empty()) cpu.pc = translation.pc + static_cast<uint64_t>(int64_t{entry.pc});
  return true;
}

// Faults happen in a region's body, where the stack is as at its entry, or set aside for a frame.
void TranslatorEngine::recover_stack(Vcpu& vcpu, uint64_t rsp) {
  ir::CpuHeader& cpu = vcpu.cpu;
  cpu.code_rsp = rsp;
  if (rsp - reinterpret_cast<uint64_t>(cpu.spill) <= sizeof cpu.spill) cpu.code_rsp = cpu.entry_rsp;
  if (cpu.code_rsp % 16 != 8) vcpu.drop_predictions();
}

bool TranslatorEngine::take_host_fault(ir::CpuHeader& cpu, void* host_context, const ir::Fault& fault) {
  ucontext_t& context = *static_cast<ucontext_t*>(host_context);
  const auto host_pc = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  const Translation* const translation = cache_.find(reinterpret_cast<const void*>(host_pc));
  if (translation == nullptr || cpu.engine == nullptr) return false;
  Vcpu& vcpu = record_of(cpu);
  if (vcpu.in_guard(fault.address)) {
    start_stack_afresh(vcpu, context);
    return true;
  }
  // A machine's code touches no memory but what it has been given.
  if (options_.machine || !recover_state(vcpu, *translation, host_pc, registers_of(context))) return false;
  cpu.mxcsr = context.uc_mcontext.fpregs->mxcsr;
  cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Fault);
  cpu.exit_detail = fault.address;
  vcpu.fault = fault;
  recover_stack(vcpu, static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RSP]));
  context.uc_mcontext.gregs[REG_R12] = reinterpret_cast<greg_t>(&cpu);  // which code with recoveries may have elsewhere
  context.uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(leave_);
  return true;
}

}  // namespace menura::runtime
