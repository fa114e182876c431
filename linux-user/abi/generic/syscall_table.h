// A guest's table of system calls, by number, made from rows of numbers.def when compiling.
#pragma once

#include <algorithm>
#include <array>

#include "linux-user/syscalls/dispatch.h"
#include "linux-user/syscalls/handlers.h"

namespace menura::linux_user::generic {

struct NumberedSyscall {
  unsigned number;
  Syscall row;
};

template <const auto& kRows>
constexpr auto make_syscall_table() {
  constexpr unsigned kLast = std::max_element(std::begin(kRows), std::end(kRows), [](const auto& a, const auto& b) {
                               return a.number < b.number;
                             })->number;
  std::array<Syscall, kLast + 1> table{};
  for (const NumberedSyscall& entry : kRows) table[entry.number] = entry.row;
  return table;
}

}  // namespace menura::linux_user::generic

// For the rows themselves: #include a numbers.def between these and the two #undefs.
#define MENURA_SYSCALL_ROW(number, name, signature) {number, {#name, signature, &SyscallCaller<&sys::name>::run}},
#define MENURA_MISSING_ROW(number, name, signature) {number, {#name, signature, nullptr}},
