#include "linux-user/abi/riscv64/cpu_info.h"

#include <unistd.h>

#include <algorithm>

#include "frontends/riscv/features.h"
#include "frontends/riscv/frontend.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"

namespace menura::linux_user {
namespace riscv64 {
namespace {

using riscv::Feature;

riscv::FeatureSet features(Thread& thread) {
  return static_cast<const riscv::Frontend&>(thread.process().guest().frontend()).features();
}

// Documentation/arch/riscv/hwprobe.rst and include/uapi/asm/hwprobe.h
enum Key : int64_t {
  kMvendorid = 0,
  kMarchid = 1,
  kMimpid = 2,
  kBaseBehavior = 3,
  kImaExt0 = 4,
  kCpuPerf0 = 5,
  kZicbozBlockSize = 6,
  kHighestVirtAddress = 7,
  kTimeCsrFreq = 8,
  kMisalignedScalarPerf = 9,
  kMisalignedVectorPerf = 10,
};
constexpr uint64_t kBaseBehaviorIma = 1;
constexpr uint64_t kMisalignedFast = 3;
constexpr uint64_t kMisalignedVectorUnsupported = 4;
constexpr uint64_t kWhichCpus = 1;  // flag
constexpr uint64_t kCacheBlock = 64;

uint64_t ima_ext0(riscv::FeatureSet set) {
  struct Bit {
    Feature feature;
    unsigned bit;
  };
  static constexpr Bit kBits[] = {
      {Feature::D, 0},       {Feature::C, 1},       {Feature::Zba, 3},     {Feature::Zbb, 4},
      {Feature::Zbs, 5},     {Feature::Zicboz, 6},  {Feature::Zbc, 7},     {Feature::Zbkb, 8},
      {Feature::Zfhmin, 28}, {Feature::Zfa, 32},    {Feature::Zicond, 35}, {Feature::Zihintpause, 36},
      {Feature::Zawrs, 48},  {Feature::Zicntr, 50},
  };
  uint64_t value = 0;
  for (const Bit& known : kBits) {
    if (riscv::has(set, known.feature)) value |= uint64_t{1} << known.bit;
  }
  return value;
}

struct Pair {
  int64_t key;
  uint64_t value;
};

Pair probe(Thread& thread, int64_t key) {
  const riscv::FeatureSet set = features(thread);
  switch (key) {
    case kMvendorid:
    case kMarchid:
    case kMimpid:
      return {key, 0};  // "not implemented" (RISC-V Privileged 20240411, 3.1.2-3.1.4)
    case kBaseBehavior: {
      const bool ima = riscv::has(set, Feature::I) && riscv::has(set, Feature::M) && riscv::has(set, Feature::A);
      return {key, ima ? kBaseBehaviorIma : 0};
    }
    case kImaExt0:
      return {key, ima_ext0(set)};
    case kCpuPerf0:
    case kMisalignedScalarPerf:
      return {key, kMisalignedFast};
    case kZicbozBlockSize:
      return {key, riscv::has(set, Feature::Zicboz) ? kCacheBlock : 0};
    case kHighestVirtAddress:
      return {key, kGuestEnd - 1};
    case kTimeCsrFreq:
      return {key, thread.process().door().counter_hz()};
    case kMisalignedVectorPerf:
      return {key, kMisalignedVectorUnsupported};
    default:
      return {-1, 0};
  }
}

}  // namespace

std::string cpuinfo_text(Thread& thread) {
  const std::string isa = riscv::isa_string(features(thread));
  const long count = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  std::string text;
  for (long i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    text += "processor\t: " + number + "\nhart\t\t: " + number + "\nisa\t\t: " + isa +
            "\nmmu\t\t: sv48\nmvendorid\t: 0x0\n" + "marchid\t\t: 0x0\nmimpid\t\t: 0x0\nhart isa\t: " + isa + "\n\n";
  }
  return text;
}

}  // namespace riscv64

namespace sys {

int64_t riscv_hwprobe(Thread& thread, GuestPtr<void> pairs, size_t count, size_t cpu_set_size, GuestPtr<void> cpus,
                      unsigned flags) {
  using riscv64::Pair;
  if ((flags & ~riscv64::kWhichCpus) != 0) return -EINVAL;
  const bool which_cpus = (flags & riscv64::kWhichCpus) != 0;
  if (which_cpus && (!cpus || cpu_set_size == 0)) return -EINVAL;
  if (!which_cpus && (cpu_set_size == 0) != !cpus) return -EINVAL;
  bool all_match = true;
  for (size_t i = 0; i < count; ++i) {
    const GuestPtr<Pair> at = {pairs.address + i * sizeof(Pair)};
    Pair pair{};
    if (load(&pair, at) != 0) return -EFAULT;
    const Pair known = riscv64::probe(thread, pair.key);
    if (which_cpus) {
      if (known.key < 0 || known.value != pair.value) all_match = false;
      if (known.key < 0 && store(thread, at, known) != 0) return -EFAULT;
    } else if (store(thread, at, known) != 0) {
      return -EFAULT;
    }
  }
  // All CPUs are alike: either every one of the set has these values, or none.
  if (which_cpus && !all_match) {
    const uint64_t none = 0;
    for (size_t done = 0; done < cpu_set_size; done += sizeof none) {
      const size_t part = std::min(cpu_set_size - done, sizeof none);
      if (store_bytes(thread, cpus.address + done, &none, part) != 0) return -EFAULT;
    }
  }
  return 0;
}

int64_t riscv_flush_icache(Thread& thread, uint64_t begin, uint64_t end, uint64_t flags) {
  constexpr uint64_t kLocal = 1;  // SYS_RISCV_FLUSH_ICACHE_LOCAL
  if ((flags & ~kLocal) != 0) return -EINVAL;
  // The kernel ignores the range and flushes everything. Stores to translated code are noticed when they happen, so
  // only what the guest names is dropped, as a second line of defence.
  if (begin < end && in_guest_range(begin, end - begin)) thread.process().engine().invalidate(begin, end);
  return 0;
}

}  // namespace sys
}  // namespace menura::linux_user
