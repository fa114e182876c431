// Debugger: a guest process as a debugger sees it (vcpu/debug_target.h). Threads are numbered as the host's kernel
// does.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "ir/api/breakpoints.h"
#include "linux-user/process.h"
#include "vcpu/debug_target.h"

namespace menura::linux_user {

class Debugger final : public vcpu::DebugTarget {
 public:
  // Before the first thread runs; all threads stand still until somebody says otherwise. The process outlives it.
  explicit Debugger(Process& process);

  // --- from guest threads
  void begin(Thread& thread);
  vcpu::Exit run(Thread& thread);  // instead of Engine::run
  void enter_call(Thread& thread);
  void leave_call(Thread& thread);
  // A signal is about to be delivered: the one to deliver instead; 0: none.
  int choose_signal(Thread& thread, int signal);
  void end(Thread& thread);
  // The process is about to end.
  void ended(int status, bool by_signal);

  // --- vcpu::DebugTarget
  void set_listener(vcpu::DebugListener* listener) override;
  const vcpu::DebugRegisters& registers() const override { return process_.guest().debug_registers(); }
  std::vector<uint64_t> threads() override;
  std::string describe(uint64_t thread) override;
  std::string executable() const override { return process_.exe_path(); }
  std::span<const uint64_t> auxiliary_vector() const override { return process_.auxv(); }
  std::string host_path(const std::string& path) const override;

  void stop() override;
  void resume(std::span<const vcpu::DebugAction> actions) override;
  std::optional<vcpu::DebugStop> take_stop() override;
  void kill() override;

  ir::CpuHeader* state(uint64_t thread) override;
  bool read_memory(uint64_t thread, uint64_t address, std::span<std::byte> data) override;
  bool write_memory(uint64_t thread, uint64_t address, std::span<const std::byte> data) override;
  void set_breakpoints(std::vector<uint64_t> pcs) override;
  void set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints) override;

 private:
  struct Record {
    Thread* thread = nullptr;
    uint64_t id = 0;
    bool quiet = false;    // it stands still, or is in a system call
    bool stays = false;    // whoever else goes on
    bool steps = false;    // it executes one instruction
    bool stepped = false;  // and has done so
    int signal = 0;        // to be delivered, if one was announced
    vcpu::WatchState watch;
  };

  Record& record_of(Thread& thread);
  // With the lock: until it may go on.
  void stand_still(std::unique_lock<std::mutex>& lock, Record& record);
  void report(Record& record, vcpu::DebugStop stop);
  vcpu::Exit interpret(Record& record, uint64_t instructions);
  vcpu::Exit pass_watched(Record& record, const vcpu::Watchpoint& hit);
  vcpu::Exit run_vfork_child(Thread& thread);

  Process& process_;
  const int memory_;               // /proc/self/mem
  ir::Breakpoints breakpoints_;    // changed while all stand still
  vcpu::Watchpoints watchpoints_;  // the same

  std::mutex mutex_;  // of what follows
  std::condition_variable quiet_;
  std::condition_variable go_;
  bool stopping_ = true;
  std::map<Thread*, std::unique_ptr<Record>> records_;
  vcpu::DebugListener* listener_ = nullptr;
  std::deque<vcpu::DebugStop> stops_;
};

}  // namespace menura::linux_user
