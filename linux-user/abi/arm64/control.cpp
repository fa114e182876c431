#include "linux-user/abi/arm64/control.h"

#include <cerrno>

#include "linux-user/abi/arm64/guest.h"
#include "linux-user/process.h"

// include/uapi/linux/prctl.h; the host's header may be older.
namespace menura::linux_user::arm64 {
namespace {

enum Option : int {
  kPacResetKeys = 54,
  kSetTaggedAddrCtrl = 55,
  kGetTaggedAddrCtrl = 56,
  kPacSetEnabledKeys = 60,
  kPacGetEnabledKeys = 61,
};
constexpr uint64_t kTaggedAddrEnable = 1;
constexpr uint64_t kAddressKeys = 0xf;  // PR_PAC_APIAKEY, APIBKEY, APDAKEY, APDBKEY
constexpr uint64_t kGenericKey = 0x10;  // PR_PAC_APGAKEY

int64_t reset_keys(Thread& thread, uint64_t keys) {
  const Guest& guest = Guest::of(thread);
  if (!guest.has_pointer_authentication() || (keys & ~(kAddressKeys | kGenericKey)) != 0) return -EINVAL;
  guest.make_keys(thread.cpu(), keys != 0 ? keys : kAddressKeys | kGenericKey, thread.process().door());
  return 0;
}

int64_t set_enabled_keys(Thread& thread, uint64_t affected, uint64_t enabled) {
  if (!Guest::of(thread).has_pointer_authentication()) return -EINVAL;
  if (affected == 0 || (affected & ~kAddressKeys) != 0 || (enabled & ~affected) != 0) return -EINVAL;
  // Keys that are off would make their instructions do nothing; here they are always on.
  return enabled == affected ? 0 : -EINVAL;
}

}  // namespace

std::optional<int64_t> prctl(Thread& thread, int option, std::span<const uint64_t, 4> arguments) {
  const auto [a, b, c, d] = std::to_array({arguments[0], arguments[1], arguments[2], arguments[3]});
  switch (option) {
    case kPacResetKeys:
      return (b | c | d) != 0 ? -EINVAL : reset_keys(thread, a);
    case kPacSetEnabledKeys:
      return (c | d) != 0 ? -EINVAL : set_enabled_keys(thread, a, b);
    case kPacGetEnabledKeys:
      if ((a | b | c | d) != 0 || !Guest::of(thread).has_pointer_authentication()) return -EINVAL;
      return static_cast<int64_t>(kAddressKeys);
    case kSetTaggedAddrCtrl:
      if ((b | c | d) != 0 || (a & ~kTaggedAddrEnable) != 0) return -EINVAL;
      thread.takes_tagged_addresses = a != 0;
      return 0;
    case kGetTaggedAddrCtrl:
      if ((a | b | c | d) != 0) return -EINVAL;
      return thread.takes_tagged_addresses ? static_cast<int64_t>(kTaggedAddrEnable) : 0;
    default:
      return std::nullopt;
  }
}

}  // namespace menura::linux_user::arm64
