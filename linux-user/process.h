// Process and Thread: what a guest program is while it runs. A guest thread is a host thread of its own; ids,
// descriptors, credentials and limits are the host's.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ir/api/frontend.h"
#include "linux-user/abi/abi.h"
#include "linux-user/abi/guest_cpu.h"
#include "linux-user/memory/guest_memory.h"
#include "linux-user/paths.h"
#include "linux-user/signal/actions.h"
#include "linux-user/signal/thread_signals.h"
#include "vcpu/door.h"
#include "vcpu/engine.h"
#include "vcpu/timeline.h"

namespace menura::linux_user {

class Debugger;

// What the user asked for.
struct Options {
  bool strace = false;
  std::string sysroot;                           // -L; empty: found by itself
  std::vector<std::string> reexec_options;       // what a guest's execve of a guest program gives to the next Menura
  std::vector<std::string> other_guest_options;  // the same for a program of another guest
  void (*at_exit)(int status) = nullptr;         // called once before the process ends by itself
  void (*before_execve)() = nullptr;             // called before the process becomes another program
  vcpu::Timeline* timeline = nullptr;            // --trace; nullptr: nobody wants to know
};

class Process {
 public:
  Process(const Options& options, const Abi& abi, const GuestCpu& guest, vcpu::Door& door);

  const Options& options() const { return *options_; }
  const Abi& abi() const { return *abi_; }           // structs and numbers
  const GuestCpu& guest() const { return *guest_; }  // registers
  vcpu::Door& door() const { return *door_; }
  GuestMemory& memory() { return *memory_; }
  const Paths& paths() const { return *paths_; }
  void set_paths(Paths paths) { *paths_ = std::move(paths); }
  SignalActions& actions() { return actions_; }

  vcpu::Engine& engine() { return *engine_; }
  void set_engine(vcpu::Engine& engine) {
    engine_ = &engine;
    memory_->set_engine(&engine);
  }

  // nullptr: there is none.
  Debugger* debugger() const { return debugger_; }
  void set_debugger(Debugger* debugger) { debugger_ = debugger; }

  // The guest program as /proc/self/exe names it, absolute; and its auxiliary vector (/proc/self/auxv).
  const std::string& exe_path() const { return exe_path_; }
  void set_exe_path(std::string path) { exe_path_ = std::move(path); }
  const std::vector<uint64_t>& auxv() const { return auxv_; }
  void set_auxv(std::vector<uint64_t> auxv) { auxv_ = std::move(auxv); }
  const std::vector<std::string>& arguments() const { return arguments_; }
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }

  // Guest code that a signal handler returns to.
  uint64_t sigreturn_address() const { return sigreturn_address_; }
  void set_sigreturn_address(uint64_t address) { sigreturn_address_ = address; }

  // A child of vfork: everything is shared with the parent but what the kernel gives it its own copy of.
  std::unique_ptr<Process> vfork_child() const;
  bool is_vfork_child() const { return is_vfork_child_; }

  // Ends the process with `status`, all its threads with it.
  [[noreturn]] void end(int status);
  // What is to be done before the process is gone, where its last thread ends without that.
  void run_exit_hook(int status);

  // Guest threads that are alive.
  std::atomic<int>& thread_count() { return *thread_count_; }

 private:
  Process(const Process&) = default;

  const Options* options_;
  const Abi* abi_;
  const GuestCpu* guest_;
  vcpu::Door* door_;
  std::shared_ptr<GuestMemory> memory_;
  std::shared_ptr<Paths> paths_;
  std::shared_ptr<std::atomic<int>> thread_count_;
  vcpu::Engine* engine_ = nullptr;
  Debugger* debugger_ = nullptr;
  SignalActions actions_;
  std::string exe_path_;
  std::vector<uint64_t> auxv_;
  std::vector<std::string> arguments_;
  uint64_t sigreturn_address_ = 0;
  bool is_vfork_child_ = false;
};

class Thread {
 public:
  // The state struct is fresh. Attached to the engine by the host thread that runs it (run/run_loop.h).
  explicit Thread(Process& process);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread();

  // The guest thread that the calling host thread runs, or null.
  static Thread* current();
  static void set_current(Thread* thread);

  Process& process() { return *process_; }
  const Process& process() const { return *process_; }
  ir::CpuHeader& cpu() { return *cpu_; }
  ThreadSignals& signals() { return signals_; }

  // Zeroed and woken when the thread ends (set_tid_address, CLONE_CHILD_CLEARTID); 0 = none.
  uint64_t clear_child_tid = 0;

  // Head of the list of robust futexes that the thread holds (set_robust_list); 0 = none. The host's kernel knows it,
  // too, and walks it if the process is killed.
  uint64_t robust_list = 0;

  // System calls take pointers with a tag (PR_SET_TAGGED_ADDR_CTRL; inherited by new threads and processes).
  bool takes_tagged_addresses = false;

  // The thread has called exit: the run loop comes back with this status.
  bool ended = false;
  int status = 0;

 private:
  Process* process_;
  ir::CpuHeader* cpu_;  // of layout().size bytes
  ThreadSignals signals_;
};

}  // namespace menura::linux_user
