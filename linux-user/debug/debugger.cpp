#include "linux-user/debug/debugger.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "linux-user/signal/host_signals.h"
#include "linux-user/syscalls/guest_pointer.h"
#include "linux-user/syscalls/host_call.h"
#include "vcpu/system_cpu.h"

namespace menura::linux_user {

using vcpu::DebugAction;
using vcpu::DebugStop;

namespace {

// Out of the way of the guest's descriptors, which count from the lowest free one.
constexpr int kHighDescriptor = 512;

int open_memory() {
  const int file = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const int moved = ::fcntl(file, F_DUPFD_CLOEXEC, kHighDescriptor);
  if (moved < 0) return file;
  ::close(file);
  return moved;
}

// With watchpoints: how many instructions are interpreted at once, so that others need not wait long.
constexpr uint64_t kAtOnce = 1 << 18;

}  // namespace

Debugger::Debugger(Process& process) : process_(process), memory_(open_memory()) {
  process_.engine().require_precise_faults();
}

// --- guest threads

Debugger::Record& Debugger::record_of(Thread& thread) {
  const std::lock_guard lock(mutex_);
  return *records_.at(&thread);
}

void Debugger::begin(Thread& thread) {
  if (thread.process().is_vfork_child()) return;
  const std::lock_guard lock(mutex_);
  if (records_.contains(&thread)) return;
  auto record = std::make_unique<Record>();
  record->thread = &thread;
  record->id = static_cast<uint64_t>(host_call(SYS_gettid));
  record->watch.points = &watchpoints_;
  records_[&thread] = std::move(record);
}

void Debugger::end(Thread& thread) {
  if (thread.process().is_vfork_child()) return;
  const std::lock_guard lock(mutex_);
  records_.erase(&thread);
  quiet_.notify_all();
}

void Debugger::enter_call(Thread& thread) {
  if (thread.process().is_vfork_child()) return;
  const std::lock_guard lock(mutex_);
  records_.at(&thread)->quiet = true;
  quiet_.notify_all();
}

// The result waits until nobody looks at the registers.
void Debugger::leave_call(Thread& thread) {
  if (thread.process().is_vfork_child()) return;
  std::unique_lock lock(mutex_);
  stand_still(lock, *records_.at(&thread));
}

void Debugger::stand_still(std::unique_lock<std::mutex>& lock, Record& record) {
  while (stopping_ || record.stays) {
    record.quiet = true;
    quiet_.notify_all();
    go_.wait(lock);
  }
  record.quiet = false;
}

// It stops at its next turn at the latest.
void Debugger::report(Record& record, DebugStop stop) {
  const std::lock_guard lock(mutex_);
  if (listener_ == nullptr) return;
  stop.thread = record.id;
  record.stays = true;
  stops_.push_back(stop);
  listener_->stopped();
}

vcpu::Exit Debugger::interpret(Record& record, uint64_t instructions) {
  GuestMemory::watch_on_this_thread(&record.watch);
  const vcpu::Exit exit = process_.engine().interpret(record.thread->cpu(), instructions);
  GuestMemory::watch_on_this_thread(nullptr);
  return exit;
}

vcpu::Exit Debugger::pass_watched(Record& record, const vcpu::Watchpoint& hit) {
  record.watch.suspended = true;
  const vcpu::Exit exit = interpret(record, 1);
  record.watch.suspended = false;
  const bool done = exit.kind != vcpu::ExitKind::Fault && exit.kind != vcpu::ExitKind::Misaligned;
  if (done) report(record, {.reason = DebugStop::Reason::Watchpoint, .watchpoint = hit});
  return exit;
}

// Its parent waits for it, and may not even hold its own locks.
vcpu::Exit Debugger::run_vfork_child(Thread& thread) {
  const vcpu::Exit exit = process_.engine().run(thread.cpu());
  if (exit.kind != vcpu::ExitKind::Breakpoint || !breakpoints_.at(thread.cpu().pc)) return exit;
  return process_.engine().interpret(thread.cpu(), 1);
}

vcpu::Exit Debugger::run(Thread& thread) {
  if (thread.process().is_vfork_child()) return run_vfork_child(thread);
  Record& record = record_of(thread);
  ir::CpuHeader& cpu = thread.cpu();
  if (std::exchange(record.stepped, false)) report(record, {.reason = DebugStop::Reason::Step});
  cpu.stop_request.fetch_and(~vcpu::kStopDebugger);
  {
    std::unique_lock lock(mutex_);
    stand_still(lock, record);
  }
  // A signal may have come meanwhile, which is to be delivered first.
  if (cpu.stop_request.load() != 0) return {};
  if (record.steps) {
    record.stepped = true;
    return interpret(record, 1);
  }
  const vcpu::Exit exit = watchpoints_.empty() ? process_.engine().run(cpu) : interpret(record, kAtOnce);
  if (exit.kind == vcpu::ExitKind::Fault) {
    if (const auto hit = record.watch.take_hit()) return pass_watched(record, *hit);
  }
  if (exit.kind != vcpu::ExitKind::Breakpoint || !breakpoints_.at(cpu.pc)) return exit;
  report(record, {.reason = DebugStop::Reason::Breakpoint});
  return {};
}

int Debugger::choose_signal(Thread& thread, int signal) {
  if (thread.process().is_vfork_child()) return signal;
  Record& record = record_of(thread);
  {
    const std::lock_guard lock(mutex_);
    if (listener_ == nullptr) return signal;
    record.signal = 0;
  }
  report(record, {.reason = DebugStop::Reason::Signal, .signal = signal});
  std::unique_lock lock(mutex_);
  stand_still(lock, record);
  return listener_ == nullptr ? signal : std::exchange(record.signal, 0);
}

void Debugger::ended(int status, bool by_signal) {
  vcpu::DebugListener* listener = nullptr;
  {
    const std::lock_guard lock(mutex_);
    listener = listener_;
  }
  if (listener != nullptr) listener->ended(status, by_signal);
}

// --- the debugger's side

void Debugger::set_listener(vcpu::DebugListener* listener) {
  const std::lock_guard lock(mutex_);
  listener_ = listener;
}

std::vector<uint64_t> Debugger::threads() {
  const std::lock_guard lock(mutex_);
  std::vector<uint64_t> ids;
  for (const auto& [thread, record] : records_) ids.push_back(record->id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string Debugger::describe(uint64_t thread) {
  char name[16] = {};
  const int file = ::open(("/proc/self/task/" + std::to_string(thread) + "/comm").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t got = ::read(file, name, sizeof name);
  ::close(file);
  return got > 1 ? std::string(name, static_cast<size_t>(got) - 1) : std::string();
}

std::string Debugger::host_path(const std::string& path) const {
  std::string buffer;
  return process_.paths().to_host(path.c_str(), buffer);
}

void Debugger::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (const auto& [thread, record] : records_) thread->cpu().stop_request.fetch_or(vcpu::kStopDebugger);
  quiet_.wait(lock, [this] {
    return std::all_of(records_.begin(), records_.end(), [](const auto& each) { return each.second->quiet; });
  });
}

void Debugger::resume(std::span<const DebugAction> actions) {
  stop();
  const std::lock_guard lock(mutex_);
  for (const auto& [thread, record] : records_) {
    const auto action =
        std::find_if(actions.begin(), actions.end(), [&](const auto& each) { return each.thread == record->id; });
    const DebugAction chosen = action != actions.end() ? *action : DebugAction{};
    record->stays = chosen.kind == DebugAction::Kind::Stay;
    record->steps = chosen.kind == DebugAction::Kind::Step;
    record->signal = chosen.signal;
  }
  stops_.clear();
  stopping_ = false;
  go_.notify_all();
}

std::optional<DebugStop> Debugger::take_stop() {
  const std::lock_guard lock(mutex_);
  if (stops_.empty()) return std::nullopt;
  const DebugStop stop = stops_.front();
  stops_.pop_front();
  return stop;
}

void Debugger::kill() { ::kill(::getpid(), SIGKILL); }

ir::CpuHeader* Debugger::state(uint64_t thread) {
  const std::lock_guard lock(mutex_);
  for (const auto& [each, record] : records_) {
    if (record->id == thread) return &each->cpu();
  }
  return nullptr;
}

// By the host's kernel, which knows no wrong addresses, and minds no protection of a private page here.
bool Debugger::read_memory(uint64_t, uint64_t address, std::span<std::byte> data) {
  return in_guest_range(address, data.size()) &&
         ::pread(memory_, data.data(), data.size(), static_cast<off_t>(address)) == static_cast<ssize_t>(data.size());
}

bool Debugger::write_memory(uint64_t, uint64_t address, std::span<const std::byte> data) {
  if (!in_guest_range(address, data.size())) return false;
  process_.memory().prepare_host_write(address, data.size());
  const bool good =
      ::pwrite(memory_, data.data(), data.size(), static_cast<off_t>(address)) == static_cast<ssize_t>(data.size());
  process_.engine().invalidate(address, address + data.size());
  return good;
}

void Debugger::set_breakpoints(std::vector<uint64_t> pcs) {
  breakpoints_.set(pcs);
  process_.engine().set_breakpoints(std::move(pcs));
}

void Debugger::set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints) { watchpoints_.set(std::move(watchpoints)); }

}  // namespace menura::linux_user
