// Guest registers in the state struct, by the offset of their slot.
#pragma once

#include <cstdint>
#include <cstring>

#include "ir/core/cpu_header.h"

namespace menura::linux_user {

template <typename T>
T read_slot(const ir::CpuHeader& cpu, uint32_t offset) {
  T value;
  std::memcpy(&value, reinterpret_cast<const uint8_t*>(&cpu) + offset, sizeof value);
  return value;
}

template <typename T>
void write_slot(ir::CpuHeader& cpu, uint32_t offset, const T& value) {
  std::memcpy(reinterpret_cast<uint8_t*>(&cpu) + offset, &value, sizeof value);
}

}  // namespace menura::linux_user
