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
constexpr uint64_t kSecureRam = 0xe000000;
constexpr MemoryRow kSecureMemory[] = {
    {"secure RAM", MemoryKind::Ram, kSecureRam, 0x1000000},
    kMemory[0],
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
constexpr uint64_t kSecureUart = 0x09040000;
constexpr uint64_t kSecureGpio = 0x090b0000;
template <const DeviceKind* Controller, uint64_t Size>
constexpr BoardRow kSecureDevicesWith[] = {
    {&kCfiFlash, kFlash, kFlashSize, kNoInterrupt, 1, {}, "secflash"},
    {&kCfiFlash, kFlash + kFlashSize, kFlashSize},
    {Controller, 0x08000000, Size, kNoInterrupt, 1, kGicInputs},
    {&kPl011, 0x09000000, 0x1000, 1},
    {&kPl031, 0x09010000, 0x1000, 2},
    {&kFwCfg, 0x09020000, 0x18},
    {&kPl061, 0x09030000, 0x1000, 7},
    {&kPl011, kSecureUart, 0x1000, 8},
    {&kPl061, kSecureGpio, 0x1000},
    {&kVirtioSlot, 0x0a000000, 0x200, kFirstVirtio, 32},
};
constexpr Place kSecureOnly[] = {
    {kFlash, kFlashSize}, {kSecureUart, 0x1000}, {kSecureGpio, 0x1000}, {kSecureRam, 0x1000000}};

template <unsigned Gic>
constexpr std::span<const BoardRow> devices(bool secure) {
  constexpr const DeviceKind* kController = Gic == 3 ? &kGicV3 : &kGicV2;
  constexpr uint64_t kSize = Gic == 3 ? 0x1000000 : 0x20000;
  static_assert(rows_are_disjoint(kMemory, kDevicesWith<kController, kSize>, kMostMemory));
  static_assert(rows_are_disjoint(kSecureMemory, kSecureDevicesWith<kController, kSize>, kMostMemory));
  if (secure) return kSecureDevicesWith<kController, kSize>;
  return kDevicesWith<kController, kSize>;
}

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
  const auto hide = [&](const std::string& path) {  // Linux, devicetree/bindings/arm/secure.txt
    tree.text(path, "status", "disabled");
    tree.text(path, "secure-status", "okay");
  };
  if (!machine.board().secure_only.empty()) {
    tree.text("/secram@e000000", "device_type", "memory");
    tree.u64("/secram@e000000", "reg", {kSecureRam, 0x1000000});
    hide("/secram@e000000");
  }
  for (const PlacedDevice& placed : machine.devices()) {
    const std::string path = machine.device_path(placed);
    if (!placed.row->cpu_inputs.empty()) tree.cells("/", "interrupt-parent", {tree.phandle(path)});
    if (machine.board().is_secure_only(placed.base)) {
      hide(path);
      if (placed.base == kSecureUart) tree.text("/secure-chosen", "stdout-path", path);
      if (placed.base == kSecureGpio) {
        for (const auto& [node, line] : {std::pair("gpio-poweroff", 0U), std::pair("gpio-restart", 1U)}) {
          const std::string switch_path = std::string("/") + node;
          tree.text(switch_path, "compatible", node);
          tree.cells(switch_path, "gpios", {tree.phandle(path), line, 0});
          hide(switch_path);
        }
      }
      continue;
    }
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

template <unsigned Gic, bool Virtualization, bool Secure>
constexpr BoardCode kCode = {.make_cpus =
                                 [](const CpuSetup& setup) {
                                   return make_cpus(
                                       setup, {.gicv3 = Gic == 3, .virtualization = Virtualization, .secure = Secure});
                                 },
                             .connect = connect,
                             .describe = describe,
                             .describe_interrupt = describe_interrupt,
                             .plan = plan_boot,
                             .device_root = ""};

// All of them are one board to the user, by its properties.
template <unsigned Gic, bool Virtualization, bool Secure>
struct Variant {
  static const Board board;
  static const BoardChoice choices[];
};

template <unsigned Gic, bool Virtualization, bool Secure>
const BoardChoice Variant<Gic, Virtualization, Secure>::choices[] = {
    {"gic-version", "2", &Variant<2, Virtualization, Secure>::board},
    {"gic-version", "3", &Variant<3, Virtualization, Secure>::board},
    {"gic-version", "max", &Variant<3, Virtualization, Secure>::board},
    {"virtualization", "on", &Variant<Gic, true, Secure>::board},
    {"virtualization", "off", &Variant<Gic, false, Secure>::board},
    {"secure", "on", &Variant<Gic, Virtualization, true>::board},
    {"secure", "off", &Variant<Gic, Virtualization, false>::board},
};

template <unsigned Gic, bool Virtualization, bool Secure>
const Board Variant<Gic, Virtualization, Secure>::board = {
    .name = Gic == 3 ? "virt" : "virt-gicv2",
    .guest = "arm64",
    .what = Gic == 3 ? "Arm virt, as QEMU's with gic-version=3" : "Arm virt, as QEMU's with gic-version=2",
    .default_cpu = "max",
    .most_cpus = Gic == 3 ? 16 : 8,
    .default_memory = 512 * kMebibyte,
    .most_memory = kMostMemory,
    .counter_hz = Secure ? uint64_t{62'500'000} : uint64_t{1'000'000'000},  // what TF-A writes to CNTFRQ_EL0
    .memory = Secure ? std::span<const MemoryRow>(kSecureMemory) : std::span<const MemoryRow>(kMemory),
    .devices = devices<Gic>(Secure),
    .code = &kCode<Gic, Virtualization, Secure>,
    .choices = choices,
    .secure_only = Secure ? std::span<const Place>(kSecureOnly) : std::span<const Place>()};

}  // namespace

const Board& kVirt = Variant<3, false, false>::board;
const Board& kVirtGicV2 = Variant<2, false, false>::board;

}  // namespace menura::boards::arm
