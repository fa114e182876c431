// From a guest pc to host code: what thunks ask the engine. All of this runs on the stack of run()'s caller.
#include <algorithm>
#include <bit>
#include <cstring>

#include "backends/runtime/thunk_entries.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"
#include "ir/api/frames.h"
#include "ir/interp/fp.h"
#include "ir/interp/vector_slow.h"

namespace menura::runtime {

namespace {

template <typename Value>
const Value* find_stub(std::span<Value> stubs, uint64_t offset) {
  for (const auto& stub : stubs) {
    if (stub.stub_end == offset) return &stub;
  }
  return nullptr;
}

const void* host_pointer(uint64_t address) { return reinterpret_cast<const void*>(address); }

}  // namespace

// A quiescent point: nothing on this thread refers to a translation any more, return predictions included.
void TranslatorEngine::acknowledge(Vcpu& vcpu) {
  if ((vcpu.cpu.stop_request.load(std::memory_order_relaxed) & kEngineStop) != 0) {
    vcpu.cpu.stop_request.fetch_and(~kEngineStop, std::memory_order_relaxed);
  }
  const uint64_t epoch = epoch_.load(std::memory_order_seq_cst);
  if (vcpu.acknowledged.load(std::memory_order_relaxed) == epoch) return;
  vcpu.drop_predictions();
  vcpu.acknowledged.store(epoch, std::memory_order_release);
}

void TranslatorEngine::select_table(Vcpu& vcpu) {
  ir::CpuHeader& cpu = vcpu.cpu;
  const ir::MemoryPort::CodeView view = options_.machine ? vcpu.memory.code_view() : ir::MemoryPort::CodeView{};
  if (vcpu.table->is_for(cpu.mode, cpu.extra, view)) return;
  vcpu.table = vcpu.find_table(cpu.mode, cpu.extra, view);
  if (vcpu.table == nullptr) {
    const std::lock_guard lock(mutex_);
    vcpu.table = vcpu.make_table(cpu.mode, cpu.extra, view);
  }
  if (vcpu.table == nullptr) out_of_memory("no memory for a virtual CPU's jump table");
  cpu.lookup_table = vcpu.table->records();
  // Predictions are keyed by the pc alone.
  vcpu.drop_predictions();
}

// A machine comes here for each trap and each return from one: mostly, its jump table knows where that goes.
const void* TranslatorEngine::enter_at(Vcpu& vcpu, uint64_t pc) {
  acknowledge(vcpu);
  if (options_.machine) {
    select_table(vcpu);
    if (const void* const known = vcpu.table->find(pc); known != nullptr) return known;
  }
  Translation* const found = find_or_translate(vcpu, pc);
  if (found == nullptr) return nullptr;
  if (options_.machine) remember(vcpu, *found);
  return found->entry;
}

void TranslatorEngine::remember(Vcpu& vcpu, const Translation& translation) {
  const std::lock_guard lock(mutex_);
  if (translation.live) vcpu.table->add(translation);
}

const void* TranslatorEngine::resume(Vcpu& vcpu, const Translation* translation) {
  if (translation == nullptr) return nullptr;
  if (vcpu.acknowledged.load(std::memory_order_relaxed) == epoch_.load(std::memory_order_acquire)) {
    return translation->entry;
  }
  return enter_at(vcpu, translation->pc);
}

void TranslatorEngine::prepare_fault(Vcpu& vcpu, uint64_t pc, const ir::Fault& fault) {
  vcpu.cpu.pc = pc;
  vcpu.cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Fault);
  vcpu.cpu.exit_detail = fault.address;
  vcpu.fault = fault;
}

bool TranslatorEngine::identify(Vcpu& vcpu, uint64_t pc, ir::Identity* identity) {
  *identity = {pc, vcpu.cpu.mode, vcpu.cpu.extra};
  ir::Fault fault;
  if (!options_.machine) return true;
  if (!ir::find_frames(frontend_, vcpu.memory, identity, &fault)) {
    prepare_fault(vcpu, pc, fault);
    return false;
  }
  select_table(vcpu);  // the first code that is not global changes the view
  return true;
}

