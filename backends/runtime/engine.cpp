#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "backends/runtime/store/code_store.h"
#include "backends/runtime/thunk_entries.h"
#include "backends/runtime/thunks_emit.h"
#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

// Execution counters of a profile: enough for a hundred million guest instructions of translations.
constexpr std::size_t kCounts = std::size_t{8} << 20;

}  // namespace

void out_of_memory(const std::string& what) {
  std::fprintf(stderr, "menura: %s\n", what.c_str());
  _exit(125);
}

TranslatorEngine::TranslatorEngine(const ir::Frontend& frontend, ir::MemoryPort& memory, Compiler& compiler,
                                   const EngineOptions& options)
    : frontend_(frontend),
      memory_(memory),
      compiler_(compiler),
      options_(options),
      store_(options.count || options.profile || (options.observer != nullptr && options.observer->sees_each_step())
                 ? nullptr
                 : options.store),
      tier2_(std::make_unique<Tier2>()) {
  tier2_->off = options.tier2 == nullptr || options.count;
}

TranslatorEngine::~TranslatorEngine() {
  stop_tier2();
  if (counters_ != nullptr) munmap(counters_, counters_size_);
}

Result<void> TranslatorEngine::start() {
  // Where address space is limited, a smaller cache will do.
  std::size_t budget = options_.cache_budget;
  Result<void> reserved = cache_.reserve(budget, options_.chunk_size);
  while (!reserved && budget / 2 >= 2 * options_.chunk_size) {
    budget /= 2;
    reserved = cache_.reserve(budget, options_.chunk_size);
  }
  if (!reserved) return reserved;

  counts_offset_ = std::size_t{cache_.ordinals()} * sizeof(int32_t);
  count_capacity_ = options_.profile ? kCounts : 0;
  counters_size_ = counts_offset_ + count_capacity_ * sizeof(uint64_t);
  void* const counters =
      mmap(nullptr, counters_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (counters == MAP_FAILED) return Error{"no address space for execution counters; try a larger limit (ulimit -v)"};
  counters_ = static_cast<uint8_t*>(counters);

  const Thunks thunks = emit_thunks(frontend_.layout(), ThunkEntries::handlers());
  const std::size_t at = cache_.add_fixed(thunks.code.size());
  std::memcpy(cache_.memory().writable(at), thunks.code.data(), thunks.code.size());
  const uint8_t* const base = cache_.memory().executable(at);
  for (std::size_t i = 0; i < thunks_.size(); ++i) thunks_[i] = base + thunks.entries[i];
  enter_ = reinterpret_cast<void (*)(ir::CpuHeader*, const void*)>(reinterpret_cast<uintptr_t>(base + thunks.enter));
  leave_ = base + thunks.leave;
  bottom_ = base + thunks.bottom;
  return {};
}

void TranslatorEngine::attach(ir::CpuHeader& cpu) {
  auto vcpu = std::make_unique<Vcpu>(*this, cpu, memory_.of(cpu));
  if (!vcpu->make_stack(bottom_)) out_of_memory("no memory for a virtual CPU's return predictions");
  vcpu->table = vcpu->make_table(cpu.mode, cpu.extra, {});
  if (vcpu->table == nullptr) out_of_memory("no memory for a virtual CPU's jump table");
  cpu.lookup_table = vcpu->table->records();
  cpu.engine = vcpu.get();
  cpu.heat = counters_;
  for (std::size_t i = 0; i < thunks_.size(); ++i) cpu.thunks[i] = const_cast<void*>(thunks_[i]);
  turnstile_.add(*vcpu);
  if (options_.sample_always) start_sampling();
  const std::lock_guard lock(mutex_);
  vcpus_.push_back(std::move(vcpu));
}

void TranslatorEngine::detach(ir::CpuHeader& cpu) {
  turnstile_.remove(record_of(cpu));
  const std::lock_guard lock(mutex_);
  const Vcpu& vcpu = record_of(cpu);
  statistics_.add_events(vcpu.statistics);
  std::erase_if(vcpus_, [&](const auto& entry) { return entry.get() == &vcpu; });
  cpu.engine = nullptr;
}

vcpu::Exit TranslatorEngine::run(ir::CpuHeader& cpu) {
  Vcpu& vcpu = record_of(cpu);
  vcpu.fault = {};
  cpu.exit_detail = 0;
  if (stop_requested(cpu)) {
    cpu.exit_kind = static_cast<uint32_t>(ir::ExitKind::Stop);
  } else {
    // Whoever frees code asks first whether this runs: then it waits for an acknowledgement.
    turnstile_.enter(vcpu);
    if (!options_.machine) select_table(vcpu);
    do {
      if (const void* const code = enter_at(vcpu, cpu.pc); code != nullptr) enter_(&cpu, code);
      if (cpu.exit_kind == static_cast<uint32_t>(ir::ExitKind::Exclusive)) run_alone(vcpu);
      // Returns that nothing predicted leave in this way, whoever asked.
      if (cpu.exit_kind != static_cast<uint32_t>(ir::ExitKind::Stop)) break;
      answer_sample(vcpu, nullptr);
      turnstile_.pause(vcpu);
    } while (!stop_requested(cpu));
    turnstile_.leave(vcpu);
  }
  vcpu::Exit exit;
  exit.kind = static_cast<ir::ExitKind>(cpu.exit_kind);
  exit.detail = cpu.exit_detail;
  exit.fault = vcpu.fault;
  if (exit.kind == ir::ExitKind::Misaligned) {
    exit.fault = {ir::FaultKind::Misaligned, ir::Access::Write, exit.detail};
  } else if (exit.kind == ir::ExitKind::Fault && exit.fault.kind == ir::FaultKind::None) {
    // Raised by the guest's code itself; its kind is what an access there would raise.
    exit.fault = {ir::FaultKind::Unmapped, ir::Access::Read, exit.detail};
    vcpu.memory.probe(exit.detail, 1, ir::Access::Read, &exit.fault);
  }
  ++vcpu.statistics.exits[static_cast<unsigned>(exit.kind)];
  return exit;
}

void TranslatorEngine::run_alone(Vcpu& vcpu) {
  ++vcpu.statistics.exits[static_cast<unsigned>(ir::ExitKind::Exclusive)];
  if (vcpu.sequence == nullptr) vcpu.sequence = std::make_unique<ir::ExclusiveSequence>(frontend_, vcpu.memory);
  turnstile_.begin_alone(vcpu);
  const ir::ExclusiveSequence::Result result = vcpu.sequence->run(vcpu.cpu, options_.count);
  if (result.culprit != 0) sites_.add(result.culprit);
  turnstile_.end_alone(vcpu);
  // A machine's code is not known by that address.
  if (result.culprit != 0)
    options_.machine ? invalidate(0, ~uint64_t{0}) : invalidate(result.culprit, result.culprit + 1);
  vcpu.cpu.exit_kind = static_cast<uint32_t>(result.goes_on ? ir::ExitKind::Stop : result.exit.kind);
  vcpu.cpu.exit_detail = result.exit.detail;
  vcpu.fault = result.exit.fault;
}

void TranslatorEngine::before_fork() {
  mutex_.lock();
  forking_ = true;
  pause_tier2();
  // A thread in the middle of a translation may hold locks of the guest's memory, which the child could never free.
  while (busy_workshops_ != 0) {
    mutex_.unlock();
    sched_yield();
    mutex_.lock();
  }
  if (Result<void> copied = cache_.memory().make_copy(cache_.used()); !copied) out_of_memory(copied.error().message);
  if (store_ != nullptr) store_->before_fork();
  turnstile_.before_fork();
}

void TranslatorEngine::after_fork_parent() {
  turnstile_.after_fork_parent();
  if (store_ != nullptr) store_->after_fork_parent();
  cache_.memory().drop_copy();
  forking_ = false;
  resume_tier2();
  mutex_.unlock();
}

void TranslatorEngine::after_fork_child() {
  turnstile_.after_fork_child();
  if (Result<void> adopted = cache_.memory().adopt_copy(); !adopted) out_of_memory(adopted.error().message);
  if (store_ != nullptr) store_->after_fork_child();
  std::erase_if(vcpus_, [](const auto& vcpu) { return !pthread_equal(vcpu->thread, pthread_self()); });
  forking_ = false;
  restart_tier2();
  mutex_.unlock();
}

Statistics TranslatorEngine::statistics() {
  const std::lock_guard lock(mutex_);
  Statistics sum = statistics_;
  for (const auto& vcpu : vcpus_) sum.add_events(vcpu->statistics);
  sum.cache_bytes = cache_.used_bytes();
  const auto* const counts = reinterpret_cast<const uint64_t*>(counters_ + counts_offset_);
  for (std::size_t i = 0; i < counted_.size(); ++i) {
    sum.executed_guest += counts[i] * counted_[i].guest_instructions;
    sum.executed_host += counts[i] * counted_[i].host_instructions;
  }
  return sum;
}

}  // namespace menura::runtime
