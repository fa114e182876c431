#include "linux-user/abi/arm64/abi.h"

#include <fcntl.h>

#include "linux-user/abi/arm64/control.h"
#include "linux-user/abi/arm64/cpu_info.h"
#include "linux-user/abi/generic/structs.h"
#include "linux-user/abi/generic/syscall_table.h"

namespace menura::linux_user::arm64 {
namespace {

// clang-format off
constexpr generic::NumberedSyscall kRows[] = {
#define SYSCALL MENURA_SYSCALL_ROW
#define MISSING MENURA_MISSING_ROW
#include "linux-user/abi/generic/numbers.def"
#include "linux-user/abi/arm64/numbers.def"
#undef SYSCALL
#undef MISSING
};
// clang-format on
constexpr auto kTable = generic::make_syscall_table<kRows>();

// O_DIRECTORY and O_NOFOLLOW have the two bits that O_DIRECT and O_LARGEFILE have elsewhere, and the other way round:
// one exchange of the pairs converts either way.
constexpr int64_t exchange_flags(int64_t flags) {
  constexpr int64_t kLower = 0xc000;
  constexpr unsigned kApart = 2;
  return (flags & ~(kLower | kLower << kApart)) | (flags & kLower) << kApart | (flags >> kApart & kLower);
}
#define FLAG(name, value) static_assert(exchange_flags(value) == (name) && exchange_flags(name) == (value));
#include "linux-user/abi/arm64/constants.def"
#undef FLAG
int64_t convert_open_flags(int64_t flags) { return exchange_flags(flags); }

}  // namespace

constexpr Abi kAbi = {
    .machine = "aarch64",
    .syscalls = kTable,
    .cpuinfo = cpuinfo_text,
    .structs = generic::kStructs,
    .open_flags_to_host = convert_open_flags,
    .open_flags_to_guest = convert_open_flags,
    .has_restorer = true,
    .least_signal_stack = 5120,  // arch/arm64/include/uapi/asm/signal.h
    .untagged = untagged,
    .prctl = prctl,
};

}  // namespace menura::linux_user::arm64
