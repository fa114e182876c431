// The ABI of arm64 Linux, for system call handlers.
#pragma once

#include "linux-user/abi/abi.h"

namespace menura::linux_user::arm64 {

extern const Abi kAbi;

}  // namespace menura::linux_user::arm64
