#include "cli/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "cli/cache.h"
#include "cli/engines.h"
#include "cli/gdb/server.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/sysroot/hint.h"
#include "cli/timeline/recorder.h"
#include "host/door.h"
#include "linux-user/run/launch.h"

namespace menura::cli {
namespace {

// Both live as long as the process.
const RunOptions* run_options = nullptr;
Recorder* recorder = nullptr;  // none: nullptr

bool names(std::string_view variable, std::string_view name) {
  return variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name);
}

std::vector<std::string> guest_environment(const RunOptions& options) {
  std::vector<std::string> variables;
  const auto remove = [&](std::string_view name) {
    std::erase_if(variables, [&](const std::string& variable) { return names(variable, name); });
  };
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  for (const std::string& name : options.unset_variables) remove(name);
  for (const std::string& variable : options.set_variables) {
    remove(std::string_view(variable).substr(0, variable.find('=')));
    variables.push_back(variable);
  }
  return variables;
}

const std::string& argv0(const RunOptions& options) {
  if (options.has_argv0) return options.argv0;
  return options.program_name.empty() ? options.program : options.program_name;
}

// How ld.so ends when it cannot load a library; a shell's "command not found", too.
constexpr int kNotFound = 127;

// The process ends or becomes another program.
void at_end() {
  keep_compiled_code();
  write_profile(run_options->program);
}

void before_execve() {
  at_end();
  if (recorder != nullptr) recorder->before_execve();
}

void at_exit(int status) {
  at_end();
  if (recorder != nullptr) recorder->finish();
  if (run_options->statistics) print_statistics();
  if (status == kNotFound) explain_missing_libraries(run_options->program, run_options->sysroot);
}

int complain(const Error& error) {
  std::fprintf(stderr, "menura: %s\n", error.message.c_str());
  return error.exit_code;
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  Result<RunOptions> options = parse_run_options(arguments);
  if (!options) {
    return complain(options.error());
  }
  if (options->help) {
    std::fputs(run_help().c_str(), stdout);
    return 0;
  }
  if (auto found = find_program(&*options); !found) return complain(found.error());
  settle_cache_folder(&*options);
  if (!options->trace.empty()) options->trace = std::filesystem::absolute(options->trace);  // and so for its children
  run_options = new RunOptions(std::move(*options));
  auto made = make_recorder(*run_options, run_options->program);
  if (!made) return complain(made.error());
  recorder = *made;

  linux_user::Launch launch;
  launch.options.strace = run_options->strace;
  launch.options.sysroot = run_options->sysroot;
  launch.options.reexec_options = run_options->for_children(true);
  launch.options.other_guest_options = run_options->for_children(false);
  launch.options.at_exit = at_exit;
  launch.options.before_execve = before_execve;
  launch.options.timeline = recorder;
  launch.program = run_options->program;
  launch.arguments = run_options->arguments;
  launch.arguments.insert(launch.arguments.begin(), argv0(*run_options));
  launch.environment = guest_environment(*run_options);
  launch.cpu = run_options->cpu;
  launch.door = new host::HostDoor;
  launch.make_engine = [](const linux_user::GuestRow& guest, const ir::Frontend& frontend,
                          linux_user::GuestMemory& memory) {
    return make_engine(*run_options, {guest.name, guest.llvm_triple, guest.llvm_features}, frontend, memory, recorder);
  };
  if (!run_options->gdb.empty()) {
    // Lives as long as the process.
    launch.debug = [](vcpu::DebugTarget& target) -> Result<void> {
      auto server = gdb::Server::start(run_options->gdb, target);
      if (!server) return server.error();
      server->release();
      return {};
    };
  }
  const Error error = linux_user::launch(launch);
  // What was made for the guest was made for as long as the process lives.
  std::_Exit(complain(error));
}

}  // namespace menura::cli
