// Why a virtual CPU left its engine: the kinds that IR `exit` instructions and engines produce.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace menura::ir {

enum class ExitKind : uint32_t {
  Syscall,             // system call instruction; pc is behind it
  Breakpoint,          // breakpoint instruction; pc is at it
  IllegalInstruction,  // undefined or disabled encoding; pc is at it
  Fault,               // memory access or fetch; pc is at the instruction; detail in vcpu::Exit::fault
  Misaligned,          // detail = address; pc is at the instruction
  CodeSync,            // the guest asks that later fetches see its stores (fence.i, ISB, ...); pc is behind it
  ModeChange,          // mode or extra word changed; pc is behind the instruction
  Wait,                // a wait-for-event hint: the host thread may give up its slice; pc is behind it
  Stop,                // stop_request was seen; pc is the next instruction
  Budget,              // counting mode: the budget is used up; pc is the next instruction
  Exclusive,  // pc is at an ll or sc that must run while no other virtual CPU does; no engine's run() returns it
};

inline constexpr std::array<std::string_view, 11> kExitKindNames = {"syscall",    "breakpoint", "illegal",    "fault",
                                                                    "misaligned", "codesync",   "modechange", "wait",
                                                                    "stop",       "budget",     "exclusive"};

constexpr std::string_view name(ExitKind kind) { return kExitKindNames[static_cast<unsigned>(kind)]; }

constexpr std::optional<ExitKind> parse_exit_kind(std::string_view text) {
  for (unsigned i = 0; i < kExitKindNames.size(); ++i) {
    if (kExitKindNames[i] == text) return static_cast<ExitKind>(i);
  }
  return std::nullopt;
}

}  // namespace menura::ir
