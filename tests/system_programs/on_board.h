// Programs without an operating system on the board `virt` of their guest, with several virtual CPUs.
#pragma once

#include "tests/system_programs/programs.h"

namespace menura::tests {

struct BoardProgram {
  const char* guest = nullptr;
  const char* cpu = nullptr;
  unsigned cpus = 1;
  // Of the board: --board virt,property=on.
  std::vector<const char*> properties = {};
  bool firmware = false;  // <name>.bin, in flash
};

// Runs <programs>/<name>.elf, without firmware, or what is firmware itself, until it turns the machine off: what it
// prints is <folder>/expected/<name>.txt.
void run_on_board(const std::string& folder, const std::string& name, const std::string& programs,
                  const BoardProgram& program, const MakeEngine& make_engine);

}  // namespace menura::tests
