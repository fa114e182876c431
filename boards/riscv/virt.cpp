#include "boards/riscv/virt.h"

#include "boards/devices/devices.h"
#include "boards/machine.h"
#include "boards/riscv/boot.h"
#include "boards/riscv/cpus.h"

namespace menura::boards::riscv {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kMostMemory = uint64_t{64} << 30;

// The bits of mip that a controller drives (Volume II: Privileged, 3.1.9).
constexpr uint32_t kAclintInputs[] = {3, 7};  // MSIP, MTIP
constexpr uint32_t kPlicInputs[] = {11, 9};   // MEIP, SEIP

constexpr MemoryRow kMemory[] = {
    {"boot ROM", MemoryKind::Rom, kBootRom, 0xf000},
    {"RAM", MemoryKind::Ram, 0x80000000, 0},
};

// device, base, size, interrupt, count, what it drives
constexpr BoardRow kDevices[] = {
    {&kSifiveTest, 0x00100000, 0x1000},
    {&kGoldfishRtc, 0x00101000, 0x1000, 11},
    {&kAclint, 0x02000000, 0x10000, kNoInterrupt, 1, kAclintInputs},
    {&kPlic, 0x0c000000, 0x600000, kNoInterrupt, 1, kPlicInputs},
    {&kNs16550a, 0x10000000, 0x100, 10},
    {&kVirtioSlot, 0x10001000, 0x1000, 1, 8},
    {&kFwCfg, 0x10100000, 0x18},
};
static_assert(rows_are_disjoint(kMemory, kDevices, kMostMemory));

void describe(Machine& machine, fdt::Tree& tree) {
  tree.text("/", "compatible", "riscv-virtio");
  tree.text("/", "model", "riscv-virtio,menura");
  tree.cells("/soc", "#address-cells", {2});
  tree.cells("/soc", "#size-cells", {2});
  tree.text("/soc", "compatible", "simple-bus");
  tree.flag("/soc", "ranges");

  describe_cpus(machine, tree);
  for (const PlacedDevice& placed : machine.devices()) {
    if (placed.row->cpu_inputs.empty()) continue;
    // Of each hart the inputs that it drives, in the order of its contexts.
    std::vector<uint32_t> cells;
    for (unsigned hart = 0; hart < machine.cpus().count(); ++hart) {
      for (const uint32_t input : placed.row->cpu_inputs) {
        cells.push_back(tree.phandle(interrupt_node(hart)));
        cells.push_back(input);
      }
    }
    tree.cells(machine.device_path(placed), "interrupts-extended", cells);
  }
}

void describe_interrupt(fdt::Tree& tree, const std::string& path, uint32_t interrupt) {
  tree.cells(path, "interrupts", {interrupt});
}

constexpr BoardCode kCode = {
    .make_cpus = make_cpus,
    .connect = nullptr,
    .describe = describe,
    .describe_interrupt = describe_interrupt,
    .plan = plan_boot,
    .device_root = "/soc",
};

}  // namespace

const Board kVirt = {
    .name = "virt",
    .guest = "riscv64",
    .what = "RISC-V virt, as QEMU's",
    .default_cpu = "max",
    .most_cpus = 16,
    .default_memory = 512 * kMebibyte,
    .most_memory = kMostMemory,
    .counter_hz = 10'000'000,
    .memory = kMemory,
    .devices = kDevices,
    .code = &kCode,
};

}  // namespace menura::boards::riscv
