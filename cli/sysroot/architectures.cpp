#include "cli/sysroot/architectures.h"

namespace menura::cli {
namespace {

constexpr Architecture kArchitectures[] = {
    {"arm64", "aarch64-linux-gnu",
     "Debian has them since 8 (jessie), bookworm and trixie among them; Ubuntu on ports.ubuntu.com/ubuntu-ports",
     "bookworm"},
    {"riscv64", "riscv64-linux-gnu",
     "Debian has them since 13 (trixie), not in 12 (bookworm); Ubuntu on ports.ubuntu.com/ubuntu-ports", "trixie"},
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == name) return &architecture;
  }
  return nullptr;
}

std::span<const Architecture> architectures() { return kArchitectures; }

}  // namespace menura::cli
