// Which engine runs guest code, and what it shows of its work.
#pragma once

#include <memory>

#include "cli/options.h"
#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"
#include "vcpu/engine.h"

namespace menura::cli {

class Recorder;

// What engines have to know of a guest beside its frontend.
struct EngineGuest {
  const char* name;         // Debian's name of the architecture
  const char* llvm_triple;  // for disassembly
  const char* llvm_features;
  bool machine = false;  // addresses are translated
};

// Makes the engine that the options ask for; they live as long as it does. `recorder`: whom it tells what it does;
// nullptr: nobody.
Result<std::unique_ptr<vcpu::Engine>> make_engine(const EngineChoice& options, const EngineGuest& guest,
                                                  const ir::Frontend& frontend, ir::MemoryPort& memory,
                                                  Recorder* recorder);

// The recorder of --trace, for `process`; nullptr: it is not asked for. Error: its file cannot be written.
Result<Recorder*> make_recorder(const EngineChoice& options, const std::string& process);

// What is to be kept for later runs is written: the process is about to end, or to become another program.
void keep_compiled_code();

// Writes the profile that the options have asked for, if any, on behalf of `program`.
void write_profile(const std::string& program);

// Prints the statistics of the engine that make_engine() made last, on standard error.
void print_statistics();

}  // namespace menura::cli
