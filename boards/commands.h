// Commands to a running machine, with the names that QEMU's monitor has for them: typed behind Ctrl-A c, or as gdb's
// `monitor`.
#pragma once

#include <optional>
#include <string>

#include "boards/machine.h"

namespace menura::boards {

// What there is to say, of whole lines; nothing: there is no such command. Any thread that runs no virtual CPU.
std::optional<std::string> run_command(Machine& machine, const std::string& line);

// One line for each.
std::string commands_help();

}  // namespace menura::boards