Translation* TranslatorEngine::find_or_translate(Vcpu& vcpu, uint64_t pc) {
  ir::Identity identity;
  if (!identify(vcpu, pc, &identity)) return nullptr;
  Translation* const found = map_.find(identity);
  return found != nullptr ? found : translate(vcpu, identity, options_.trace.instructions, true);
}

bool TranslatorEngine::translate_ahead(ir::CpuHeader& cpu, uint64_t pc) {
  Vcpu& vcpu = record_of(cpu);
  turnstile_.enter(vcpu);
  acknowledge(vcpu);
  const bool found = find_or_translate(vcpu, pc) != nullptr;
  turnstile_.leave(vcpu);
  return found;
}

const void* TranslatorEngine::on_resolve(Vcpu& vcpu, uint64_t stub_end) {
  ++vcpu.statistics.resolves;
  Translation* const from = cache_.find(host_pointer(stub_end - 1));
  LinkSite* const site =
      const_cast<LinkSite*>(find_stub(std::span<const LinkSite>(from->links), stub_end - from->host_address()));
  const uint64_t epoch = vcpu.acknowledged.load(std::memory_order_relaxed);
  Translation* const to = find_or_translate(vcpu, from->pc + static_cast<uint64_t>(site->target));
  // If the cache was so full that this virtual CPU had to become quiescent, `from` may be gone.
  if (to != nullptr && vcpu.acknowledged.load(std::memory_order_relaxed) == epoch) {
    const std::lock_guard lock(mutex_);
    if (from->live && to->live && site->to == nullptr && may_link(*from, *to)) link(*site, to);
  }
  return resume(vcpu, to);
}

const void* TranslatorEngine::on_indirect(Vcpu& vcpu, uint64_t pc) {
  ++vcpu.statistics.indirect_misses;
  if (options_.tier2_foreground) {
    // Nobody samples then, but calls come by here once. Others are taken for their callers', which costs a comparison.
    const uint64_t return_pc = reinterpret_cast<const uint64_t*>(vcpu.cpu.code_rsp)[1];
    if (return_pc != kNoPc) tier2_->calls.note(return_pc, pc, SeenCalls::kEnough);
  }
  Translation* const to = find_or_translate(vcpu, pc);
  if (to != nullptr) remember(vcpu, *to);
  return resume(vcpu, to);
}

uint64_t TranslatorEngine::stub_pc(const Translation* from, uint64_t stub_end) {
  const PcStub* const stub = find_stub(from->pc_stubs, stub_end - from->host_address());
  return from->pc + static_cast<uint64_t>(stub->pc);
}

const void* TranslatorEngine::on_stop(Vcpu& vcpu, uint64_t stub_end) {
  Translation* const from = cache_.find(host_pointer(stub_end - 1));
  vcpu.cpu.pc = stub_pc(from, stub_end);
  return stop_at(vcpu, from);
}

const void* TranslatorEngine::on_stop_before(Vcpu& vcpu, uint64_t call_end) {
  Translation* const from = cache_.find(host_pointer(call_end - 1));
  if (from != nullptr && (vcpu.cpu.stop_request.load(std::memory_order_relaxed) & kEngineSample) != 0) {
    // Of calls alone is known where they return to.
    const PcStub* const call = find_stub(from->pc_stubs, call_end - from->host_address());
    if (call != nullptr) tier2_->calls.note(from->pc + static_cast<uint64_t>(call->pc), vcpu.cpu.pc);
  }
  return stop_at(vcpu, from);
}

