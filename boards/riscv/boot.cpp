#include "boards/riscv/boot.h"

#include <unistd.h>

#include <cstring>

#include "boards/loader/file.h"
#include "boards/loader/kernel.h"
#include "boards/loader/placement.h"

namespace menura::boards::riscv {
namespace {

constexpr uint64_t kTwoMebibytes = uint64_t{2} << 20;
constexpr uint64_t kTreeLimit = 0xc0000000;  // firmware and kernels find the device tree below 3 GiB of memory

// Debian's packages opensbi and qemu-system-data.
constexpr const char* kFirmware[] = {"/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
                                     "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin"};

// OpenSBI, include/sbi/fw_dynamic.h.
struct FwDynamicInfo {
  uint64_t magic = 0x4942534f;  // "OSBI"
  uint64_t version = 2;
  uint64_t next_addr = 0;
  uint64_t next_mode = 1;  // S
  uint64_t options = 0;
  uint64_t boot_hart = 0;
};

// Every hart begins here: a0 = its number, a1 = the device tree, a2 = the info, and on to `start`.
struct BootRom {
  uint32_t code[6] = {
      0x00000297,  // auipc t0, 0
      0x02828613,  // addi  a2, t0, offsetof(info)
      0xf1402573,  // csrr  a0, mhartid
      0x0202b583,  // ld    a1, offsetof(tree)(t0)
      0x0182b283,  // ld    t0, offsetof(start)(t0)
      0x00028067,  // jr    t0
  };
  uint64_t start = 0;
  uint64_t tree = 0;
  FwDynamicInfo info;
};
static_assert(offsetof(BootRom, start) == 0x18 && offsetof(BootRom, tree) == 0x20 && offsetof(BootRom, info) == 0x28);

Result<std::string> find_firmware(const std::string& asked) {
  if (!asked.empty() && asked != "default") return asked;
  for (const char* const path : kFirmware) {
    if (::access(path, R_OK) == 0) return std::string(path);
  }
  return Error{
      std::string("no firmware for riscv64: ") + kFirmware[0] +
          " does not exist; `apt install opensbi` brings it, --bios FILE names another, and --bios none starts "
          "the kernel in machine mode",
      127};
}

Result<Kernel> read_for_riscv(const std::string& path, uint64_t most) {
  auto kernel = read_kernel(path, most);
  if (kernel && !kernel->guest.empty() && kernel->guest != "riscv64") {
    return Error{path + ": made for " + kernel->guest +
                     ", and this board is riscv64; without --board it is chosen by "
                     "the kernel",
                 126};
  }
  return kernel;
}

}  // namespace

Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files) {
  const uint64_t base = machine.board().main_memory().base;
  Placement placement(base, machine.memory());
  BootRom rom;
  rom.start = base;
  uint64_t begin = 0;
  uint64_t end = base;

  if (files.firmware != "none") {
    auto path = find_firmware(files.firmware);
    if (!path) return path.error();
    auto firmware = read_for_riscv(*path, machine.memory());
    if (!firmware) return firmware.error();
    if (auto put = placement.put("the firmware " + *path, std::move(*firmware), base, &begin, &end); !put)
      return put.error();
    if (firmware->format == KernelFormat::Elf) rom.start = firmware->entry;
  } else if (files.kernel.empty()) {
    return Error{"nothing to start: expected --kernel FILE or --bios FILE", 125};
  }

  if (!files.kernel.empty()) {
    auto kernel = read_for_riscv(files.kernel, machine.memory());
    if (!kernel) return kernel.error();
    // After the firmware, at a multiple of 2 MiB as Documentation/riscv/boot-image-header.rst wants; fw_jump expects it
    // at 2 MiB.
    uint64_t at = (end + kTwoMebibytes - 1) & ~(kTwoMebibytes - 1);
    if (kernel->format == KernelFormat::Image && kernel->text_offset >= at - base) at = base + kernel->text_offset;
    if (auto put = placement.put("the kernel " + files.kernel, std::move(*kernel), at, &begin, &end); !put)
      return put.error();
    rom.info.next_addr = kernel->format == KernelFormat::Elf ? kernel->entry : at;
    if (files.firmware == "none") rom.start = rom.info.next_addr;
  }

  uint64_t initrd = 0;
  uint64_t initrd_end = 0;
  if (!files.initrd.empty()) {
    if (files.kernel.empty()) return Error{"--initrd needs a kernel: expected --kernel FILE, too", 125};
    auto bytes = read_file(files.initrd, machine.memory());
    if (!bytes) return bytes.error();
    const uint64_t size = bytes->size();
    auto at = placement.put_above("the initrd " + files.initrd, end, kTwoMebibytes, std::move(*bytes));
    if (!at) return at.error();
    initrd = *at;
    initrd_end = initrd + size;
  }

  auto tree = boot_tree(machine, files.device_tree);
  if (!tree) return tree.error();
  describe_boot(*tree, files.command_line, initrd, initrd_end, machine.door());
  auto at = placement.put_below("the device tree", base + kTreeLimit, kTwoMebibytes, tree->blob());
  if (!at) return at.error();
  rom.tree = *at;

  BootPlan plan;
  plan.images = placement.take();
  std::vector<uint8_t> rom_bytes(sizeof rom);
  std::memcpy(rom_bytes.data(), &rom, sizeof rom);
  plan.images.push_back({kBootRom, std::move(rom_bytes)});
  plan.entry = {.pc = kBootRom};
  return plan;
}

}  // namespace menura::boards::riscv
