// Programs without an operating system on the board `virt` of their guest, with several virtual CPUs.
#pragma once

#include "tests/system_programs/programs.h"

namespace menura::tests {

struct BoardProgram {
  const char* guest = nullptr;
  const char* cpu = nullptr;
  unsigned cpus = 1;
  bool virtualization = false;  // the board's property: it starts at EL2
};

// Runs <programs>/<name>.elf, without firmware, until it turns the machine off: what it prints is
// <folder>/expected/<name>.txt.
void run_on_board(const std::string& folder, const std::string& name, const std::string& programs,
                  const BoardProgram& program, const MakeEngine& make_engine);

}  // namespace menura::tests
