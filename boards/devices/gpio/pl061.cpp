// Arm's PrimeCell GPIO: eight lines.
// After: PrimeCell General Purpose Input/Output (PL061) Technical Reference Manual (DDI 0190B), r1p0.
// Not modelled: hardware control of lines (GPIOAFSEL is only kept).
#include <mutex>

#include "boards/devices/devices.h"
#include "boards/devices/primecell.h"

namespace menura::boards {
namespace {

enum : uint64_t {
  kDataEnd = 0x400,
  kDir = 0x400,
  kIs = 0x404,
  kIbe = 0x408,
  kIev = 0x40c,
  kIe = 0x410,
  kRis = 0x414,
  kMis = 0x418,
  kIc = 0x41c,
  kAfsel = 0x420,
};

constexpr RegisterRow kRegisters[] = {
    {0x000, 4, Rights::Rw, "GPIODATA", "bits 9 to 2 of the address say which lines are meant", 256, 4},
    {kDir, 4, Rights::Rw, "GPIODIR", ""},
    {kIs, 4, Rights::Rw, "GPIOIS", "level-sensitive"},
    {kIbe, 4, Rights::Rw, "GPIOIBE", "both edges"},
    {kIev, 4, Rights::Rw, "GPIOIEV", "rising edge, or high"},
    {kIe, 4, Rights::Rw, "GPIOIE", ""},
    {kRis, 4, Rights::Ro, "GPIORIS", ""},
    {kMis, 4, Rights::Ro, "GPIOMIS", ""},
    {kIc, 4, Rights::Wo, "GPIOIC", ""},
    {kAfsel, 4, Rights::Rw, "GPIOAFSEL", ""},
    {kPrimecellId, 4, Rights::Ro, "GPIOPeriphID", "", 8, 4},
};

constexpr uint32_t kPeripheral = 0x00041061;

class Pl061 final : public Device, public InterruptSink {
 public:
  explicit Pl061(const DeviceSetup& setup) : wire_(setup.interrupt()), log_(setup.log, kPl061) { Pl061::reset(); }

  void reset() override {
    const std::lock_guard lock(mutex_);
    driven_ = 0;
    output_ = direction_ = level_ = both_ = rising_ = enabled_ = edges_ = alternate_ = 0;
    update();
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("outputs", output_);
    visitor("driven", driven_);
    visitor("inputs", input_);
    visitor("GPIODIR", direction_);
    visitor("GPIOIS", level_);
    visitor("GPIOIBE", both_);
    visitor("GPIOIEV", rising_);
    visitor("GPIOIE", enabled_);
    visitor("edges", edges_);
    visitor("GPIOAFSEL", alternate_);
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }
  void connect_outputs(InterruptSink& sink) override { outputs_ = &sink; }
  // The lines from outside.
  InterruptSink* inputs() override { return this; }
  void set_input(unsigned input, bool level) override {
    if (input >= 8) return;
    const std::lock_guard lock(mutex_);
    const auto bit = static_cast<uint8_t>(1U << input);
    if (((input_ & bit) != 0) == level) return;
    input_ ^= bit;
    const bool counts = (both_ & bit) != 0 || ((rising_ & bit) != 0) == level;
    if ((level_ & bit) == 0 && (direction_ & bit) == 0 && counts) edges_ |= bit;
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    const std::lock_guard lock(mutex_);
    if (offset < kDataEnd) return lines() & (offset >> 2);
    switch (offset) {
      case kDir:
        return direction_;
      case kIs:
        return level_;
      case kIbe:
        return both_;
      case kIev:
        return rising_;
      case kIe:
        return enabled_;
      case kRis:
        return raw();
      case kMis:
        return raw() & enabled_;
      case kAfsel:
        return alternate_;
      default:
        break;
    }
    if (const auto id = primecell_id(kPeripheral, offset)) return *id;
    log_.bad_read(offset);
    return 0;
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value64) override {
    const std::lock_guard lock(mutex_);
    const auto value = static_cast<uint8_t>(value64);
    if (offset < kDataEnd) {
      const auto mask = static_cast<uint8_t>((offset >> 2) & direction_);
      output_ = static_cast<uint8_t>((output_ & ~mask) | (value & mask));
      drive();
      return;
    }
    switch (offset) {
      case kDir:
        direction_ = value;
        drive();
        break;
      case kIs:
        level_ = value;
        break;
      case kIbe:
        both_ = value;
        break;
      case kIev:
        rising_ = value;
        break;
      case kIe:
        enabled_ = value;
        break;
      case kIc:
        edges_ &= static_cast<uint8_t>(~value);
        break;
      case kAfsel:
        alternate_ = value;
        break;
      default:
        log_.bad_write(offset, value64);
        return;
    }
    update();
  }

 private:
  uint8_t lines() const { return static_cast<uint8_t>((output_ & direction_) | (input_ & ~direction_)); }
  uint8_t raw() const {
    const auto levels = static_cast<uint8_t>(~(lines() ^ rising_) & level_);
    return static_cast<uint8_t>(levels | (edges_ & ~level_));
  }
  // What is an output, and high.
  void drive() {
    const auto now = static_cast<uint8_t>(output_ & direction_);
    const auto changed = static_cast<uint8_t>(now ^ driven_);
    driven_ = now;
    for (unsigned line = 0; line < 8 && outputs_ != nullptr; ++line) {
      if ((changed >> line & 1) != 0) outputs_->set_input(line, (now >> line & 1) != 0);
    }
  }
  void update() { wire_.set((raw() & enabled_) != 0); }

  const Wire wire_;
  const DeviceLog log_;
  std::mutex mutex_;
  InterruptSink* outputs_ = nullptr;
  uint8_t driven_ = 0;  // as outputs_ knows it
  uint8_t input_ = 0;   // outlives a reset: somebody else holds the lines
  uint8_t output_ = 0, direction_ = 0, level_ = 0, both_ = 0, rising_ = 0, enabled_ = 0, edges_ = 0, alternate_ = 0;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Pl061>(setup); }

void describe(fdt::Tree& tree, const std::string& path, unsigned cpus) {
  describe_primecell(tree, path, cpus);
  tree.flag(path, "gpio-controller");
  tree.cells(path, "#gpio-cells", {2});
}

}  // namespace

const DeviceKind kPl061 = {
    .name = "pl061",
    .what = "eight general-purpose lines, Arm PrimeCell",
    .datasheet = "Arm DDI 0190B",
    .node = "pl061",
    .compatible = "arm,pl061 arm,primecell",
    .size = kPrimecellSize,
    .access = {1, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
};

}  // namespace menura::boards
