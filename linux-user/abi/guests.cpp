#include "linux-user/abi/guests.h"

#include <elf.h>

#include "linux-user/abi/arm64/abi.h"
#include "linux-user/abi/arm64/guest.h"
#include "linux-user/abi/riscv64/abi.h"
#include "linux-user/abi/riscv64/guest.h"

namespace menura::linux_user {
namespace {

const GuestRow kGuests[] = {
    {"arm64",
     {EM_AARCH64, true, false},
     "aarch64-linux-gnu",
     "libc6-arm64-cross",
     "aarch64-unknown-linux-gnu",
     "+all",
     &arm64::kAbi,
     &arm64::make_guest},
    {"riscv64",
     {EM_RISCV, true, false},
     "riscv64-linux-gnu",
     "libc6-riscv64-cross",
     "riscv64-unknown-linux-gnu",
     "+m,+a,+f,+d,+c,+zicsr,+zifencei,+zba,+zbb,+zbc,+zbs,+zbkb,+zicond,+zicbom,+zicbop,+zicboz,+zihintpause,+zawrs,"
     "+zfa,+zfhmin",
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
