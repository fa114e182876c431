#include "linux-user/run/execute.h"

#include <cerrno>

#include "linux-user/loader/executable.h"
#include "linux-user/process.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// The kernel resets caught signals and keeps ignored ones; those that Menura catches for itself must look as if they
// had never been caught.
void show_fault_dispositions(Thread& thread) {
  const auto ignore = reinterpret_cast<uint64_t>(SIG_IGN);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
    if (thread.process().actions().get(signal).handler == ignore) set_host_disposition(signal, ignore);
  }
}

}  // namespace

int64_t execute(Thread& thread, const std::string& path, std::vector<std::string> arguments,
                const std::vector<std::string>& environment) {
  Process& process = thread.process();
  Executable executable;
  const int64_t error = resolve_executable(process.paths(), path, &executable);
  if (error != 0) return error;

  if (!executable.prefix.empty()) {
    if (!arguments.empty()) arguments.erase(arguments.begin());
    arguments.insert(arguments.begin(), executable.prefix.begin(), executable.prefix.end());
  }
  std::string buffer;
  std::string program = process.paths().to_host(executable.path.c_str(), buffer);
  if (executable.guest != nullptr) {
    // menura run <options> -0 <argv[0]> <program> <argv[1]...>
    std::vector<std::string> all = {"menura", "run"};
    const bool same_guest = executable.guest->abi == &process.abi();
    const std::vector<std::string>& options =
        same_guest ? process.options().reexec_options : process.options().other_guest_options;
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), {"-0", arguments.empty() ? std::string() : arguments[0], program});
    if (!arguments.empty()) all.insert(all.end(), arguments.begin() + 1, arguments.end());
    arguments = std::move(all);
    program = "/proc/self/exe";
  }
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);

  // The child of a vfork shares its memory with the parent, which will do it.
  if (process.options().before_execve != nullptr && !process.is_vfork_child()) process.options().before_execve();
  if (thread.signals().taken.load(std::memory_order_relaxed) != 0) return kRestartAlways;
  show_fault_dispositions(thread);
  set_exact_host_mask(thread.signals().mask);
  const int64_t result = host_call(SYS_execve, program.c_str(), argv.data(), envp.data());
  install_fault_handlers();
  set_host_mask(thread.signals().mask);
  return result;
}

}  // namespace menura::linux_user
