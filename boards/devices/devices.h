// The table of all kinds of devices. Each is defined in its own file.
#pragma once

#include <span>
#include <string_view>

#include "boards/devices/device.h"

namespace menura::boards {

extern const DeviceKind kNs16550a;     // char/
extern const DeviceKind kAclint;       // intc/
extern const DeviceKind kPlic;         // intc/
extern const DeviceKind kGicV2;        // intc/
extern const DeviceKind kGicV3;        // intc/
extern const DeviceKind kPl011;        // char/
extern const DeviceKind kPl031;        // timer/
extern const DeviceKind kPl061;        // gpio/
extern const DeviceKind kGoldfishRtc;  // timer/
extern const DeviceKind kSifiveTest;   // system/
extern const DeviceKind kFwCfg;        // system/
extern const DeviceKind kCfiFlash;     // memory/
extern const DeviceKind kVirtioSlot;   // virtio/, as all of the following
extern const DeviceKind kVirtio9p;
extern const DeviceKind kVirtioBalloon;
extern const DeviceKind kVirtioBlk;
extern const DeviceKind kVirtioConsole;
extern const DeviceKind kVirtioNet;
extern const DeviceKind kVirtioRng;
extern const DeviceKind kVirtioVsock;

std::span<const DeviceKind* const> device_kinds();
// nullptr: none has this name.
const DeviceKind* find_device_kind(std::string_view name);

}  // namespace menura::boards
