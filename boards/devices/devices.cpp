#include "boards/devices/devices.h"

namespace menura::boards {

std::span<const DeviceKind* const> device_kinds() {
  static constexpr const DeviceKind* kKinds[] = {
      &kNs16550a,      &kAclint,    &kPlic,          &kGoldfishRtc, &kSifiveTest, &kGicV2,       &kGicV3,
      &kPl011,         &kPl031,     &kPl061,         &kCfiFlash,    &kFwCfg,      &kVirtioSlot,  &kVirtio9p,
      &kVirtioBalloon, &kVirtioBlk, &kVirtioConsole, &kVirtioNet,   &kVirtioRng,  &kVirtioVsock,
  };
  return kKinds;
}

const DeviceKind* find_device_kind(std::string_view name) {
  for (const DeviceKind* const kind : device_kinds()) {
    if (name == kind->name) return kind;
  }
  return nullptr;
}

}  // namespace menura::boards
