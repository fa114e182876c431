// Which file `menura run PROGRAM` means.
#pragma once

#include "cli/options.h"
#include "ir/core/result.h"

namespace menura::cli {

// --sysroot becomes a folder (options->sysroot). A program without a slash that is not in the working directory is
// looked for where a sysroot keeps its programs: the one that the options name, else the guests' own, and then that one
// is used; with --sysroot an absolute path is the guest's. Errors: there is no such sysroot (127), or several have the
// program.
Result<void> find_program(RunOptions* options);

}  // namespace menura::cli
