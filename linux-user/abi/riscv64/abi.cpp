#include "linux-user/abi/riscv64/abi.h"

#include <fcntl.h>

#include "linux-user/abi/generic/structs.h"
#include "linux-user/abi/generic/syscall_table.h"
#include "linux-user/abi/riscv64/cpu_info.h"

namespace menura::linux_user::riscv64 {
namespace {

// clang-format off
constexpr generic::NumberedSyscall kRows[] = {
#define SYSCALL MENURA_SYSCALL_ROW
#define MISSING MENURA_MISSING_ROW
#include "linux-user/abi/generic/numbers.def"
#include "linux-user/abi/riscv64/numbers.def"
#undef SYSCALL
#undef MISSING
};
// clang-format on
constexpr auto kTable = generic::make_syscall_table<kRows>();

// All O_ flags are the host's.
#define FLAG(name, value) static_assert((name) == (value));
#include "linux-user/abi/riscv64/constants.def"
#undef FLAG
int64_t same_flags(int64_t flags) { return flags; }

uint64_t no_tags(uint64_t pointer) { return pointer; }

std::optional<int64_t> no_prctl(Thread&, int, std::span<const uint64_t, 4>) { return std::nullopt; }

}  // namespace

constexpr Abi kAbi = {
    .machine = "riscv64",
    .syscalls = kTable,
    .cpuinfo = cpuinfo_text,
    .structs = generic::kStructs,
    .open_flags_to_host = same_flags,
    .open_flags_to_guest = same_flags,
    .has_restorer = false,
    .least_signal_stack = 2048,  // include/uapi/asm-generic/signal.h
    .untagged = no_tags,
    .prctl = no_prctl,
};

}  // namespace menura::linux_user::riscv64
