// Which engine runs guest code, and what it shows of its work.
#pragma once

#include <memory>

#include "cli/options.h"
#include "ir/api/frontend.h"
#include "linux-user/abi/guests.h"
#include "linux-user/memory/guest_memory.h"
#include "vcpu/engine.h"

namespace menura::cli {

// Makes the engine that the options ask for.
Result<std::unique_ptr<vcpu::Engine>> make_engine(const RunOptions& options, const linux_user::GuestRow& guest,
                                                  const ir::Frontend& frontend, linux_user::GuestMemory& memory);

// What is to be kept for later runs is written: the process is about to end, or to become another program.
void keep_compiled_code();

// Prints the statistics of the engine that make_engine() made last, on standard error.
void print_statistics();

}  // namespace menura::cli
