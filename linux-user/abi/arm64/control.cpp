#include "linux-user/abi/arm64/control.h"

#include <cerrno>

#include "frontends/arm/state.h"
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
  // A key that is off makes its instructions do nothing: part of what code is translated for.
  uint64_t& mode = thread.cpu().mode;
  mode = (mode & ~(affected * arm::Mode::kKeyDisabled)) | (affected & ~enabled) * arm::Mode::kKeyDisabled;
  return 0;
}

int64_t enabled_keys(Thread& thread) {
  if (!Guest::of(thread).has_pointer_authentication()) return -EINVAL;
  return static_cast<int64_t>(~(thread.cpu().mode / arm::Mode::kKeyDisabled) & kAddressKeys);
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
      return (a | b | c | d) != 0 ? -EINVAL : enabled_keys(thread);
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
