// The ABI of riscv64 Linux, for system call handlers.
#pragma once

#include "linux-user/abi/abi.h"

namespace menura::linux_user::riscv64 {

extern const Abi kAbi;

}  // namespace menura::linux_user::riscv64
