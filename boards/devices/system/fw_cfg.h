// Named files of QEMU's firmware configuration device.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "boards/devices/device.h"

namespace menura::boards {

// The number of the machine's UUID, 16 bytes.
inline constexpr uint16_t kMachineUuid = 0x02;

// The longest name that the directory has room for.
inline constexpr std::size_t kLongestFirmwareName = 55;

struct NamedItem {
  std::string name;  // no longer than that, and no other one's
  std::vector<uint8_t> bytes;
};

// Gives each a number, and all of them a directory (docs/specs/fw_cfg.txt, "File Directory").
void add_named(std::vector<NamedItem> files, FirmwareItems* items);

}  // namespace menura::boards
