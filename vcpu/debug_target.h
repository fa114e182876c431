// DebugTarget: a guest (a machine, a process) as a debugger sees it: threads that stand still or run, their registers,
// memory, breakpoints and watchpoints. `boards` and `linux-user` implement it; cli/gdb is gdb's protocol over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vcpu/debug_registers.h"
#include "vcpu/watchpoints.h"

namespace menura::vcpu {

struct DebugStop {
  enum class Reason : uint8_t {
    Interrupted,  // the debugger asked for it
    Step,         // the instruction has been executed
    Breakpoint,   // before the instruction at the pc
    Watchpoint,   // behind the instruction that made the access
    Signal,       // processes: about to be delivered, or what resume() says instead
  };
  Reason reason = Reason::Interrupted;
  uint64_t thread = 0;
  int signal = 0;              // Signal: the host's number
  Watchpoint watchpoint = {};  // Watchpoint: which
};

struct DebugAction {
  enum class Kind : uint8_t { Stay, Continue, Step };
  uint64_t thread = 0;
  Kind kind = Kind::Stay;
  int signal = 0;  // processes: delivered first; 0: the one that was announced is forgotten
};

// Who is told. Any thread.
class DebugListener {
 public:
  virtual ~DebugListener() = default;
  // A thread has stopped by itself: DebugTarget::take_stop() says why.
  virtual void stopped() = 0;
  // The guest is about to be gone; comes back when the debugger has heard of it.
  virtual void ended(int status, bool by_signal) = 0;
};

// One debugger at a time, on a thread that runs no guest code.
class DebugTarget {
 public:
  virtual ~DebugTarget() = default;

  virtual void set_listener(DebugListener* listener) = 0;  // nullptr: none, and nothing stops any more

  // --- what there is. Threads have numbers from 1 on; they go by themselves while they run.
  virtual const DebugRegisters& registers() const = 0;
  virtual std::vector<uint64_t> threads() = 0;
  virtual std::string describe(uint64_t thread) = 0;
  virtual std::string executable() const { return {}; }                      // processes: its file
  virtual std::span<const uint64_t> auxiliary_vector() const { return {}; }  // processes: pairs of words

  // The host's path of what a process calls `path`.
  virtual std::string host_path(const std::string& path) const { return path; }

  // --- running
  // All threads stand still when it returns.
  virtual void stop() = 0;
  // A thread that is not named stays. What was stopped for is forgotten.
  virtual void resume(std::span<const DebugAction> actions) = 0;
  // What a thread has stopped for by itself; the others may still run. Each is told once.
  virtual std::optional<DebugStop> take_stop() = 0;
  // All go on, without breakpoints and watchpoints.
  virtual void detach() {
    stop();
    set_breakpoints({});
    set_watchpoints({});
    set_listener(nullptr);
    std::vector<DebugAction> all;
    for (const uint64_t thread : threads()) all.push_back({thread, DebugAction::Kind::Continue});
    resume(all);
  }
  virtual void kill() = 0;

  // --- while all stand still
  // nullptr: there is no such thread.
  virtual ir::CpuHeader* state(uint64_t thread) = 0;
  // Through the thread's translation, whatever the rights say. False: not all of it is memory.
  virtual bool read_memory(uint64_t thread, uint64_t address, std::span<std::byte> data) = 0;
  virtual bool write_memory(uint64_t thread, uint64_t address, std::span<const std::byte> data) = 0;
  // Machines; false elsewhere.
  virtual bool read_physical(uint64_t, std::span<std::byte>) { return false; }
  virtual bool write_physical(uint64_t, std::span<const std::byte>) { return false; }

  virtual void set_breakpoints(std::vector<uint64_t> pcs) = 0;
  virtual void set_watchpoints(std::vector<Watchpoint> watchpoints) = 0;

  // What else it can do, by a name and arguments of its own (gdb's `monitor`). Nothing: it does not know the command.
  virtual std::optional<std::string> command(const std::string& /*line*/) { return std::nullopt; }
  // Lines for a help text.
  virtual std::string command_help() const { return {}; }
};

}  // namespace menura::vcpu
