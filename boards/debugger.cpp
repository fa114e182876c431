#include "boards/debugger.h"

#include <algorithm>

#include "boards/commands.h"

namespace menura::boards {

using vcpu::DebugAction;
using vcpu::DebugStop;

MachineDebugger::MachineDebugger(Machine& machine, bool frozen)
    : machine_(machine), stopped_(frozen), steps_(machine.cpus().count()) {}

MachineDebugger::~MachineDebugger() { set_listener(nullptr); }

void MachineDebugger::set_listener(vcpu::DebugListener* listener) {
  machine_.stop_cpus();
  if (listener != nullptr) machine_.cpus().engine().require_precise_faults();
  for (unsigned i = 0; i < machine_.cpus().count(); ++i) {
    machine_.thread(i).set_debugger(listener != nullptr ? this : nullptr);
  }
  {
    const std::lock_guard lock(mutex_);
    listener_ = listener;
  }
  machine_.resume_cpus();
}

const vcpu::DebugRegisters& MachineDebugger::registers() const { return machine_.cpus().debug_registers(); }

std::vector<uint64_t> MachineDebugger::threads() {
  std::vector<uint64_t> numbers(machine_.cpus().count());
  for (unsigned i = 0; i < numbers.size(); ++i) numbers[i] = i + 1;
  return numbers;
}

std::string MachineDebugger::describe(uint64_t thread) {
  if (state(thread) == nullptr) return {};
  const auto cpu = static_cast<unsigned>(thread - 1);
  return "CPU#" + std::to_string(cpu) + (machine_.cpus().cpu(cpu).runnable() ? " [running]" : " [halted]");
}

// --- running

void MachineDebugger::stop() {
  if (stopped_) return;
  machine_.stop_cpus();
  stopped_ = true;
}

void MachineDebugger::resume(std::span<const DebugAction> actions) {
  stop();
  for (unsigned i = 0; i < machine_.cpus().count(); ++i) {
    const auto action = std::find_if(actions.begin(), actions.end(), [&](const auto& a) { return a.thread == i + 1; });
    const DebugAction::Kind kind = action != actions.end() ? action->kind : DebugAction::Kind::Stay;
    steps_[i] = kind == DebugAction::Kind::Step;
    kind == DebugAction::Kind::Stay ? machine_.thread(i).hold() : machine_.thread(i).release();
  }
  {
    const std::lock_guard lock(mutex_);
    stops_.clear();
  }
  stopped_ = false;
  machine_.resume_cpus();
}

std::optional<DebugStop> MachineDebugger::take_stop() {
  const std::lock_guard lock(mutex_);
  if (stops_.empty()) return std::nullopt;
  const DebugStop stop = stops_.front();
  stops_.pop_front();
  return stop;
}

// --- on the threads of virtual CPUs

void MachineDebugger::report(unsigned cpu, DebugStop stop) {
  stop.thread = cpu + 1;
  machine_.thread(cpu).hold();
  const std::lock_guard lock(mutex_);
  stops_.push_back(stop);
  if (listener_ != nullptr) listener_->stopped();
}

void MachineDebugger::pass_watched(unsigned cpu, const vcpu::Watchpoint& hit) {
  vcpu::SystemCpu& system = machine_.cpus().cpu(cpu);
  vcpu::WatchState& watch = machine_.cpus().memory().cpu(cpu).watch();
  watch.suspended = true;
  const vcpu::Exit exit = machine_.cpus().engine().interpret(system.header(), 1);
  watch.suspended = false;
  system.handle(exit);
  // Where it could not make the access (a page fault), it comes back.
  if (exit.kind == vcpu::ExitKind::Fault || exit.kind == vcpu::ExitKind::Misaligned) return;
  report(cpu, {.reason = DebugStop::Reason::Watchpoint, .watchpoint = hit});
}

// As in CpuThread::run(), but for what a debugger wants. A single step takes no interrupt: it would end in a handler.
std::optional<vcpu::SystemCpu::Next> MachineDebugger::turn(unsigned cpu) {
  vcpu::SystemCpu& system = machine_.cpus().cpu(cpu);
  ir::CpuHeader& header = system.header();
  const bool step = steps_[cpu];
  if (!step) system.take_interrupt();
  const vcpu::Exit exit = step ? machine_.cpus().engine().interpret(header, 1) : machine_.cpus().engine().run(header);
  if (exit.kind == vcpu::ExitKind::Fault) {
    if (const auto hit = machine_.cpus().memory().cpu(cpu).watch().take_hit()) {
      pass_watched(cpu, *hit);
      return std::nullopt;
    }
  }
  if (!step && exit.kind == vcpu::ExitKind::Breakpoint && breakpoints_.at(header.pc)) {
    report(cpu, {.reason = DebugStop::Reason::Breakpoint});
    return std::nullopt;
  }
  const auto next = system.handle(exit);
  if (step) report(cpu, {.reason = DebugStop::Reason::Step});
  return exit.kind == vcpu::ExitKind::Wait ? std::optional(next) : std::nullopt;
}

// --- while all stand still

ir::CpuHeader* MachineDebugger::state(uint64_t thread) {
  if (thread == 0 || thread > machine_.cpus().count()) return nullptr;
  return &machine_.cpus().cpu(static_cast<unsigned>(thread - 1)).header();
}

// A debugger looks at what is there, whatever may be done with it: any right is enough.
template <typename Piece>
bool MachineDebugger::for_pieces(uint64_t thread, uint64_t address, std::size_t size, Piece piece) {
  if (state(thread) == nullptr) return false;
  softmmu::PageWalker& walker = machine_.cpus().walker(static_cast<unsigned>(thread - 1));
  for (std::size_t done = 0; done < size;) {
    const uint64_t at = address + done;
    softmmu::PageMapping mapping;
    ir::Fault fault;
    if (!walker.walk(at, ir::Access::Read, 0, &mapping, &fault) &&
        !walker.walk(at, ir::Access::Execute, 0, &mapping, &fault)) {
      return false;
    }
    const uint64_t inside = at & ((uint64_t{1} << mapping.size_log2) - 1);
    const uint64_t room =
        std::min((uint64_t{1} << mapping.size_log2) - inside, softmmu::kPageSize - at % softmmu::kPageSize);
    const std::size_t length = std::min<uint64_t>(size - done, room);
    if (!piece(mapping.physical + inside, done, length)) return false;
    done += length;
  }
  return true;
}

bool MachineDebugger::read_memory(uint64_t thread, uint64_t address, std::span<std::byte> data) {
  return for_pieces(thread, address, data.size(), [&](uint64_t physical, std::size_t done, std::size_t length) {
    return read_physical(physical, data.subspan(done, length));
  });
}

bool MachineDebugger::write_memory(uint64_t thread, uint64_t address, std::span<const std::byte> data) {
  return for_pieces(thread, address, data.size(), [&](uint64_t physical, std::size_t done, std::size_t length) {
    return write_physical(physical, data.subspan(done, length));
  });
}

bool MachineDebugger::read_physical(uint64_t address, std::span<std::byte> data) {
  return machine_.bus().read(address, data.data(), data.size());
}

bool MachineDebugger::write_physical(uint64_t address, std::span<const std::byte> data) {
  return machine_.bus().load(address, data.data(), data.size());
}

void MachineDebugger::set_breakpoints(std::vector<uint64_t> pcs) {
  breakpoints_.set(pcs);
  machine_.cpus().engine().set_breakpoints(std::move(pcs));
}

void MachineDebugger::set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints) {
  machine_.cpus().memory().set_watchpoints(std::move(watchpoints));
}

// --- commands

std::string MachineDebugger::command_help() const { return commands_help(); }

std::optional<std::string> MachineDebugger::command(const std::string& line) { return run_command(machine_, line); }

}  // namespace menura::boards
