#include "tests/isa/guest.h"

#include <cstring>
#include <stdexcept>

namespace menura::tests {

const ir::Slot& Guest::slot_named(const std::string& name) const {
  const auto id = frontend().layout().find(name);
  if (!id) throw std::runtime_error("'" + name + "' is no register");
  return frontend().layout().slot(*id);
}

Value Guest::read(const ir::CpuHeader& cpu, const std::string& name) const {
  const ir::Slot& slot = slot_named(name);
  Value value = 0;
  std::memcpy(&value, reinterpret_cast<const char*>(&cpu) + slot.offset, ir::storage_bytes(slot.type));
  return value;
}

void Guest::write(ir::CpuHeader& cpu, const std::string& name, Value value) const {
  const ir::Slot& slot = slot_named(name);
  std::memcpy(reinterpret_cast<char*>(&cpu) + slot.offset, &value, ir::storage_bytes(slot.type));
}

std::unique_ptr<Guest> make_guest(const std::string& name) {
  if (name == "riscv") return make_riscv(64);
  if (name == "riscv32") return make_riscv(32);
  if (name == "arm64") return make_arm64();
  throw std::runtime_error("'" + name + "' is no guest with vectors: riscv, riscv32 or arm64 was expected");
}

}  // namespace menura::tests
