#include "boards/devices/device.h"

#include <cinttypes>
#include <cstdio>

namespace menura::boards {

const RegisterRow* find_register(const DeviceKind& kind, uint64_t offset) {
  for (const RegisterRow& row : kind.registers) {
    const uint64_t stride = row.stride == 0 ? row.size : row.stride;
    if (offset >= row.offset && (offset - row.offset) / stride < row.count &&
        (offset - row.offset) % stride < row.size) {
      return &row;
    }
  }
  return nullptr;
}

void DeviceLog::bad(uint64_t offset, const uint64_t* value) const {
  if (!log_.wants(vcpu::LogItem::GuestErrors)) return;
  const RegisterRow* const row = find_register(kind_, offset);
  char line[160];
  if (value != nullptr) {
    std::snprintf(line, sizeof line, "%s: 0x%" PRIx64 " cannot be written to 0x%" PRIx64 " (%s)", kind_.name, *value,
                  offset, row == nullptr ? "no register" : row->name);
  } else {
    std::snprintf(line, sizeof line, "%s: 0x%" PRIx64 " cannot be read (%s)", kind_.name, offset,
                  row == nullptr ? "no register" : row->name);
  }
  log_.write(vcpu::LogItem::GuestErrors, line);
}

}  // namespace menura::boards
