// What a riscv64 program is told about its CPU: /proc/cpuinfo and riscv_hwprobe(2).
#pragma once

#include <string>

namespace menura::linux_user {
class Thread;
}

namespace menura::linux_user::riscv64 {

// The text of /proc/cpuinfo: one paragraph per host CPU, as arch/riscv/kernel/cpu.c prints it.
std::string cpuinfo_text(Thread& thread);

}  // namespace menura::linux_user::riscv64
