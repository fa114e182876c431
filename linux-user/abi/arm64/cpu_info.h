// What an arm64 program is told about its CPU: AT_HWCAP, AT_HWCAP2 and /proc/cpuinfo.
#pragma once

#include <cstdint>
#include <string>

#include "frontends/arm/features.h"

namespace menura::linux_user {
class Thread;
}

namespace menura::linux_user::arm64 {

// Word 1: AT_HWCAP, word 2: AT_HWCAP2.
uint64_t hwcap_of(arm::FeatureSet features, unsigned word);

// The text of /proc/cpuinfo: one paragraph per host CPU, as arch/arm64/kernel/cpuinfo.c prints it.
std::string cpuinfo_text(Thread& thread);

}  // namespace menura::linux_user::arm64
