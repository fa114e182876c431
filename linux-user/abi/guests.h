// The guests that Menura runs, one row each.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "ir/core/result.h"
#include "linux-user/abi/abi.h"
#include "linux-user/abi/guest_cpu.h"
#include "linux-user/loader/elf.h"

namespace menura::linux_user {

struct GuestRow {
  const char* name;  // Debian's name of the architecture: `menura sysroot NAME`
  ElfTarget target;
  const char* triplet;      // /usr/<triplet> is the sysroot of Debian's cross packages
  const char* package;      // the one with the C library
  const char* llvm_triple;  // for disassembly: everything that LLVM knows, whatever --cpu says
  const char* llvm_features;
  const Abi* abi;
  Result<std::unique_ptr<GuestCpu>> (*make)(std::string_view cpu);
};

std::span<const GuestRow> guests();

// The guest of an ELF file; null: none.
const GuestRow* find_guest(const std::optional<ElfIdentity>& id);

}  // namespace menura::linux_user
