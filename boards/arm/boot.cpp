#include "boards/arm/boot.h"

#include "boards/loader/file.h"
#include "boards/loader/kernel.h"
#include "boards/loader/placement.h"

namespace menura::boards::arm {
namespace {

constexpr uint64_t kTwoMebibytes = uint64_t{2} << 20;

}  // namespace

// Linux, Documentation/arm64/booting.rst: the Image at text_offset from a multiple of 2 MiB, the device tree within 2
// MiB of its own, the initrd within 32 GiB of the kernel.
Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files) {
  if (!files.firmware.empty() && files.firmware != "none") {
    return Error{"--bios: this board has no firmware yet; expected --kernel FILE without it", 125};
  }
  if (files.kernel.empty()) return Error{"nothing to start: expected --kernel FILE", 125};
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
