// A riscv64 process's registers as the process code sees them (abi/guest_cpu.h).
#pragma once

#include <memory>
#include <string_view>

#include "ir/core/result.h"
#include "linux-user/abi/guest_cpu.h"

namespace menura::linux_user::riscv64 {

// `cpu`: as --cpu has it, empty for the default. Error: it is not understood (the message says what is).
Result<std::unique_ptr<GuestCpu>> make_guest(std::string_view cpu);

}  // namespace menura::linux_user::riscv64