const void* TranslatorEngine::stop_at(Vcpu& vcpu, Translation* from) {
  ir::CpuHeader& cpu = vcpu.cpu;
  answer_sample(vcpu, from);
  turnstile_.pause(vcpu);
  if (!stop_requested(cpu)) return enter_at(vcpu, cpu.pc);
  cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Stop);
  return nullptr;
}

const void* TranslatorEngine::on_hot(Vcpu& vcpu, uint64_t stub_end) {
  Translation* const cold = cache_.find(host_pointer(stub_end - 1));
  const uint64_t pc = cold->pc;
  const uint64_t epoch = vcpu.acknowledged.load(std::memory_order_relaxed);
  const Translation* const next = promote(vcpu, cold);
  if (vcpu.acknowledged.load(std::memory_order_relaxed) != epoch) return enter_at(vcpu, pc);
  return resume(vcpu, next);
}

const void* TranslatorEngine::on_budget(Vcpu& vcpu, uint64_t stub_end) {
  ir::CpuHeader& cpu = vcpu.cpu;
  cpu.pc = stub_pc(cache_.find(host_pointer(stub_end - 1)), stub_end);
  if (cpu.budget <= 0) {
    cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Budget);
    return nullptr;
  }
  // The tail: a trace that the budget does cover, used once.
  acknowledge(vcpu);
  const auto left = static_cast<uint64_t>(cpu.budget);
  const auto instructions = static_cast<unsigned>(std::min<uint64_t>(left, options_.trace.instructions));
  ir::Identity identity;
  if (!identify(vcpu, cpu.pc, &identity)) return nullptr;
  const Translation* const tail = translate(vcpu, identity, instructions, false);
  return tail != nullptr ? tail->entry : nullptr;
}

// Optimized code does only what the TLB knows. What is not known yet is looked up, and the instruction begins again;
// devices, accesses across pages and faults are left to a trace of that instruction alone.
const void* TranslatorEngine::on_miss(Vcpu& vcpu, uint64_t stub_end) {
  ir::CpuHeader& cpu = vcpu.cpu;
  Translation* const from = cache_.find(host_pointer(stub_end - 1));
  cpu.pc = stub_pc(from, stub_end);
  const auto access = std::bit_cast<SlowAccess>(cpu.access_kind);
  const bool again = vcpu.missed_pc == cpu.pc && vcpu.missed_address == cpu.access_address;
  vcpu.missed_pc = cpu.pc;
  vcpu.missed_address = cpu.access_address;
  const bool writes = access.kind != SlowAccess::Kind::Load && access.kind != SlowAccess::Kind::ProbeRead;
  ir::Fault fault;
  if (!again && vcpu.memory.in_regime(access.regime)
                    .probe(cpu.access_address, access.size, writes ? ir::Access::Write : ir::Access::Read, &fault)) {
    return enter_at(vcpu, cpu.pc);
  }
  vcpu.missed_pc = kNoPc;
  constexpr uint32_t kMostSlow = 64;
  if (++from->slow_accesses == kMostSlow) give_up(*from);
  acknowledge(vcpu);
  ir::Identity identity;
  if (!identify(vcpu, cpu.pc, &identity)) return nullptr;
  const Translation* const alone = translate(vcpu, identity, 1, false);
  return alone != nullptr ? alone->entry : nullptr;
}

