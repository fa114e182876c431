#include "boards/arm/virt.h"

#include "boards/arm/boot.h"
#include "boards/arm/cpus.h"
#include "boards/devices/devices.h"
#include "boards/machine.h"
#include "frontends/arm/system/cpu.h"

namespace menura::boards::arm {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kMostMemory = uint64_t{255} << 30;

constexpr uint32_t kFirstVirtio = 16;  // its first interrupt
constexpr uint32_t kGicInputs[] = {menura::arm::Cpu::kIrq, menura::arm::Cpu::kFiq};

constexpr MemoryRow kMemory[] = {
    {"RAM", MemoryKind::Ram, 0x40000000, 0},
};

// device, base, size, interrupt, count, what it drives
template <const DeviceKind* Controller, uint64_t Size>
constexpr BoardRow kDevicesWith[] = {
    {&kCfiFlash, kFlash, kFlashSize, kNoInterrupt, 2},
    {Controller, 0x08000000, Size, kNoInterrupt, 1, kGicInputs},
    {&kPl011, 0x09000000, 0x1000, 1},
    {&kPl031, 0x09010000, 0x1000, 2},
    {&kFwCfg, 0x09020000, 0x18},
    {&kPl061, 0x09030000, 0x1000, 7},
    {&kVirtioSlot, 0x0a000000, 0x200, kFirstVirtio, 32},
};
constexpr auto& kDevices = kDevicesWith<&kGicV3, 0x1000000>;
constexpr auto& kDevicesGicV2 = kDevicesWith<&kGicV2, 0x20000>;
static_assert(rows_are_disjoint(kMemory, kDevices, kMostMemory));

// Devicetree binding interrupt-controller/arm,gic-v3.yaml: shared interrupts; those of virtio by edges, as QEMU says,
// all others level-sensitive.
void describe_interrupt(fdt::Tree& tree, const std::string& path, uint32_t interrupt) {
  constexpr uint32_t kShared = 0;
  constexpr uint32_t kRisingEdge = 1;
  constexpr uint32_t kHigh = 4;
  tree.cells(path, "interrupts", {kShared, interrupt, interrupt < kFirstVirtio ? kHigh : kRisingEdge});
}

void describe(Machine& machine, fdt::Tree& tree) {
  tree.text("/", "compatible", "linux,dummy-virt");
  tree.text("/", "model", "linux,dummy-virt");
  describe_cpus(machine, tree);
  for (const PlacedDevice& placed : machine.devices()) {
    const std::string path = machine.device_path(placed);
    if (!placed.row->cpu_inputs.empty()) tree.cells("/", "interrupt-parent", {tree.phandle(path)});
    if (placed.row->device != &kPl061) continue;
    // The power button: line 3, active high.
    constexpr uint32_t kPowerLine = 3;
    constexpr uint32_t kKeyPower = 116;  // include/uapi/linux/input-event-codes.h
    tree.text("/gpio-keys", "compatible", "gpio-keys");
    tree.text("/gpio-keys/poweroff", "label", "GPIO Key Poweroff");
    tree.cells("/gpio-keys/poweroff", "linux,code", {kKeyPower});
    tree.cells("/gpio-keys/poweroff", "gpios", {tree.phandle(path), kPowerLine, 0});
  }
}

constexpr BoardCode code(decltype(BoardCode::make_cpus) make) {
  return {.make_cpus = make,
          .connect = connect,
          .describe = describe,
          .describe_interrupt = describe_interrupt,
          .plan = plan_boot,
          .device_root = ""};
}
constexpr BoardCode kCode = code(make_cpus);
constexpr BoardCode kCodeGicV2 = code(make_cpus_for_gicv2);

constexpr BoardChoice kChoices[] = {
    {"gic-version", "2", &kVirtGicV2}, {"gic-version", "3", &kVirt}, {"gic-version", "max", &kVirt}};

constexpr Board board(const char* name, const char* what, unsigned most_cpus, std::span<const BoardRow> devices,
                      const BoardCode& board_code) {
  return {.name = name,
          .guest = "arm64",
          .what = what,
          .default_cpu = "max",
          .most_cpus = most_cpus,
          .default_memory = 512 * kMebibyte,
          .most_memory = kMostMemory,
          .counter_hz = 1'000'000'000,
          .memory = kMemory,
          .devices = devices,
          .code = &board_code,
          .choices = kChoices};
}

}  // namespace

const Board kVirt = board("virt", "Arm virt, as QEMU's with gic-version=3", 16, kDevices, kCode);
const Board kVirtGicV2 = board("virt-gicv2", "Arm virt, as QEMU's with gic-version=2", 8, kDevicesGicV2, kCodeGicV2);

}  // namespace menura::boards::arm
