// The initial stack of a program: arguments, environment and the auxiliary vector, as the kernel leaves them
// (System V ABI, "Process Initialization"; getauxval(3)).
#pragma once

#include <string>
#include <vector>

#include "ir/core/result.h"
#include "linux-user/loader/image.h"
#include "linux-user/process.h"

namespace menura::linux_user {

struct StackContents {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string program;            // AT_EXECFN: the path as it was given to execve
  LoadedImage image;              // the program itself
  uint64_t interpreter_base = 0;  // AT_BASE; 0: none
  uint64_t vdso = 0;              // AT_SYSINFO_EHDR; 0: none
};

// The lowest address of the stack and the gap below it: mappings go below this.
uint64_t stack_floor();

// Maps the stack at the top of the guest's address space, fills it, records the auxiliary vector in `process`.
// Returns the stack pointer.
Result<uint64_t> make_stack(Process& process, const StackContents& contents);

}  // namespace menura::linux_user
