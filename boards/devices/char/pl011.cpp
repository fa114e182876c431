// Arm's PrimeCell UART.
// After: PrimeCell UART (PL011) Technical Reference Manual (DDI 0183G), r1p5.
// Not modelled: baud rates (characters leave and arrive at once: the receive timeout is over as soon as fewer
// characters wait than the trigger level), parity, framing and break errors, IrDA, DMA, modem lines other than in
// loopback.
#include <mutex>

#include "boards/devices/devices.h"
#include "boards/devices/primecell.h"

namespace menura::boards {
namespace {

enum : uint64_t {
  kDr = 0x00,
  kRsr = 0x04,
  kFr = 0x18,
  kIlpr = 0x20,
  kIbrd = 0x24,
  kFbrd = 0x28,
  kLcr = 0x2c,
  kCr = 0x30,
  kIfls = 0x34,
  kImsc = 0x38,
  kRis = 0x3c,
  kMis = 0x40,
  kIcr = 0x44,
  kDmacr = 0x48,
};

constexpr RegisterRow kRegisters[] = {
    {kDr, 4, Rights::Rw, "UARTDR", "11 OE, 10 BE, 9 PE, 8 FE, 7:0 DATA"},
    {kRsr, 4, Rights::Rw, "UARTRSR", "3 OE, 2 BE, 1 PE, 0 FE"},
    {kFr, 4, Rights::Ro, "UARTFR", "8 RI, 7 TXFE, 6 RXFF, 5 TXFF, 4 RXFE, 3 BUSY, 2 DCD, 1 DSR, 0 CTS"},
    {kIlpr, 4, Rights::Rw, "UARTILPR", ""},
    {kIbrd, 4, Rights::Rw, "UARTIBRD", ""},
    {kFbrd, 4, Rights::Rw, "UARTFBRD", ""},
    {kLcr, 4, Rights::Rw, "UARTLCR_H", "7 SPS, 6:5 WLEN, 4 FEN, 3 STP2, 2 EPS, 1 PEN, 0 BRK"},
    {kCr, 4, Rights::Rw, "UARTCR", "11 RTS, 10 DTR, 9 RXE, 8 TXE, 7 LBE, 0 UARTEN"},
    {kIfls, 4, Rights::Rw, "UARTIFLS", "5:3 RXIFLSEL, 2:0 TXIFLSEL"},
    {kImsc, 4, Rights::Rw, "UARTIMSC", "10 OE, 9 BE, 8 PE, 7 FE, 6 RT, 5 TX, 4 RX, 3 DSR, 2 DCD, 1 CTS, 0 RI"},
    {kRis, 4, Rights::Ro, "UARTRIS", "as UARTIMSC"},
    {kMis, 4, Rights::Ro, "UARTMIS", "as UARTIMSC"},
    {kIcr, 4, Rights::Wo, "UARTICR", "as UARTIMSC"},
    {kDmacr, 4, Rights::Rw, "UARTDMACR", ""},
    {kPrimecellId, 4, Rights::Ro, "UARTPeriphID", "", 8, 4},
};

constexpr uint32_t kPeripheral = 0x00341011;                                                        // r1p5
constexpr uint32_t kReceiverEmpty = 1U << 4, kReceiverFull = 1U << 6, kTransmitterEmpty = 1U << 7;  // UARTFR
constexpr uint32_t kFifoEnable = 1U << 4;                                                           // UARTLCR_H
constexpr uint32_t kLoopback = 1U << 7;                                                             // UARTCR
constexpr uint32_t kRx = 1U << 4, kTx = 1U << 5, kRt = 1U << 6, kOverrun = 1U << 10;                // UARTIMSC
constexpr uint32_t kInterrupts = 0x7ff;
constexpr std::size_t kFifoSize = 16;
constexpr std::size_t kTriggers[] = {2, 4, 8, 12, 14, 14, 14, 14};  // 1/8 to 7/8 of the FIFO

class Pl011 final : public Device {
 public:
  explicit Pl011(const DeviceSetup& setup) : wire_(setup.interrupt()), stream_(setup.stream), log_(setup.log, kPl011) {
    Pl011::reset();
    if (stream_ != nullptr) stream_->set_receiver([this](std::span<const uint8_t> bytes) { return receive(bytes); });
  }
  ~Pl011() override {
    if (stream_ != nullptr) stream_->set_receiver({});
  }

