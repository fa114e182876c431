// SiFive's test finisher: powers the machine off or resets it. Linux and OpenSBI reach it through the device tree's
// syscon-poweroff and syscon-reboot.
// After: QEMU's `virt` machine (docs/system/riscv/virt.rst) and Linux' sifive,test device tree binding.
// Not modelled: nothing is left out; FINISHER_FAIL's code becomes the exit status of Menura.
#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

constexpr uint32_t kFail = 0x3333;
constexpr uint32_t kPass = 0x5555;
constexpr uint32_t kReset = 0x7777;

constexpr RegisterRow kRegisters[] = {
    {0x0, 4, Rights::Wo, "FINISHER", "31:16 CODE, 15:0 STATUS (0x3333 FAIL, 0x5555 PASS, 0x7777 RESET)"},
};

class SifiveTest final : public Device {
 public:
  explicit SifiveTest(const DeviceSetup& setup) : control_(setup.control), log_(setup.log, kSifiveTest) {}

  void reset() override {}
  void state(StateVisitor&) override {}
  void restored() override {}

  uint64_t mmio_read(uint64_t, unsigned) override { return 0; }
  void mmio_write(uint64_t offset, unsigned, uint64_t value) override {
    const auto code = static_cast<int>(value >> 16 & 0xff);
    if (offset == 0) {
      switch (value & 0xffff) {
        case kFail:
          return control_.power_off(code == 0 ? 1 : code);
        case kPass:
          return control_.power_off(0);
        case kReset:
          return control_.request_reset();
        default:
          break;
      }
    }
    log_.bad_write(offset, value);
  }

 private:
  MachineControl& control_;
  DeviceLog log_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<SifiveTest>(setup); }

// What syscon-poweroff and syscon-reboot write through this node.
void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  const uint32_t handle = tree.phandle(path);
  for (const auto& [node, compatible, value] :
       {std::tuple{"/poweroff", "syscon-poweroff", kPass}, {"/reboot", "syscon-reboot", kReset}}) {
    tree.text(node, "compatible", compatible);
    tree.cells(node, "regmap", {handle});
    tree.cells(node, "offset", {0});
    tree.cells(node, "value", {value});
  }
}

}  // namespace

const DeviceKind kSifiveTest = {
    .name = "sifive-test",
    .what = "powers the machine off or resets it",
    .datasheet = "device tree binding sifive,test",
    .node = "test",
    .compatible = "sifive,test1 sifive,test0 syscon",
    .size = 0x1000,
    .access = {2, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
};

}  // namespace menura::boards
