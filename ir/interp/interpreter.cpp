#include "ir/interp/interpreter.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ir/api/frames.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"

namespace menura::ir {

namespace {

void check([[maybe_unused]] const Region& region, [[maybe_unused]] const Frontend& frontend) {
#ifndef NDEBUG
  const std::string wrong = verify(region, frontend.layout(), frontend.helpers());
  if (wrong.empty()) return;
  std::fprintf(stderr, "menura: a region does not verify: %s\n%s", wrong.c_str(),
               print(region, frontend.layout(), frontend.helpers()).c_str());
  std::abort();
#endif
}

}  // namespace

struct Interpreter::Thread {
  Thread(const Frontend& frontend, MemoryPort& memory, const ExclusiveSites& sites, const Breakpoints* breakpoints)
      : port(memory),
        former(frontend, memory, &sites),
        evaluator(frontend.layout(), frontend.helpers(), memory),
        sequence(frontend, memory) {
    former.set_breakpoints(breakpoints);
  }

  MemoryPort& port;
  Former former;
  Evaluator evaluator;
  ExclusiveSequence sequence;
  Region scratch;
  // The regions that ran last, by pc. Their generation tells whether they are still good.
  static constexpr std::size_t kRecent = 1024;
  struct Recent {
    uint64_t generation = ~uint64_t{0};
    RegionPointer region;
  };
  std::array<Recent, kRecent> recent;
};

Interpreter::Interpreter(const Frontend& frontend, MemoryPort& memory, Options options)
    : frontend_(frontend), memory_(memory), options_(options) {}

Interpreter::~Interpreter() = default;

void Interpreter::attach(CpuHeader& cpu) {
  cpu.engine = new Thread(frontend_, memory_.of(cpu), sites_, options_.breakpoints);
}

void Interpreter::detach(CpuHeader& cpu) {
  delete static_cast<Thread*>(cpu.engine);
  cpu.engine = nullptr;
}

InterpreterExit Interpreter::run(CpuHeader& cpu) {
  Thread& thread = *static_cast<Thread*>(cpu.engine);
  InterpreterExit exit;
  for (uint32_t stops = ~options_.late_stops;; stops = ~0U) {
    if ((cpu.stop_request.load(std::memory_order_relaxed) & stops) != 0) {
      exit.kind = ExitKind::Stop;
      return exit;
    }
    if (options_.count && cpu.budget <= 0) {
      exit.kind = ExitKind::Budget;
      return exit;
    }
    Evaluator::Options options;
    options.count = options_.count;
    options.generation_now = &generation_;
    options.generation = generation_.load(std::memory_order_acquire);
    Identity identity{cpu.pc, cpu.mode, cpu.extra};
    RegionPointer region;
    if (!options_.machine || find_frames(frontend_, thread.port, &identity, &exit.fault)) {
      region = find(thread, identity, &exit.fault);
    }
    if (region == nullptr) {
      exit.kind = ExitKind::Fault;
      exit.detail = exit.fault.address;
      return exit;
    }
    if (!thread.evaluator.run(*region, cpu, options, &exit)) return exit;
  }
}

bool Interpreter::run_alone(CpuHeader& cpu, InterpreterExit* exit) {
  const ExclusiveSequence::Result result = static_cast<Thread*>(cpu.engine)->sequence.run(cpu, options_.count);
  if (result.culprit != 0) {
    sites_.add(result.culprit);
    // A machine's code is not known by that address.
    options_.machine ? invalidate(0, ~uint64_t{0}) : invalidate(result.culprit, result.culprit + 1);
  }
  if (!result.goes_on) *exit = result.exit;
  return result.goes_on;
}

Interpreter::RegionPointer Interpreter::find(Thread& thread, const Identity& identity, Fault* fault) {
  Thread::Recent& recent = thread.recent[identity.pc / 2 % Thread::kRecent];
  const uint64_t generation = generation_.load(std::memory_order_acquire);
  if (recent.generation == generation && recent.region->region.identity == identity) return recent.region;
  RegionPointer region;
  {
    const std::lock_guard lock(mutex_);
    drop_invalid();
    if (const auto found = regions_.find(identity); found != regions_.end()) region = found->second;
  }
  if (region == nullptr) region = form(thread, identity, fault);
  // Formed under a newer generation or not, it is good for the one that was current before.
  if (region != nullptr) recent = {generation, region};
  return region;
}

Interpreter::RegionPointer Interpreter::form(Thread& thread, const Identity& identity, Fault* fault) {
  for (;;) {
    const uint64_t generation = generation_.load(std::memory_order_acquire);
    const Fault raised = thread.former.form_trace(identity, thread.scratch, {.one_page = options_.machine});
    if (raised.kind != FaultKind::None) {
      *fault = raised;
      return nullptr;
    }
    check(thread.scratch, frontend_);
    auto region = std::make_shared<const PreparedRegion>(thread.scratch);
    const std::lock_guard lock(mutex_);
    // Bytes may have changed while they were read.
    if (generation_.load(std::memory_order_acquire) != generation) continue;
    return regions_.emplace(identity, std::move(region)).first->second;
  }
}

// Held for a few instructions that touch no guest memory, so that a fault handler never waits for its own thread.
void Interpreter::lock_pending() {
  while (pending_lock_.test_and_set(std::memory_order_acquire)) {
  }
}

void Interpreter::lock_for_fork() {
  mutex_.lock();
  lock_pending();
}

void Interpreter::unlock_after_fork() {
  unlock_pending();
  mutex_.unlock();
}

void Interpreter::invalidate(uint64_t begin, uint64_t end) {
  lock_pending();
  if (pending_count_ < kMostPending) {
    pending_[pending_count_++] = {begin, end};
  } else {
    pending_[0] = {0, ~uint64_t{0}};
  }
  generation_.fetch_add(1, std::memory_order_release);
  unlock_pending();
}

void Interpreter::drop_invalid() {
  lock_pending();
  const std::array<GuestRange, kMostPending> ranges = pending_;
  const unsigned count = pending_count_;
  pending_count_ = 0;
  unlock_pending();
  if (count == 0) return;
  std::erase_if(regions_, [&](const auto& entry) {
    return std::any_of(ranges.begin(), ranges.begin() + count, [&](const GuestRange& range) {
      const std::vector<GuestRange>& guest = entry.second->region.guest;
      return std::any_of(guest.begin(), guest.end(),
                         [&](const GuestRange& code) { return code.begin < range.end && range.begin < code.end; });
    });
  });
}

}  // namespace menura::ir
