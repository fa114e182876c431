#include "boards/arm/boot.h"

#include "boards/arm/cpus.h"
#include "boards/loader/file.h"
#include "boards/loader/kernel.h"
#include "boards/loader/placement.h"

namespace menura::boards::arm {
namespace {

constexpr uint64_t kTwoMebibytes = uint64_t{2} << 20;

// What fw_cfg calls them (QEMU, include/standard-headers/linux/qemu_fw_cfg.h).
enum Item : uint16_t {
  kKernelSize = 0x08,
  kInitrdSize = 0x0b,
  kKernelData = 0x11,
  kInitrdData = 0x12,
  kCommandLineSize = 0x14,
  kCommandLineData = 0x15,
};

std::vector<uint8_t> size_of(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> size;
  for (unsigned shift = 0; shift < 32; shift += 8) size.push_back(static_cast<uint8_t>(bytes.size() >> shift));
  return size;
}

// Firmware starts where flash does, finds the device tree at the start of memory, and asks for the kernel by itself.
Result<BootPlan> plan_firmware(Machine& machine, const BootFiles& files) {
  const uint64_t base = machine.board().main_memory().base;
  BootPlan plan;
  plan.entry = {.pc = kFlash};
  if (!files.firmware.empty()) {
    auto bytes = read_file(files.firmware, machine.memory());
    if (!bytes) return bytes.error();
    if (bytes->size() > kFlashSize) {
      return Error{
          files.firmware + ": larger than the flash that firmware is in (" + std::to_string(kFlashSize >> 20) + " MiB)",
          126};
    }
    auto kernel = parse_kernel(files.firmware, *bytes, machine.memory());
    if (!kernel) return kernel.error();
    if (kernel->format == KernelFormat::Elf) {
      return Error{files.firmware + ": an ELF file; expected firmware as it lies in flash (u-boot.bin, QEMU_EFI.fd)",
                   126};
    }
    plan.images.push_back({kFlash, std::move(*bytes)});
  }
  const auto give = [&](const std::string& path, Item size, Item data) -> Result<void> {
    if (path.empty()) return {};
    auto bytes = read_file(path, machine.memory());
    if (!bytes) return bytes.error();
    plan.items[size] = size_of(*bytes);
    plan.items[data] = std::move(*bytes);
    return {};
  };
  if (auto given = give(files.kernel, kKernelSize, kKernelData); !given) return given.error();
  if (auto given = give(files.initrd, kInitrdSize, kInitrdData); !given) return given.error();
  if (!files.command_line.empty()) {
    std::vector<uint8_t> text(files.command_line.begin(), files.command_line.end());
    text.push_back(0);
    plan.items[kCommandLineSize] = size_of(text);
    plan.items[kCommandLineData] = std::move(text);
  }
  start_with_firmware(machine, true);
  auto tree = boot_tree(machine, files.device_tree);
  if (!tree) return tree.error();
  describe_boot(*tree, files.command_line, 0, 0, machine.door());
  Placement placement(base, machine.memory());
  if (auto put = placement.put("the device tree", base, tree->blob()); !put) return put.error();
  for (Image& image : placement.take()) plan.images.push_back(std::move(image));
  return plan;
}

}  // namespace

// Linux, Documentation/arm64/booting.rst: the Image at text_offset from a multiple of 2 MiB, the device tree within 2
// MiB of its own, the initrd within 32 GiB of the kernel.
Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files) {
  const bool in_flash = machine.has_flash(0);
  if (in_flash && !files.firmware.empty() && files.firmware != "none") {
    return Error{"--bios and a file for flash 0 are both firmware; expected one of them", 125};
  }
  if (in_flash || (!files.firmware.empty() && files.firmware != "none" && files.firmware != "default")) {
    return plan_firmware(machine, files);
  }
  if (files.kernel.empty()) return Error{"nothing to start: expected --kernel FILE or --bios FILE", 125};
  const uint64_t base = machine.board().main_memory().base;
  Placement placement(base, machine.memory());

  auto kernel = read_kernel(files.kernel, machine.memory());
  if (!kernel) return kernel.error();
  if (!kernel->guest.empty() && kernel->guest != "arm64") {
    return Error{files.kernel + ": made for " + kernel->guest +
                     ", and this board is arm64; without --board it is chosen by the kernel",
                 126};
  }
  // Not at the very start of memory, where others expect nothing or a device tree: as QEMU.
  const uint64_t at =
      base + (kernel->format == KernelFormat::Image && kernel->text_offset != 0 ? kernel->text_offset : kTwoMebibytes);
  uint64_t begin = 0;
  uint64_t end = 0;
  if (auto put = placement.put("the kernel " + files.kernel, std::move(*kernel), at, &begin, &end); !put)
    return put.error();

  uint64_t initrd = 0;
  uint64_t initrd_end = 0;
  if (!files.initrd.empty()) {
    auto bytes = read_file(files.initrd, machine.memory());
    if (!bytes) return bytes.error();
    const uint64_t size = bytes->size();
    auto place = placement.put_above("the initrd " + files.initrd, end, kTwoMebibytes, std::move(*bytes));
    if (!place) return place.error();
    initrd = *place;
    initrd_end = initrd + size;
  }

  start_with_firmware(machine, false);
  auto tree = boot_tree(machine, files.device_tree);
  if (!tree) return tree.error();
  describe_boot(*tree, files.command_line, initrd, initrd_end, machine.door());
  auto place = placement.put_below("the device tree", base + machine.memory(), kTwoMebibytes, tree->blob());
  if (!place) return place.error();

  BootPlan plan;
  plan.images = placement.take();
  plan.entry = {.pc = kernel->format == KernelFormat::Elf ? kernel->entry : at, .argument0 = *place};
  return plan;
}

}  // namespace menura::boards::arm
