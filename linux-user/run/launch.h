// From a command line to a running guest program.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ir/core/result.h"
#include "linux-user/abi/guests.h"
#include "linux-user/process.h"
#include "vcpu/debug_target.h"

namespace menura::linux_user {

struct Launch {
  Options options;
  std::string program;                   // path, as the user gave it
  std::vector<std::string> arguments;    // argv, from argv[0] on
  std::vector<std::string> environment;  // NAME=value
  std::string cpu;                       // --cpu; empty: the default
  vcpu::Door* door = nullptr;
  // Makes the engine for this guest; it lives as long as the process.
  Result<std::unique_ptr<vcpu::Engine>> (*make_engine)(const GuestRow& guest, const ir::Frontend& frontend,
                                                       GuestMemory& memory) = nullptr;
  // Lets a debugger come to the program, which waits for it before its first instruction; none: nobody does. The target
  // lives as long as the process.
  std::function<Result<void>(vcpu::DebugTarget& target)> debug;
};

// Loads the program and runs it to its end, which ends this process, too. Comes back only with what went wrong before
// the first guest instruction.
Error launch(const Launch& request);

}  // namespace menura::linux_user
