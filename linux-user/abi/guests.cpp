#include "linux-user/abi/guests.h"

#include <elf.h>

#include "linux-user/abi/riscv64/abi.h"
#include "linux-user/abi/riscv64/guest.h"

namespace menura::linux_user {
namespace {

const GuestRow kGuests[] = {
    {"riscv64",
     {EM_RISCV, true, false},
     "riscv64-linux-gnu",
     "libc6-riscv64-cross",
     &riscv64::kAbi,
     &riscv64::make_guest},
};

}  // namespace

std::span<const GuestRow> guests() { return kGuests; }

const GuestRow* find_guest(const std::optional<ElfIdentity>& id) {
  if (!id) return nullptr;
  for (const GuestRow& row : kGuests) {
    if (row.target.machine == id->machine && row.target.is_64bit == id->is_64bit &&
        row.target.big_endian == id->big_endian) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace menura::linux_user
