#include "linux-user/abi/arm64/data_address.h"

#include "linux-user/abi/arm64/guest.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user::arm64 {
namespace {

constexpr int64_t sign_extend(uint32_t value, unsigned bits) {
  return static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - bits)) >> (64 - bits);
}

// ExtendReg (shared/functions/common): UXTW, LSL, SXTW, SXTX are the options of loads and stores.
uint64_t extended(uint64_t value, unsigned option) {
  switch (option) {
    case 2:
      return static_cast<uint32_t>(value);
    case 6:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value)));
    default:
      return value;
  }
}

}  // namespace

// C4.1.94, "Loads and Stores": op0 is bits 28 to 31.
std::optional<uint64_t> data_address(const Guest& guest, const ir::CpuHeader& cpu) {
  uint32_t insn = 0;
  if (load_bytes(&insn, cpu.pc, sizeof insn) != 0) return std::nullopt;
  const auto field = [&](unsigned high, unsigned low) { return insn >> low & ((2U << (high - low)) - 1); };
  const auto reg = [&](unsigned number) { return number == 31 ? guest.stack_pointer(cpu) : guest.x(cpu, number); };
  constexpr uint32_t kDataZero = 0xd50b'7420;  // DC ZVA, Xt (C5.3.9)
  if ((insn & ~31U) == kDataZero) return guest.x(cpu, field(4, 0) & 31);
  if ((insn & 0x0a00'0000) != 0x0800'0000) return std::nullopt;

  // Memory copy and set: Rd is the destination, Rs the source of a copy.
  if ((insn & 0x3b20'0c00) == 0x1900'0400) {
    const uint64_t destination = reg(field(4, 0));
    const bool is_set = field(23, 22) == 3;
    return is_set || destination >> 56 != 0 ? destination : reg(field(20, 16));
  }
  const bool vector = field(26, 26) != 0;
  if ((insn & 0x3b00'0000) == 0x1800'0000) return std::nullopt;  // literal
  const uint64_t base = reg(field(9, 5));
  const unsigned size = vector ? field(23, 23) << 2 | field(31, 30) : field(31, 30);
  if ((insn & 0x3a00'0000) == 0x2800'0000) {  // pairs; bits 24 and 23: 01 is post-indexed
    if (field(24, 23) == 1) return base;
    const unsigned scale = vector ? 2 + field(31, 30) : 2 + field(31, 31);
    return base + static_cast<uint64_t>(sign_extend(field(21, 15), 7) << scale);
  }
  if ((insn & 0x3b00'0000) == 0x3900'0000) return base + (static_cast<uint64_t>(field(21, 10)) << size);
  const auto imm9 = static_cast<uint64_t>(sign_extend(field(20, 12), 9));
  if ((insn & 0x3f20'0c00) == 0x1900'0000) return base + imm9;  // LDAPUR and STLUR
  if ((insn & 0x3b00'0000) == 0x3800'0000) {
    if (field(21, 21) == 0) return field(11, 10) == 1 ? base : base + imm9;
    if (field(11, 10) == 2) {  // register offset
      const uint64_t offset = field(20, 16) == 31 ? 0 : guest.x(cpu, field(20, 16));
      return base + (extended(offset, field(15, 13)) << (field(12, 12) != 0 ? size : 0));
    }
  }
  return base;  // exclusives, atomics, structures, LDRAA (which faults behind its authentication)
}

}  // namespace menura::linux_user::arm64
