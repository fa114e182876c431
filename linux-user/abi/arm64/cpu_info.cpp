#include "linux-user/abi/arm64/cpu_info.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "linux-user/abi/arm64/guest.h"
#include "linux-user/process.h"

namespace menura::linux_user::arm64 {
namespace {

using arm::Feature;

struct Capability {
  unsigned word;
  unsigned bit;
  const char* name;
  Feature feature;
};
constexpr Capability kCapabilities[] = {
#define CAP(word, bit, constant, name, feature) {word, bit, name, Feature::feature},
#define NEWER(word, bit, constant, name, feature) {word, bit, name, Feature::feature},
#include "linux-user/abi/arm64/hwcap.def"
#undef CAP
#undef NEWER
};

}  // namespace

uint64_t hwcap_of(arm::FeatureSet features, unsigned word) {
  uint64_t bits = 0;
  for (const Capability& capability : kCapabilities) {
    if (capability.word == word && arm::has(features, capability.feature)) bits |= uint64_t{1} << capability.bit;
  }
  return bits;
}

std::string cpuinfo_text(Thread& thread) {
  const Guest& guest = Guest::of(thread);
  std::string features;
  for (const Capability& capability : kCapabilities) {
    if (arm::has(guest.features(), capability.feature)) features += std::string(" ") + capability.name;
  }
  // Fields of MIDR_EL1 (D17.2.100).
  const uint32_t midr = arm::midr(guest.features());
  std::array<char, 160> id{};
  std::snprintf(
      id.data(), id.size(),
      "CPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\nCPU part\t: 0x%03x\nCPU revision\t: %u\n",
      midr >> 24, midr >> 20 & 15, midr >> 4 & 0xfff, midr & 15);
  // Loops per jiffy are counts of the virtual counter: twice its frequency in MHz (init/calibrate.c).
  constexpr uint64_t kHzPerBogoMips = 500'000;
  const uint64_t bogomips = thread.process().door().counter_hz() / kHzPerBogoMips;
  const long count = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  std::string text;
  for (long i = 0; i < count; ++i) {
    text += "processor\t: " + std::to_string(i) + "\nBogoMIPS\t: " + std::to_string(bogomips) +
            ".00\nFeatures\t:" + features + "\n" + id.data() + "\n";
  }
  return text;
}

}  // namespace menura::linux_user::arm64