  void reset() override {
    {
      const std::lock_guard lock(mutex_);
      ilpr_ = ibrd_ = fbrd_ = lcr_ = imsc_ = raw_ = dmacr_ = 0;
      cr_ = 0x300;
      ifls_ = 0x12;
      overrun_ = false;
      received_.clear();
      update();
    }
    if (stream_ != nullptr) stream_->ready();
  }

  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("UARTILPR", ilpr_);
    visitor("UARTIBRD", ibrd_);
    visitor("UARTFBRD", fbrd_);
    visitor("UARTLCR_H", lcr_);
    visitor("UARTCR", cr_);
    visitor("UARTIFLS", ifls_);
    visitor("UARTIMSC", imsc_);
    visitor("UARTRIS", raw_);
    visitor("UARTDMACR", dmacr_);
    visitor("overrun", overrun_);
    visitor("receive FIFO", received_);
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    std::unique_lock lock(mutex_);
    switch (offset) {
      case kDr: {
        uint64_t value = 0;
        if (!received_.empty()) {
          value = received_.front();
          received_.erase(received_.begin());
          if (received_.size() < trigger()) raw_ &= ~kRx;
          if (received_.empty()) raw_ &= ~kRt;
          update();
          lock.unlock();
          if (stream_ != nullptr) stream_->ready();
        }
        return value;
      }
      case kRsr:
        return overrun_ ? 8 : 0;
      case kFr:
        return kTransmitterEmpty | (received_.empty() ? kReceiverEmpty : 0) | (room() == 0 ? kReceiverFull : 0);
      case kIlpr:
        return ilpr_;
      case kIbrd:
        return ibrd_;
      case kFbrd:
        return fbrd_;
      case kLcr:
        return lcr_;
      case kCr:
        return cr_;
      case kIfls:
        return ifls_;
      case kImsc:
        return imsc_;
      case kRis:
        return raw_;
      case kMis:
        return raw_ & imsc_;
      case kDmacr:
        return dmacr_;
      default:
        break;
    }
    if (const auto id = primecell_id(kPeripheral, offset)) return *id;
    log_.bad_read(offset);
    return 0;
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value64) override {
    const auto value = static_cast<uint32_t>(value64);
    std::unique_lock lock(mutex_);
    switch (offset) {
      case kDr:
        return transmit(lock, static_cast<uint8_t>(value));
      case kRsr:
        overrun_ = false;
        return;
      case kIlpr:
        ilpr_ = value & 0xff;
        return;
      case kIbrd:
        ibrd_ = value & 0xffff;
        return;
      case kFbrd:
        fbrd_ = value & 0x3f;
        return;
      case kLcr:
        // Changing FEN empties the FIFOs (3.3.7).
        if (((value ^ lcr_) & kFifoEnable) != 0) {
          received_.clear();
          raw_ &= ~(kRx | kRt);
        }
        lcr_ = value & 0xff;
        break;
      case kCr:
        cr_ = value & 0xff87;
        return;
      case kIfls:
        ifls_ = value & 0x3f;
        break;
      case kImsc:
        imsc_ = value & kInterrupts;
        break;
      case kIcr:
        raw_ &= ~value;
        break;
      case kDmacr:
        dmacr_ = value & 7;
        return;
      default:
        log_.bad_write(offset, value64);
        return;
    }
    update();
  }

 private:
  std::size_t room() const {
    const std::size_t size = (lcr_ & kFifoEnable) != 0 ? kFifoSize : 1;
    return received_.size() < size ? size - received_.size() : 0;
  }
  std::size_t trigger() const { return (lcr_ & kFifoEnable) != 0 ? kTriggers[ifls_ >> 3 & 7] : 1; }

  void arrived() {
    raw_ |= received_.size() >= trigger() ? kRx : kRt;
    update();
  }

  std::size_t receive(std::span<const uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    if ((cr_ & kLoopback) != 0) return 0;  // the line is cut off; what comes waits outside
    const std::size_t taken = std::min(room(), bytes.size());
    if (taken == 0) return 0;
    received_.insert(received_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    arrived();
    return taken;
  }

  void transmit(std::unique_lock<std::mutex>& lock, uint8_t value) {
    raw_ |= kTx;  // it is gone already, and the FIFO has passed its trigger level
    if ((cr_ & kLoopback) != 0) {
      if (room() != 0) {
        received_.push_back(value);
        arrived();
      } else {
        overrun_ = true;
        raw_ |= kOverrun;
      }
      return update();
    }
    update();
    lock.unlock();
    if (stream_ != nullptr) stream_->write({&value, 1});
  }

  void update() { wire_.set((raw_ & imsc_) != 0); }

  const Wire wire_;
  host::CharStream* const stream_;
  const DeviceLog log_;

  std::mutex mutex_;
  uint32_t ilpr_ = 0, ibrd_ = 0, fbrd_ = 0, lcr_ = 0, cr_ = 0, ifls_ = 0, imsc_ = 0, dmacr_ = 0;
  uint32_t raw_ = 0;  // UARTRIS
  bool overrun_ = false;
  std::vector<uint8_t> received_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Pl011>(setup); }

void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  const uint32_t clock = primecell_clock(tree);
  tree.cells(path, "clocks", {clock, clock});
  tree.texts(path, "clock-names", {"uartclk", "apb_pclk"});
}

}  // namespace

const DeviceKind kPl011 = {
    .name = "pl011",
    .what = "serial port, Arm PrimeCell",
    .datasheet = "Arm DDI 0183G",
    .node = "pl011",
    .compatible = "arm,pl011 arm,primecell",
    .size = kPrimecellSize,
    .access = {1, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
    .takes_stream = true,
};

}  // namespace menura::boards
