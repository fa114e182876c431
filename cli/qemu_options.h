// Options of `menura boot` that users of QEMU type: those that mean something here become our own, those that change
// nothing here are taken, and the others are refused with what to use instead.
#pragma once

#include <boost/program_options.hpp>
#include <string>

#include "cli/boot_options.h"
#include "ir/core/result.h"

namespace menura::cli {

void add_qemu_options(boost::program_options::options_description* options);

// After our own have been taken.
Result<void> take_qemu_options(const boost::program_options::variables_map& values, BootOptions* options);

// A property behind -M that every board has. True: there is nothing to do about it. False: it is the board's own.
Result<bool> take_machine_property(const std::string& key, const std::string& value, BootOptions* options);

// "cortex-a72,lse=on" as --cpu has it: "cortex-a72,+lse".
Result<std::string> cpu_of_qemu(const std::string& text);

}  // namespace menura::cli