// An access that compiled code could not make itself. True: done, and the state as it was but for what is loaded.
// False: the virtual CPU leaves, as if the guest instruction had not begun.
uint64_t TranslatorEngine::on_memory(Vcpu& vcpu, const ThunkFrame& frame) {
  ir::CpuHeader& cpu = vcpu.cpu;
  const auto access = std::bit_cast<SlowAccess>(cpu.access_kind);
  ir::MemoryPort& memory = vcpu.memory.in_regime(access.regime);
  const uint64_t address = cpu.access_address;
  ir::Fault fault;
  bool good = false;
  switch (access.kind) {
    case SlowAccess::Kind::Load:
      good = memory.read(address, cpu.access_value, access.size, &fault);
      cpu.access_address = reinterpret_cast<uint64_t>(cpu.access_value);
      break;
    case SlowAccess::Kind::Store:
      good = memory.write(address, cpu.access_value, access.size, &fault);
      break;
    case SlowAccess::Kind::Atomic: {
      void* const host = memory.atomic_pointer(address, access.size, &fault);
      good = host != nullptr;
      cpu.access_address = reinterpret_cast<uint64_t>(host);
      break;
    }
    case SlowAccess::Kind::ProbeRead:
    case SlowAccess::Kind::ProbeWrite:
      good = memory.probe(address, access.size,
                          access.kind == SlowAccess::Kind::ProbeRead ? ir::Access::Read : ir::Access::Write, &fault);
      break;
  }
  if (good) return 1;
  const uint64_t host_pc = frame.return_address - 1;
  const Translation* const translation = cache_.find(host_pointer(host_pc));
  HostRegisters registers;
  for (unsigned i = 0; i < registers.general.size(); ++i) registers.general[i] = &frame.general[i];
  for (unsigned i = 0; i < std::size(frame.vector); ++i) registers.vector[i] = &frame.vector[i];
  const uint64_t rsp = cpu.code_rsp + sizeof(uint64_t);
  registers.general[4] = &rsp;
  recover_state(vcpu, *translation, host_pc, registers);
  recover_stack(vcpu, rsp);
  prepare_fault(vcpu, cpu.pc, fault);
  if (fault.kind == ir::FaultKind::Misaligned) cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Misaligned);
  return 0;
}

ThunkHandlers ThunkEntries::handlers() {
  return {resolve, indirect, stop, stop_before, hot, budget, helper, fp_slow, vector_slow, memory, miss};
}

const void* ThunkEntries::resolve(ir::CpuHeader* cpu, uint64_t stub_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_resolve(vcpu, stub_end);
}

const void* ThunkEntries::indirect(ir::CpuHeader* cpu, uint64_t pc) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_indirect(vcpu, pc);
}

const void* ThunkEntries::stop(ir::CpuHeader* cpu, uint64_t stub_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_stop(vcpu, stub_end);
}

const void* ThunkEntries::stop_before(ir::CpuHeader* cpu, uint64_t call_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_stop_before(vcpu, call_end);
}

const void* ThunkEntries::hot(ir::CpuHeader* cpu, uint64_t stub_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_hot(vcpu, stub_end);
}

const void* ThunkEntries::budget(ir::CpuHeader* cpu, uint64_t stub_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_budget(vcpu, stub_end);
}

const void* ThunkEntries::miss(ir::CpuHeader* cpu, uint64_t stub_end) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_miss(vcpu, stub_end);
}

uint64_t ThunkEntries::helper(ir::CpuHeader* cpu, uint64_t id) {
  uint64_t arguments[4];
  std::memcpy(arguments, cpu->spill, sizeof arguments);
  return record_of(*cpu).engine.frontend_.helpers()[static_cast<ir::HelperId>(id)].function(
      cpu, arguments[0], arguments[1], arguments[2], arguments[3]);
}

uint64_t ThunkEntries::fp_slow(ir::CpuHeader* cpu, uint64_t op) {
  uint64_t arguments[3];
  std::memcpy(arguments, cpu->spill, sizeof arguments);
  return ir::fp_slow(cpu, static_cast<ir::FpSlowOp>(op), arguments[0], arguments[1], arguments[2]);
}

uint64_t ThunkEntries::memory(ir::CpuHeader* cpu, const ThunkFrame* frame) {
  Vcpu& vcpu = record_of(*cpu);
  return vcpu.engine.on_memory(vcpu, *frame);
}

uint64_t ThunkEntries::vector_slow(ir::CpuHeader* cpu, uint64_t op) {
  ir::vector_slow(cpu, static_cast<ir::VectorSlowOp>(op));
  return 0;
}

}  // namespace menura::runtime
